"""Make the first tables, and the triggers that keep what is signed from changing."""

import sqlalchemy as sa
from alembic import op

from analytics.records.migrations.refusals import (
    finished,
    for_good,
    in_time,
    never_deleted,
    row_id,
    words,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ROW_ID = row_id()

# What may still change in a row; everything else in it is for good.
MUTABLE = {
    "journal": (),
    "alarm": (
        "state",
        "acknowledged_ns",
        "acknowledged_by",
        "acknowledged_comment",
        "returned_ns",
        "closed_ns",
        "consultation",
        "task",
    ),
    "consultation": ("closed_ns", "closed_by"),
    "opinion": (),
    "decision": (),
    "rope_test": ("alarm",),
    "rope_trace": (),
    "task": ("state", "test", "result", "note", "name", "done_ns"),
}
# What is over may not change any more, and when it is over.
FINISHED: dict[str, tuple[tuple[str, ...], str]] = {
    "alarm": (("state", "closed_ns", "acknowledged_ns", "returned_ns"), "closed_ns"),
    "consultation": ((), "closed_ns"),
    "rope_test": (("alarm",), "alarm"),
    "task": ((), "done_ns"),
}


def upgrade() -> None:
    """Make the tables and their triggers."""
    _make_journal()
    _make_alarm()
    _make_consultation()
    _make_rope_test()
    _make_task()
    _make_triggers()


def _row_id() -> sa.Column[int]:
    return sa.Column("id", ROW_ID, nullable=False)


def _make_journal() -> None:
    op.create_table(
        "journal",
        sa.Column("seq", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("at_ns", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("what", words(40), nullable=False),
        sa.Column("subject", words(80), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("previous", words(64), nullable=False),
        sa.Column("sha256", words(64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_journal"),
    )
    op.create_index("ix_journal_subject", "journal", ["subject"])
    op.create_table(
        "kept_state",
        sa.Column("name", words(120), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_kept_state"),
    )


def _make_alarm() -> None:
    op.create_table(
        "alarm",
        _row_id(),
        sa.Column("source", words(200), nullable=False),
        sa.Column("rule", words(120), nullable=False),
        sa.Column("level", words(20), nullable=False),
        sa.Column("kind", words(20), nullable=False),
        sa.Column("tag", words(120)),
        sa.Column("ropeway", words(48)),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("state", words(20), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Float()),
        sa.Column("limit", sa.Float()),
        sa.Column("unit", words(20), nullable=False),
        sa.Column("guidance", sa.Text(), nullable=False),
        sa.Column("raised_ns", sa.BigInteger(), nullable=False),
        sa.Column("acknowledged_ns", sa.BigInteger()),
        sa.Column("acknowledged_by", sa.Text()),
        sa.Column("acknowledged_comment", sa.Text(), nullable=False),
        sa.Column("returned_ns", sa.BigInteger()),
        sa.Column("closed_ns", sa.BigInteger()),
        sa.Column("consultation", ROW_ID),
        sa.Column("task", ROW_ID),
        sa.PrimaryKeyConstraint("id", name="pk_alarm"),
    )
    op.create_index("ix_alarm_raised_ns", "alarm", ["raised_ns"])
    op.create_index(
        "uq_alarm_open_source",
        "alarm",
        ["source"],
        unique=True,
        sqlite_where=sa.text("state <> 'normal'"),
        postgresql_where=sa.text("state <> 'normal'"),
    )


def _make_consultation() -> None:
    op.create_table(
        "consultation",
        _row_id(),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("opened_ns", sa.BigInteger(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("alarm", ROW_ID),
        sa.Column("ropeways", sa.Text(), nullable=False),
        sa.Column("brief", sa.Text(), nullable=False),
        sa.Column("sha256", words(64), nullable=False),
        sa.Column("closed_ns", sa.BigInteger()),
        sa.Column("closed_by", sa.Text()),
        sa.ForeignKeyConstraint(["alarm"], ["alarm.id"], name="fk_consultation_alarm"),
        sa.PrimaryKeyConstraint("id", name="pk_consultation"),
        sa.UniqueConstraint("year", "ordinal", name="uq_consultation_year_ordinal"),
    )
    _make_said(
        "opinion",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("at_ns", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("dissent", sa.Boolean(), nullable=False),
    )
    _make_said(
        "decision",
        sa.Column("ropeway", words(48), nullable=False),
        sa.Column("decision", words(40), nullable=False),
        sa.Column("speed_mps", sa.Float()),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at_ns", sa.BigInteger(), nullable=False),
    )


def _make_said(table: str, *columns: sa.Column[object]) -> None:
    op.create_table(
        table,
        _row_id(),
        sa.Column("consultation", ROW_ID, nullable=False),
        *columns,
        sa.ForeignKeyConstraint(
            ["consultation"], ["consultation.id"], name=f"fk_{table}_consultation"
        ),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    )
    op.create_index(f"ix_{table}_consultation", table, ["consultation"])


def _make_rope_test() -> None:
    op.create_table(
        "rope_test",
        _row_id(),
        sa.Column("rope", words(48), nullable=False),
        sa.Column("test_point", words(48), nullable=False),
        sa.Column("pass_number", ROW_ID, nullable=False),
        sa.Column("started_ns", sa.BigInteger(), nullable=False),
        sa.Column("ended_ns", sa.BigInteger(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("covered_share", sa.Float(), nullable=False),
        sa.Column("speed_mps", sa.Float()),
        sa.Column("windows", sa.Text(), nullable=False),
        sa.Column("lf_max", sa.Float()),
        sa.Column("lf_position_m", sa.Float()),
        sa.Column("verdict", words(20), nullable=False),
        sa.Column("alarm", ROW_ID),
        sa.ForeignKeyConstraint(["alarm"], ["alarm.id"], name="fk_rope_test_alarm"),
        sa.PrimaryKeyConstraint("id", name="pk_rope_test"),
        sa.UniqueConstraint(
            "rope",
            "test_point",
            "started_ns",
            name="uq_rope_test_rope_test_point_started_ns",
        ),
    )
    op.create_index("ix_rope_test_ended_ns", "rope_test", ["ended_ns"])
    op.create_table(
        "rope_trace",
        sa.Column("rope_test", ROW_ID, nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["rope_test"], ["rope_test.id"], name="fk_rope_trace_rope_test"),
        sa.PrimaryKeyConstraint("rope_test", name="pk_rope_trace"),
    )


def _make_task() -> None:
    op.create_table(
        "task",
        _row_id(),
        sa.Column("plan", words(120), nullable=False),
        sa.Column("kind", words(40), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("ropeway", words(48), nullable=False),
        sa.Column("rope", words(48)),
        sa.Column("test_point", words(48)),
        sa.Column("due_ns", sa.BigInteger(), nullable=False),
        sa.Column("opened_ns", sa.BigInteger(), nullable=False),
        sa.Column("state", words(20), nullable=False),
        sa.Column("alarm", ROW_ID),
        sa.Column("test", ROW_ID),
        sa.Column("result", words(20)),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("done_ns", sa.BigInteger()),
        sa.ForeignKeyConstraint(["alarm"], ["alarm.id"], name="fk_task_alarm"),
        sa.ForeignKeyConstraint(["test"], ["rope_test.id"], name="fk_task_test"),
        sa.PrimaryKeyConstraint("id", name="pk_task"),
        sa.UniqueConstraint("plan", "due_ns", name="uq_task_plan_due_ns"),
    )
    op.create_index("ix_task_state", "task", ["state"])


def _make_triggers() -> None:
    inspector = sa.inspect(op.get_bind())
    for table, mutable in MUTABLE.items():
        names = [column["name"] for column in inspector.get_columns(table)]
        never_deleted(table)
        for_good(table, [name for name in names if name not in mutable])
    for table, (columns, ended) in FINISHED.items():
        finished(table, ended, columns)
    for table in ("opinion", "decision"):
        in_time(table, "consultation", "closed_ns")
