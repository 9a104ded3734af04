"""Sets of rules: proposed as text, replayed over stored days, approved by another person."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field, StringConstraints

from analytics.model import RuleSet, RuleSetState
from analytics.people import Permission
from analytics.plain import milliseconds
from analytics.records import RecordsRefused
from analytics.rule_desk import RuleFaults
from api.deps import (
    NO_NUL,
    READING,
    Act,
    ApprovingRules,
    ProposingRules,
    RecordId,
    Said,
    Signed,
    StationDep,
    must_hold,
    must_sign,
)
from api.errors import Refused
from api.replay_desk import Replaying
from api.replaying import Question
from api.routes.rules import LATEST_MS, NANOSECONDS_PER_MS
from collector.site import WHOLE_SITE

router = APIRouter(prefix="/api/rule-sets", tags=["rules"], dependencies=[READING])

LONGEST_TEXT = 4_000_000
MOST_DAYS = 31
DAY_MS = 86_400_000

RulesText = Annotated[str, StringConstraints(max_length=LONGEST_TEXT, pattern=NO_NUL)]
InstantMs = Annotated[int, Field(ge=0, le=LATEST_MS)]


class Propose(Act):
    """Somebody wants other rules."""

    text: RulesText
    why: Said


class Check(Act):
    """Somebody wants to know what is wrong with rules."""

    text: RulesText


class Span(Act):
    """Stored days to judge again."""

    from_ms: InstantMs
    to_ms: InstantMs


class Approve(Signed):
    """Another person wants the rules in force, now or from an instant on."""

    effective_ms: InstantMs | None = None


@router.get("")
async def listed(
    station: StationDep, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> dict[str, Any]:
    """Return the sets, newest first, and the text of the rules in force."""
    found = await station.records.rule_sets.listed(limit)
    return {
        "version": station.engine.terms.rule_set,
        "text": await station.rules.text(),
        "sets": [_head(one) for one in found],
    }


@router.post("", status_code=201)
async def propose(station: StationDep, caller: ProposingRules, act: Propose) -> dict[str, Any]:
    """Keep a proposal; 422 with every fault and its place, and then nothing is kept."""
    must_hold(caller, Permission.PROPOSE_RULES, WHOLE_SITE)
    try:
        return _whole(await station.rules.propose(act.text, act.why, caller.name))
    except RuleFaults as refusal:
        raise _faulty(refusal) from refusal


@router.post("/check")
async def check(station: StationDep, _: ProposingRules, act: Check) -> dict[str, Any]:
    """Return every fault of rules with its place; none where they could be proposed."""
    try:
        return {"faults": [], "version": await station.rules.version_in(act.text)}
    except RuleFaults as refusal:
        return {"faults": list(refusal.faults), "version": None}


@router.get("/replay")
async def newest_replay(station: StationDep) -> dict[str, Any]:
    """Return the replay that is under way, or the last one since the start."""
    latest = station.replays.latest
    return {"replay": None if latest is None else _replaying(latest)}


@router.get("/{set_id}")
async def one(station: StationDep, set_id: RecordId) -> dict[str, Any]:
    """Return one set with its text and what a replay made of it."""
    return _whole(await station.records.rule_sets.get(set_id))


@router.post("/{set_id}/replay", status_code=202)
async def replay(
    station: StationDep, caller: ProposingRules, set_id: RecordId, act: Span
) -> dict[str, Any]:
    """Begin to judge stored days by a waiting set and by the rules in force; at most 31 days.

    It runs in a process of its own, one at a time (409); what differs is kept with the set.
    """
    must_hold(caller, Permission.PROPOSE_RULES, WHOLE_SITE)
    kept = await station.records.rule_sets.get(set_id)
    if not 0 < act.to_ms - act.from_ms <= MOST_DAYS * DAY_MS:
        words = f"a span of at most {MOST_DAYS} days, from before to"
        raise Refused(422, f"时段须先后有序且不超过 {MOST_DAYS} 天", words)
    if kept.state not in (RuleSetState.PROPOSED, RuleSetState.APPROVED):
        raise RecordsRefused("规则已生效或已结束", "the rules are in force or over already")
    question = Question(
        station.collector.history.path,
        station.replays.plant,
        station.engine.judging,
        await station.rules.judging_of(kept.text),
        (act.from_ms * NANOSECONDS_PER_MS, act.to_ms * NANOSECONDS_PER_MS),
    )
    return _replaying(station.replays.begin(set_id, question, caller.name))


@router.post("/replay/call-off")
async def call_off(station: StationDep, caller: ProposingRules) -> dict[str, Any]:
    """End the replay that is under way, whoever asked for it; 409 where there is none."""
    must_hold(caller, Permission.PROPOSE_RULES, WHOLE_SITE)
    return _replaying(await station.replays.call_off(caller.name))


@router.post("/{set_id}/approve")
async def approve(
    station: StationDep, caller: ApprovingRules, set_id: RecordId, act: Approve
) -> dict[str, Any]:
    """Approve a proposal of somebody else; 409 for one's own, and where the rules moved on."""
    must_hold(caller, Permission.APPROVE_RULES, WHOLE_SITE)
    await must_sign(station, caller, act)
    effective_ns = None if act.effective_ms is None else act.effective_ms * NANOSECONDS_PER_MS
    return _whole(await station.rules.approve(set_id, caller.name, effective_ns))


@router.post("/{set_id}/withdraw")
async def withdraw(station: StationDep, caller: ProposingRules, set_id: RecordId) -> dict[str, Any]:
    """Take a proposal or an approved set back before it comes into force."""
    must_hold(caller, Permission.PROPOSE_RULES, WHOLE_SITE)
    return _whole(await station.rules.withdraw(set_id, caller.name))


def _faulty(refusal: RuleFaults) -> Refused:
    count = len(refusal.faults)
    return Refused(
        422, f"规则有 {count} 处错误", f"{count} faults in the rules", detail=str(refusal)
    )


def _replaying(one: Replaying) -> dict[str, Any]:
    return {
        "set_id": one.set_id,
        "state": one.state.value,
        "by": one.by,
        "from_ms": milliseconds(one.span[0]),
        "to_ms": milliseconds(one.span[1]),
        "asked_ms": milliseconds(one.asked_ns),
        "done_share": one.done_share,
        "words": one.words,
    }


def _head(one: RuleSet) -> dict[str, Any]:
    return {
        "id": one.id,
        "version": one.version,
        "base": one.base,
        "why": one.why,
        "state": one.state.value,
        "proposed_by": one.proposed_by,
        "proposed_ms": milliseconds(one.proposed_ns),
        "approved_by": one.approved_by,
        "approved_ms": milliseconds(one.approved_ns),
        "effective_ms": milliseconds(one.effective_ns),
        "begun_ms": milliseconds(one.begun_ns),
        "ended_ms": milliseconds(one.ended_ns),
        "ended_by": one.ended_by,
    }


def _whole(one: RuleSet) -> dict[str, Any]:
    replayed = None if one.replayed is None else json.loads(one.replayed)
    return {**_head(one), "text": one.text, "replayed": replayed}
