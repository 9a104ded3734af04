"""Give alarms the states in which they are hidden or latched, and the rules they came from."""

import sqlalchemy as sa
from alembic import op

from analytics.records.migrations.refusals import (
    finished,
    for_good,
    never_deleted,
    no_longer,
    row_id,
    words,
)

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# What is settled when the alarm is raised; the rest of the new columns may change.
FIXED = ("alarm_class", "latching", "must_be_acknowledged", "rule_set", "source_ns")
OLD_FIXED = (
    "id",
    "source",
    "rule",
    "level",
    "kind",
    "tag",
    "ropeway",
    "priority",
    "name",
    "value",
    "limit",
    "unit",
    "guidance",
    "raised_ns",
)


def upgrade() -> None:
    """Add the columns; what is open counts as announced, of the class that hides nothing."""
    for column in _columns():
        op.add_column("alarm", column)
    no_longer("alarm", "fixed", "finished")
    op.execute("UPDATE alarm SET active = (state IN ('unacknowledged', 'acknowledged'))")
    for_good("alarm", (*OLD_FIXED, *FIXED))
    settled = ("state", "closed_ns", "acknowledged_ns", "returned_ns", "active", "aside_ns")
    finished("alarm", "closed_ns", settled)
    _make_activation()


def _make_activation() -> None:
    """Each time that a condition began and ended; of the past only the last is known."""
    op.create_table(
        "activation",
        sa.Column("id", row_id(), nullable=False),
        sa.Column("alarm", row_id(), nullable=False),
        sa.Column("raised_ns", sa.BigInteger(), nullable=False),
        sa.Column("returned_ns", sa.BigInteger()),
        sa.Column("announced", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["alarm"], ["alarm.id"], name="fk_activation_alarm"),
        sa.PrimaryKeyConstraint("id", name="pk_activation"),
    )
    op.create_index("ix_activation_raised_ns", "activation", ["raised_ns"])
    op.create_index("ix_activation_alarm", "activation", ["alarm"])
    op.execute(
        "INSERT INTO activation (alarm, raised_ns, returned_ns, announced)"
        " SELECT id, raised_ns, returned_ns, announced FROM alarm"
    )
    never_deleted("activation")
    for_good("activation", ("id", "alarm", "raised_ns", "announced"))
    finished("activation", "returned_ns")


def _columns() -> list[sa.Column[object]]:
    no, yes, empty = sa.false(), sa.true(), sa.text("''")
    return [
        sa.Column("alarm_class", words(48), nullable=False, server_default="safety"),
        sa.Column("latching", sa.Boolean(), nullable=False, server_default=no),
        sa.Column("must_be_acknowledged", sa.Boolean(), nullable=False, server_default=yes),
        sa.Column("rule_set", words(64), nullable=False, server_default=empty),
        sa.Column("active", sa.Boolean(), nullable=False, server_default=yes),
        sa.Column("announced", sa.Boolean(), nullable=False, server_default=yes),
        sa.Column("confirmed_ns", sa.BigInteger()),
        sa.Column("confirmed_by", sa.Text()),
        sa.Column("confirmed_comment", sa.Text(), nullable=False, server_default=empty),
        sa.Column("aside_by", sa.Text()),
        sa.Column("aside_second", sa.Text()),
        sa.Column("aside_reason", sa.Text(), nullable=False, server_default=empty),
        sa.Column("aside_ns", sa.BigInteger()),
        sa.Column("aside_until_ns", sa.BigInteger()),
        sa.Column("source_ns", sa.BigInteger()),
        sa.Column("cause", row_id()),
    ]
