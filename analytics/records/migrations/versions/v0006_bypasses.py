"""Keep the bypass register: what was put out of action, who let it be so, and who ended it."""

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

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

FIXED = (
    "id",
    "ropeway",
    "safety_device",
    "tag",
    "reason",
    "measures",
    "from_ns",
    "entered_by",
    "entered_ns",
)
APPROVAL = ("id", "bypass", "asked_by", "approved_by", "at_ns", "until_ns")


def upgrade() -> None:
    """Make the tables; what was entered and approved stays, and nothing follows the end."""
    op.create_table(
        "bypass",
        sa.Column("id", row_id(), nullable=False),
        sa.Column("ropeway", words(48), nullable=False),
        sa.Column("safety_device", sa.Text(), nullable=False),
        sa.Column("tag", words(120)),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("measures", sa.Text(), nullable=False),
        sa.Column("from_ns", sa.BigInteger(), nullable=False),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("entered_ns", sa.BigInteger(), nullable=False),
        sa.Column("ended_ns", sa.BigInteger()),
        sa.Column("ended_by", sa.Text()),
        sa.Column("ended_note", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_bypass"),
    )
    op.create_index("ix_bypass_ended_ns", "bypass", ["ended_ns"])
    op.create_table(
        "bypass_approval",
        sa.Column("id", row_id(), nullable=False),
        sa.Column("bypass", row_id(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("at_ns", sa.BigInteger(), nullable=False),
        sa.Column("until_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_bypass_approval"),
        sa.ForeignKeyConstraint(["bypass"], ["bypass.id"], name="fk_bypass_approval_bypass"),
    )
    op.create_index("ix_bypass_approval_bypass", "bypass_approval", ["bypass"])
    never_deleted("bypass")
    for_good("bypass", FIXED)
    finished("bypass", "ended_ns")
    never_deleted("bypass_approval")
    for_good("bypass_approval", APPROVAL)
    in_time("bypass_approval", "bypass", "ended_ns")
