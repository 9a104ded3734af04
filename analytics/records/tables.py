"""The tables of the records database, as the queries see them."""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from analytics.records.columns import CanonicalJson, Nanoseconds, RowId, short_text

# Every constraint has a name, or batch migrations could not find it again.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

journal = Table(
    "journal",
    metadata,
    Column("seq", RowId, primary_key=True, autoincrement=False),
    Column("at_ns", Nanoseconds, nullable=False),
    Column("who", Text, nullable=False),
    Column("what", short_text(40), nullable=False),
    Column("subject", short_text(80), nullable=False),
    Column("body", Text, nullable=False),
    Column("previous", short_text(64), nullable=False),
    Column("sha256", short_text(64), nullable=False),
    Index("ix_journal_subject", "subject"),
)

# `consultation` and `task` name rows that name their alarm in turn; only that
# direction is a foreign key, because a circle could be neither made nor moved.
alarm = Table(
    "alarm",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("source", short_text(200), nullable=False),
    Column("rule", short_text(120), nullable=False),
    Column("level", short_text(20), nullable=False),
    Column("kind", short_text(20), nullable=False),
    Column("tag", short_text(120)),
    Column("ropeway", short_text(48)),
    Column("priority", Integer, nullable=False),
    Column("state", short_text(20), nullable=False),
    Column("name", CanonicalJson, nullable=False),
    Column("value", Float),
    Column("limit", Float),
    Column("unit", short_text(20), nullable=False),
    Column("guidance", CanonicalJson, nullable=False),
    Column("raised_ns", Nanoseconds, nullable=False),
    Column("acknowledged_ns", Nanoseconds),
    Column("acknowledged_by", Text),
    Column("acknowledged_comment", Text, nullable=False),
    Column("returned_ns", Nanoseconds),
    Column("closed_ns", Nanoseconds),
    Column("consultation", RowId),
    Column("task", RowId),
    Column("alarm_class", short_text(48), nullable=False),
    Column("latching", Boolean(create_constraint=False), nullable=False),
    Column("must_be_acknowledged", Boolean(create_constraint=False), nullable=False),
    Column("rule_set", short_text(64), nullable=False),
    Column("active", Boolean(create_constraint=False), nullable=False),
    Column("announced", Boolean(create_constraint=False), nullable=False),
    Column("confirmed_ns", Nanoseconds),
    Column("confirmed_by", Text),
    Column("confirmed_comment", Text, nullable=False),
    Column("aside_by", Text),
    Column("aside_second", Text),
    Column("aside_reason", Text, nullable=False),
    Column("aside_ns", Nanoseconds),
    Column("aside_until_ns", Nanoseconds),
    Column("source_ns", Nanoseconds),
    Column("cause", RowId),
    Index(
        "uq_alarm_open_source",
        "source",
        unique=True,
        sqlite_where=text("state <> 'normal'"),
        postgresql_where=text("state <> 'normal'"),
    ),
    Index("ix_alarm_raised_ns", "raised_ns"),
)

activation = Table(
    "activation",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("alarm", RowId, ForeignKey("alarm.id"), nullable=False),
    Column("raised_ns", Nanoseconds, nullable=False),
    Column("returned_ns", Nanoseconds),
    Column("announced", Boolean(create_constraint=False), nullable=False),
    Index("ix_activation_raised_ns", "raised_ns"),
    Index("ix_activation_alarm", "alarm"),
)

