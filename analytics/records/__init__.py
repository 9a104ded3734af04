"""Keep for good what was raised, tested, inspected and decided."""

from analytics.records.alarms import Wanted
from analytics.records.bypasses import Approval, Bypass
from analytics.records.callouts import Callout
from analytics.records.canonical import canonical_json
from analytics.records.consultations import Head, Opening
from analytics.records.database import Records
from analytics.records.errors import RecordMissing, RecordsError, RecordsRefused
from analytics.records.journal import MONITOR, Change, Entry, first_broken, verify
from analytics.records.notices import Attempt, Notice, NoticeState, Outcome, Receipt
from analytics.records.stores import Stores
from analytics.records.substitutions import Substitution
from analytics.records.tasks import Closing

__all__ = [
    "MONITOR",
    "Approval",
    "Attempt",
    "Bypass",
    "Callout",
    "Change",
    "Closing",
    "Entry",
    "Head",
    "Notice",
    "NoticeState",
    "Opening",
    "Outcome",
    "Receipt",
    "RecordMissing",
    "Records",
    "RecordsError",
    "RecordsRefused",
    "Stores",
    "Substitution",
    "Wanted",
    "canonical_json",
    "first_broken",
    "verify",
]
