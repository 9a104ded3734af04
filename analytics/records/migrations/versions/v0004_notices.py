"""Keep who was told of what: call-outs, messages, each attempt at them and each receipt."""

import sqlalchemy as sa
from alembic import op

from analytics.records.migrations.refusals import finished, for_good, never_deleted, row_id, words

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ROW_ID = row_id()

# What may still change in a row; everything else in it is for good.
MUTABLE = {
    "callout": ("step", "first_told_ns", "ended_ns", "ended_by"),
    "notice": ("state", "settled_ns"),
    "receipt": ("delivered_ns", "seen_ns"),
    "attempt": (),
}
# What is over may not change any more, and when it is over.
FINISHED = {"callout": "ended_ns", "notice": "settled_ns"}


def upgrade() -> None:
    """Make the tables and their triggers."""
    _make_callout()
    _make_notice()
    _make_receipt()
    _make_attempt()
    _make_triggers()


def _make_callout() -> None:
    op.create_table(
        "callout",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("alarm", ROW_ID, nullable=False),
        sa.Column("began_ns", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("first_told_ns", sa.BigInteger()),
        sa.Column("ended_ns", sa.BigInteger()),
        sa.Column("ended_by", sa.Text()),
        sa.ForeignKeyConstraint(["alarm"], ["alarm.id"], name="fk_callout_alarm"),
        sa.PrimaryKeyConstraint("id", name="pk_callout"),
    )
    op.create_index("ix_callout_began_ns", "callout", ["began_ns"])
    op.create_index(
        "uq_callout_open_alarm",
        "callout",
        ["alarm"],
        unique=True,
        sqlite_where=sa.text("ended_ns IS NULL"),
        postgresql_where=sa.text("ended_ns IS NULL"),
    )


def _make_notice() -> None:
    op.create_table(
        "notice",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("key", words(200), nullable=False),
        sa.Column("kind", words(20), nullable=False),
        sa.Column("channel", words(48), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("callouts", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("made_ns", sa.BigInteger(), nullable=False),
        sa.Column("late_ns", sa.BigInteger(), nullable=False),
        sa.Column("state", words(20), nullable=False),
        sa.Column("settled_ns", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_notice"),
        sa.UniqueConstraint("key", name="uq_notice_key"),
    )
    op.create_index("ix_notice_state", "notice", ["state"])
    op.create_index("ix_notice_made_ns", "notice", ["made_ns"])


def _make_receipt() -> None:
    op.create_table(
        "receipt",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("notice", ROW_ID, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("delivered_ns", sa.BigInteger()),
        sa.Column("seen_ns", sa.BigInteger()),
        sa.ForeignKeyConstraint(["notice"], ["notice.id"], name="fk_receipt_notice"),
        sa.PrimaryKeyConstraint("id", name="pk_receipt"),
    )
    op.create_index("ix_receipt_notice", "receipt", ["notice"])
    op.create_index("ix_receipt_person", "receipt", ["person"])


def _make_attempt() -> None:
    op.create_table(
        "attempt",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("notice", ROW_ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at_ns", sa.BigInteger(), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.Column("outcome", words(20), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["notice"], ["notice.id"], name="fk_attempt_notice"),
        sa.PrimaryKeyConstraint("id", name="pk_attempt"),
    )
    op.create_index("ix_attempt_notice", "attempt", ["notice"])


def _make_triggers() -> None:
    inspector = sa.inspect(op.get_bind())
    for table, mutable in MUTABLE.items():
        names = [column["name"] for column in inspector.get_columns(table)]
        never_deleted(table)
        for_good(table, [name for name in names if name not in mutable])
    for table, ended in FINISHED.items():
        finished(table, ended)
