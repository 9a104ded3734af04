"""Keep the sets of rules: proposed, approved by another person, in force from when to when."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

FIXED = ("id", "version", "base", "site_file", "text", "why", "proposed_by", "proposed_ns")


def upgrade() -> None:
    """Make the table; what was proposed stays as it was, and what is over stays over."""
    op.create_table(
        "rule_set",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("base", sa.String(64), nullable=False),
        sa.Column("site_file", sa.String(64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_ns", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
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
    columns = ", ".join(f'"{name}"' for name in FIXED)
    for trigger, event, words in (
        ("stays", "DELETE ON rule_set", "is never deleted"),
        ("fixed", f"UPDATE OF {columns} ON rule_set", "is for good"),
        ("finished", "UPDATE ON rule_set WHEN OLD.ended_ns IS NOT NULL", "is finished"),
    ):
        op.execute(
            f"CREATE TRIGGER rule_set_{trigger} BEFORE {event}"
            f" BEGIN SELECT RAISE(ABORT, 'rule_set: {words}'); END"
        )
