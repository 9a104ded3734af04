"""The words for what is judged and decided: alarm, advice, rope test, task, consultation."""

from dataclasses import dataclass
from enum import StrEnum

from collector.site import Name


class AlarmState(StrEnum):
    """States of an alarm occurrence (ISA-18.2 / IEC 62682, domain 7.1)."""

    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
    LATCHED = "latched"
    SHELVED = "shelved"
    SUPPRESSED = "suppressed"
    OUT_OF_SERVICE = "out_of_service"
    NORMAL = "normal"


HIDDEN = (AlarmState.SHELVED, AlarmState.SUPPRESSED, AlarmState.OUT_OF_SERVICE)
"""States in which an alarm is not announced to the operator."""


class AlarmKind(StrEnum):
    """What an alarm speaks of."""

    PROCESS = "process"
    MONITORING_LOST = "monitoring_lost"
    SYSTEM = "system"
    ROPE = "rope"
    OVERDUE = "overdue"
    BYPASS = "bypass"


@dataclass(frozen=True, slots=True)
class Guidance:
    """What the operator needs beside the alarm: consequence, response, time."""

    consequence: Name
    response: Name
    respond_within_s: int


@dataclass(frozen=True, slots=True)
class Alarm:
    """One occurrence of an alarm, from raising to closing; instants in ns UTC.

    `source` names what raised it and never changes: at most one occurrence per
    source is open. `value` and `limit` are those of the instant of raising.
    `rule_set` is the SHA-256 of the rules in force then. `active` says whether the
    condition holds, whatever the state; `announced` whether an operator was ever told.
    The fields `aside_*` say who hid the alarm, why and until when. `source_ns` is when
    the device says it was so, `cause` the alarm that it is a consequence of.
    """

    id: int
    source: str
    rule: str
    level: str
    kind: AlarmKind
    tag: str | None
    ropeway: str | None
    priority: int
    state: AlarmState
    name: Name
    value: float | None
    limit: float | None
    unit: str
    guidance: Guidance
    raised_ns: int
    acknowledged_ns: int | None = None
    acknowledged_by: str | None = None
    acknowledged_comment: str = ""
    returned_ns: int | None = None
    closed_ns: int | None = None
    consultation: int | None = None
    task: int | None = None
    alarm_class: str = "safety"
    latching: bool = False
    must_be_acknowledged: bool = True
    rule_set: str = ""
    active: bool = True
    announced: bool = True
    confirmed_ns: int | None = None
    confirmed_by: str | None = None
    confirmed_comment: str = ""
    aside_by: str | None = None
    aside_second: str | None = None
    aside_reason: str = ""
    aside_ns: int | None = None
    aside_until_ns: int | None = None
    source_ns: int | None = None
    cause: int | None = None

    @property
    def open(self) -> bool:
        """Whether the operator still has to handle it."""
        return self.state is not AlarmState.NORMAL

    @property
    def hidden(self) -> bool:
        """Whether the operator is not told of it: shelved, suppressed or out of service."""
        return self.state in HIDDEN


@dataclass(frozen=True, slots=True)
class Activation:
    """One time that an alarm's condition began, and when it ended; instants in ns UTC."""

    source: str
    priority: int
    ropeway: str | None
    raised_ns: int
    returned_ns: int | None
    announced: bool
    acknowledged_ns: int | None = None


class Advised(StrEnum):
    """Operating advice for one ropeway, mildest first."""

    NORMAL = "normal"
    WATCH = "watch"
    SLOW = "slow"
    STOP_LOADING = "stop_loading"
    STOP = "stop"
    INSPECT = "inspect"


class Verdict(StrEnum):
    """What a rope test says, mildest first (domain 1.8, number 6)."""

    NORMAL = "normal"
    WATCH = "watch"
    WARNING = "warning"
    ACTION = "action"
    DISCARD = "discard"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class Trace:
    """The raw course of one pass: equal lengths, in the order of measuring."""

    position_m: tuple[float, ...]
    lma_pct: tuple[float, ...]
    lf: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class WindowLoss:
    """The worst loss of area over one reference length, and where it begins."""

    window_d: float
    loss_pct: float
    position_m: float
    limit_pct: float

    @property
    def share(self) -> float:
        """The part of the limit that is used up."""
        return self.loss_pct / self.limit_pct


@dataclass(frozen=True, slots=True)
class RopeTest:
    """One pass of the instrument over one test point, judged."""

    id: int
    rope: str
    test_point: str
    pass_number: int
    started_ns: int
    ended_ns: int
    complete: bool
    covered_share: float
    speed_mps: float
    windows: tuple[WindowLoss, ...]
    lf_max: float
    lf_position_m: float
    verdict: Verdict
    alarm: int | None = None


class TaskState(StrEnum):
    """Where a task stands."""

    DUE = "due"
    OVERDUE = "overdue"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of inspection work; unique by `plan` and `due_ns`."""

    id: int
    plan: str
    kind: str
    title: Name
    ropeway: str
    rope: str | None
    test_point: str | None
    due_ns: int
    opened_ns: int
    state: TaskState
    alarm: int | None = None
    test: int | None = None
    result: str | None = None
    note: str = ""
    name: str | None = None
    done_ns: int | None = None


class RuleSetState(StrEnum):
    """Where a set of rules stands."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    IN_FORCE = "in_force"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rules that somebody proposed, or that the site file brought; instants in ns UTC.

    `version` is the SHA-256 of what the text says (`Judging.version`), `base` that of
    the rules in force when it was proposed, `site_file` that of the site file's own
    rules then; each as the program counted it that kept the set. `replayed` is what a replay of
    stored days made of it.
    """

    id: int
    version: str
    base: str
    site_file: str
    text: str
    why: str
    proposed_by: str
    proposed_ns: int
    state: RuleSetState
    approved_by: str | None = None
    approved_ns: int | None = None
    effective_ns: int | None = None
    begun_ns: int | None = None
    ended_ns: int | None = None
    ended_by: str | None = None
    replayed: str | None = None


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one person said in a consultation."""

    name: str
    role: str
    at_ns: int
    text: str
    dissent: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided for one ropeway; the newest counts."""

    ropeway: str
    decision: str
    speed_mps: float | None
    note: str
    name: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class Consultation:
    """A bad-weather consultation; `brief` is frozen and `sha256` covers its bytes."""

    id: int
    number: str
    opened_ns: int
    opened_by: str
    trigger: Name
    alarm: int | None
    ropeways: tuple[str, ...]
    brief: str
    sha256: str
    opinions: tuple[Opinion, ...] = ()
    decisions: tuple[Decision, ...] = ()
    closed_ns: int | None = None
    closed_by: str | None = None

    @property
    def state(self) -> str:
        """Return open, decided (each ropeway has a decision) or closed."""
        if self.closed_ns is not None:
            return "closed"
        decided = {decision.ropeway for decision in self.decisions}
        return "decided" if decided >= set(self.ropeways) else "open"
