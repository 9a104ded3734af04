"""Keep people, their log-ins, and the keys of machines and wall screens."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the three tables; who somebody was can never be changed afterwards."""
    _make_person()
    _make_session()
    _make_access_key()
    _refuse("person_stays", "DELETE ON person", "person: is never deleted")
    _refuse("person_fixed", 'UPDATE OF "id", "login", "made_ns", "made_by" ON person', "person")
    fixed = {
        "session": ("id", "sha256", "person", "address", "begun_ns", "ends_ns"),
        "access_key": ("id", "kind", "name", "sha256", "grants", "made_ns", "made_by"),
    }
    for table, names in fixed.items():
        columns = ", ".join(f'"{name}"' for name in names)
        _refuse(f"{table}_stays", f"DELETE ON {table}", f"{table}: is never deleted")
        _refuse(f"{table}_fixed", f"UPDATE OF {columns} ON {table}", f"{table}: is for good")
        ended = f"UPDATE ON {table} WHEN OLD.ended_ns IS NOT NULL"
        _refuse(f"{table}_finished", ended, f"{table}: is finished")


def _make_person() -> None:
    op.create_table(
        "person",
        _row_id(),
        sa.Column("login", sa.String(48), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
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
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("person", ROW_ID, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("begun_ns", sa.BigInteger(), nullable=False),
        sa.Column("ends_ns", sa.BigInteger(), nullable=False),
        sa.Column("ended_ns", sa.BigInteger()),
        sa.Column("ended_why", sa.String(20)),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_session_person"),
        sa.PrimaryKeyConstraint("id", name="pk_session"),
        sa.UniqueConstraint("sha256", name="uq_session_sha256"),
    )
    op.create_index("ix_session_ended_ns", "session", ["ended_ns"])


def _make_access_key() -> None:
    op.create_table(
        "access_key",
        _row_id(),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
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


def _refuse(trigger: str, event: str, words: str) -> None:
    op.execute(f"CREATE TRIGGER {trigger} BEFORE {event} BEGIN SELECT RAISE(ABORT, '{words}'); END")