consultation = Table(
    "consultation",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("year", Integer, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("opened_ns", Nanoseconds, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("trigger", CanonicalJson, nullable=False),
    Column("alarm", RowId, ForeignKey("alarm.id")),
    Column("ropeways", CanonicalJson, nullable=False),
    Column("brief", Text, nullable=False),
    Column("sha256", short_text(64), nullable=False),
    Column("closed_ns", Nanoseconds),
    Column("closed_by", Text),
    UniqueConstraint("year", "ordinal"),
)

opinion = Table(
    "opinion",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("consultation", RowId, ForeignKey("consultation.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("at_ns", Nanoseconds, nullable=False),
    Column("text", Text, nullable=False),
    Column("dissent", Boolean(create_constraint=False), nullable=False),
    Index("ix_opinion_consultation", "consultation"),
)

decision = Table(
    "decision",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("consultation", RowId, ForeignKey("consultation.id"), nullable=False),
    Column("ropeway", short_text(48), nullable=False),
    Column("decision", short_text(40), nullable=False),
    Column("speed_mps", Float),
    Column("note", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("at_ns", Nanoseconds, nullable=False),
    Index("ix_decision_consultation", "consultation"),
)

rope_test = Table(
    "rope_test",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("rope", short_text(48), nullable=False),
    Column("test_point", short_text(48), nullable=False),
    Column("pass_number", RowId, nullable=False),
    Column("started_ns", Nanoseconds, nullable=False),
    Column("ended_ns", Nanoseconds, nullable=False),
    Column("complete", Boolean(create_constraint=False), nullable=False),
    Column("covered_share", Float, nullable=False),
    Column("speed_mps", Float),
    Column("windows", CanonicalJson, nullable=False),
    Column("lf_max", Float),
    Column("lf_position_m", Float),
    Column("verdict", short_text(20), nullable=False),
    Column("alarm", RowId, ForeignKey("alarm.id")),
    UniqueConstraint("rope", "test_point", "started_ns"),
    Index("ix_rope_test_ended_ns", "ended_ns"),
)

rope_trace = Table(
    "rope_trace",
    metadata,
    Column("rope_test", RowId, ForeignKey("rope_test.id"), primary_key=True),
    Column("samples", Integer, nullable=False),
    Column("packed", LargeBinary, nullable=False),
)

task = Table(
    "task",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("plan", short_text(120), nullable=False),
    Column("kind", short_text(40), nullable=False),
    Column("title", CanonicalJson, nullable=False),
    Column("ropeway", short_text(48), nullable=False),
    Column("rope", short_text(48)),
    Column("test_point", short_text(48)),
    Column("due_ns", Nanoseconds, nullable=False),
    Column("opened_ns", Nanoseconds, nullable=False),
    Column("state", short_text(20), nullable=False),
    Column("alarm", RowId, ForeignKey("alarm.id")),
    Column("test", RowId, ForeignKey("rope_test.id")),
    Column("result", short_text(20)),
    Column("note", Text, nullable=False),
    Column("name", Text),
    Column("done_ns", Nanoseconds),
    UniqueConstraint("plan", "due_ns"),
    Index("ix_task_state", "state"),
)

callout = Table(
    "callout",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("alarm", RowId, ForeignKey("alarm.id"), nullable=False),
    Column("began_ns", Nanoseconds, nullable=False),
    Column("step", Integer, nullable=False),
    Column("first_told_ns", Nanoseconds),
    Column("ended_ns", Nanoseconds),
    Column("ended_by", Text),
    Index("ix_callout_began_ns", "began_ns"),
    Index(
        "uq_callout_open_alarm",
        "alarm",
        unique=True,
        sqlite_where=text("ended_ns IS NULL"),
        postgresql_where=text("ended_ns IS NULL"),
    ),
)

notice = Table(
    "notice",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("key", short_text(200), nullable=False),
    Column("kind", short_text(20), nullable=False),
    Column("channel", short_text(48), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("callouts", CanonicalJson, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("made_ns", Nanoseconds, nullable=False),
    Column("late_ns", Nanoseconds, nullable=False),
    Column("state", short_text(20), nullable=False),
    Column("settled_ns", Nanoseconds),
    UniqueConstraint("key"),
    Index("ix_notice_state", "state"),
    Index("ix_notice_made_ns", "made_ns"),
)

receipt = Table(
    "receipt",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("notice", RowId, ForeignKey("notice.id"), nullable=False),
    Column("person", Text, nullable=False),
    Column("delivered_ns", Nanoseconds),
    Column("seen_ns", Nanoseconds),
    Index("ix_receipt_notice", "notice"),
    Index("ix_receipt_person", "person"),
)

attempt = Table(
    "attempt",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("notice", RowId, ForeignKey("notice.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("at_ns", Nanoseconds, nullable=False),
    Column("took_ms", Integer, nullable=False),
    Column("outcome", short_text(20), nullable=False),
    Column("words", Text, nullable=False),
    Index("ix_attempt_notice", "notice"),
)

kept_state = Table(
    "kept_state",
    metadata,
    Column("name", short_text(120), primary_key=True),
    Column("content", Text, nullable=False),
)

person = Table(
    "person",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("login", short_text(48), nullable=False),
    Column("name", short_text(60), nullable=False),
    Column("grants", CanonicalJson, nullable=False),
    Column("active", Boolean(create_constraint=False), nullable=False),
    Column("one_time", Boolean(create_constraint=False), nullable=False),
    Column("password", Text, nullable=False),
    Column("made_ns", Nanoseconds, nullable=False),
    Column("made_by", Text, nullable=False),
    UniqueConstraint("login"),
    UniqueConstraint("name"),
)

session = Table(
    "session",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("sha256", short_text(64), nullable=False),
    Column("person", RowId, ForeignKey("person.id"), nullable=False),
    Column("address", Text, nullable=False),
    Column("begun_ns", Nanoseconds, nullable=False),
    Column("ends_ns", Nanoseconds, nullable=False),
    Column("ended_ns", Nanoseconds),
    Column("ended_why", short_text(20)),
    UniqueConstraint("sha256"),
    Index("ix_session_ended_ns", "ended_ns"),
)

rule_set = Table(
    "rule_set",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("version", short_text(64), nullable=False),
    Column("base", short_text(64), nullable=False),
    Column("site_file", short_text(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("proposed_by", Text, nullable=False),
    Column("proposed_ns", Nanoseconds, nullable=False),
    Column("state", short_text(20), nullable=False),
    Column("approved_by", Text),
    Column("approved_ns", Nanoseconds),
    Column("effective_ns", Nanoseconds),
    Column("begun_ns", Nanoseconds),
    Column("ended_ns", Nanoseconds),
    Column("ended_by", Text),
    Column("replayed", Text),
    Index("ix_rule_set_state", "state"),
)

bypass = Table(
    "bypass",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("ropeway", short_text(48), nullable=False),
    Column("safety_device", Text, nullable=False),
    Column("tag", short_text(120)),
    Column("reason", Text, nullable=False),
    Column("measures", Text, nullable=False),
    Column("from_ns", Nanoseconds, nullable=False),
    Column("entered_by", Text, nullable=False),
    Column("entered_ns", Nanoseconds, nullable=False),
    Column("ended_ns", Nanoseconds),
    Column("ended_by", Text),
    Column("ended_note", Text),
    Index("ix_bypass_ended_ns", "ended_ns"),
)

bypass_approval = Table(
    "bypass_approval",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("bypass", RowId, ForeignKey("bypass.id"), nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("approved_by", Text, nullable=False),
    Column("at_ns", Nanoseconds, nullable=False),
    Column("until_ns", Nanoseconds, nullable=False),
    Index("ix_bypass_approval_bypass", "bypass"),
)

access_key = Table(
    "access_key",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("kind", short_text(20), nullable=False),
    Column("name", short_text(60), nullable=False),
    Column("sha256", short_text(64), nullable=False),
    Column("grants", CanonicalJson, nullable=False),
    Column("made_ns", Nanoseconds, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("expires_ns", Nanoseconds, nullable=False),
    Column("ended_ns", Nanoseconds),
    Column("ended_by", Text),
    UniqueConstraint("sha256"),
)
