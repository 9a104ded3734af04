"""Keep people, their log-ins, and the keys of machines and wall screens."""

import sqlalchemy as sa
from alembic import op

from analytics.records.migrations.refusals import finished, for_good, never_deleted, row_id, words

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ROW_ID = row_id()


def upgrade() -> None:
    """Make the three tables; who somebody was can never be changed afterwards."""
    _make_person()
    _make_session()
    _make_access_key()
    fixed = {
        "person": ("id", "login", "made_ns", "made_by"),
        "session": ("id", "sha256", "person", "address", "begun_ns", "ends_ns"),
        "access_key": ("id", "kind", "name", "sha256", "grants", "made_ns", "made_by"),
    }
    for table, names in fixed.items():
        never_deleted(table)
        for_good(table, names)
    for table in ("session", "access_key"):
        finished(table, "ended_ns")


def _make_person() -> None:
    op.create_table(
        "person",
        _row_id(),
        sa.Column("login", words(48), nullable=False),
        sa.Column("name", words(60), nullable=False),
        sa.Column("grants", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("one_time", sa.Boolean(), nullable=False),
        sa.Column("password", sa.Text(), nullable=False),
        sa.Column("made_ns", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.UniqueConstraint("login", name="uq_person_login"),
        sa.UniqueConstraint("name", name="uq_person_name"),
    )


def _make_session() -> None:
    op.create_table(
        "session",
        _row_id(),
        sa.Column("sha256", words(64), nullable=False),
        sa.Column("person", ROW_ID, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("begun_ns", sa.BigInteger(), nullable=False),
        sa.Column("ends_ns", sa.BigInteger(), nullable=False),
        sa.Column("ended_ns", sa.BigInteger()),
        sa.Column("ended_why", words(20)),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_session_person"),
        sa.PrimaryKeyConstraint("id", name="pk_session"),
        sa.UniqueConstraint("sha256", name="uq_session_sha256"),
    )
    op.create_index("ix_session_ended_ns", "session", ["ended_ns"])


def _make_access_key() -> None:
    op.create_table(
        "access_key",
        _row_id(),
        sa.Column("kind", words(20), nullable=False),
        sa.Column("name", words(60), nullable=False),
        sa.Column("sha256", words(64), nullable=False),
        sa.Column("grants", sa.Text(), nullable=False),
        sa.Column("made_ns", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("expires_ns", sa.BigInteger(), nullable=False),
        sa.Column("ended_ns", sa.BigInteger()),
        sa.Column("ended_by", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_access_key"),
        sa.UniqueConstraint("sha256", name="uq_access_key_sha256"),
    )


def _row_id() -> sa.Column[int]:
    return sa.Column("id", ROW_ID, nullable=False)
