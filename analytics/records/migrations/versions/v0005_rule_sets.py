"""Keep the sets of rules: proposed, approved by another person, in force from when to when."""

import sqlalchemy as sa
from alembic import op

from analytics.records.migrations.refusals import finished, for_good, never_deleted, row_id, words

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

FIXED = ("id", "version", "base", "site_file", "text", "why", "proposed_by", "proposed_ns")


def upgrade() -> None:
    """Make the table; what was proposed stays as it was, and what is over stays over."""
    op.create_table(
        "rule_set",
        sa.Column("id", row_id(), nullable=False),
        sa.Column("version", words(64), nullable=False),
        sa.Column("base", words(64), nullable=False),
        sa.Column("site_file", words(64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_ns", sa.BigInteger(), nullable=False),
        sa.Column("state", words(20), nullable=False),
        sa.Column("approved_by", sa.Text()),
        sa.Column("approved_ns", sa.BigInteger()),
        sa.Column("effective_ns", sa.BigInteger()),
        sa.Column("begun_ns", sa.BigInteger()),
        sa.Column("ended_ns", sa.BigInteger()),
        sa.Column("ended_by", sa.Text()),
        sa.Column("replayed", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_rule_set"),
    )
    op.create_index("ix_rule_set_state", "rule_set", ["state"])
    never_deleted("rule_set")
    for_good("rule_set", FIXED)
    finished("rule_set", "ended_ns")
