"""Alarms, tests, tasks and consultations as plain tables, for briefs and answers."""

import math
from typing import Any

from analytics.model import Alarm, Consultation, Guidance, RopeTest, Task, Trace
from analytics.records import Bypass, Head
from collector.site import Name

Plain = dict[str, Any]

NANOSECONDS_PER_MS = 1_000_000


def milliseconds(instant_ns: int | None) -> int | None:
    """Return the instant in milliseconds since 1970 UTC, or None where there is none."""
    return None if instant_ns is None else instant_ns // NANOSECONDS_PER_MS


def seen_ms(instant_ns: int) -> int | None:
    """Return the instant in milliseconds, None for 0: what has not happened has no time."""
    return milliseconds(instant_ns) if instant_ns else None


def figure(value: float | None) -> float | None:
    """Return a figure that JSON can hold: None for what is no number."""
    return None if value is None or not math.isfinite(value) else round(value, 6)


def name_table(name: Name) -> Plain:
    """Return both languages of a text."""
    return {"zh": name.zh, "en": name.en}


def guidance_table(guidance: Guidance) -> Plain:
    """Return what the operator needs beside the alarm."""
    return {
        "consequence": name_table(guidance.consequence),
        "response": name_table(guidance.response),
        "respond_within_s": guidance.respond_within_s,
    }


def alarm_table(alarm: Alarm) -> Plain:
    """Return one alarm occurrence."""
    return {
        "id": alarm.id,
        "rule": alarm.rule,
        "level": alarm.level,
        "kind": alarm.kind.value,
        "tag": alarm.tag,
        "ropeway": alarm.ropeway,
        "priority": alarm.priority,
        "state": alarm.state.value,
        "name": name_table(alarm.name),
        "value": figure(alarm.value),
        "limit": figure(alarm.limit),
        "unit": alarm.unit,
        "guidance": guidance_table(alarm.guidance),
        "raised_ms": milliseconds(alarm.raised_ns),
        "acknowledged_ms": milliseconds(alarm.acknowledged_ns),
        "acknowledged_by": alarm.acknowledged_by,
        "acknowledged_comment": alarm.acknowledged_comment,
        "returned_ms": milliseconds(alarm.returned_ns),
        "closed_ms": milliseconds(alarm.closed_ns),
        "consultation": alarm.consultation,
        "task": alarm.task,
        "source": alarm.source,
        "alarm_class": alarm.alarm_class,
        "active": alarm.active,
        "latching": alarm.latching,
        "rule_set": alarm.rule_set,
        "confirmed_ms": milliseconds(alarm.confirmed_ns),
        "confirmed_by": alarm.confirmed_by,
        "confirmed_comment": alarm.confirmed_comment,
        "aside": _aside_table(alarm),
        "source_ms": milliseconds(alarm.source_ns),
        "cause": alarm.cause,
    }


def _aside_table(alarm: Alarm) -> Plain | None:
    """Return who hid the alarm, why and until when; None where it is not hidden."""
    if not alarm.hidden:
        return None
    return {
        "by": alarm.aside_by,
        "second": alarm.aside_second,
        "reason": alarm.aside_reason,
        "from_ms": milliseconds(alarm.aside_ns),
        "until_ms": milliseconds(alarm.aside_until_ns),
    }


def test_table(test: RopeTest) -> Plain:
    """Return one judged pass, without its trace."""
    return {
        "id": test.id,
        "rope": test.rope,
        "test_point": test.test_point,
        "started_ms": milliseconds(test.started_ns),
        "ended_ms": milliseconds(test.ended_ns),
        "pass_number": test.pass_number,
        "complete": test.complete,
        "covered_share": figure(test.covered_share),
        "speed_mps": figure(test.speed_mps),
        "windows": [
            {
                "window_d": window.window_d,
                "loss_pct": figure(window.loss_pct),
                "position_m": figure(window.position_m),
                "limit_pct": window.limit_pct,
                "share": figure(window.share),
            }
            for window in test.windows
        ],
        "lf_max": figure(test.lf_max),
        "lf_position_m": figure(test.lf_position_m),
        "verdict": test.verdict.value,
        "alarm": test.alarm,
    }


def trace_table(trace: Trace) -> Plain:
    """Return the raw course of one pass."""
    return {
        "position_m": list(trace.position_m),
        "lma_pct": [figure(value) for value in trace.lma_pct],
        "lf": [figure(value) for value in trace.lf],
    }


def task_table(task: Task) -> Plain:
    """Return one task."""
    return {
        "id": task.id,
        "kind": task.kind,
        "title": name_table(task.title),
        "ropeway": task.ropeway,
        "rope": task.rope,
        "test_point": task.test_point,
        "due_ms": milliseconds(task.due_ns),
        "state": task.state.value,
        "opened_ms": milliseconds(task.opened_ns),
        "alarm": task.alarm,
        "test": task.test,
        "result": task.result,
        "note": task.note,
        "name": task.name,
        "done_ms": milliseconds(task.done_ns),
    }


def bypass_table(one: Bypass, now_ns: int) -> Plain:
    """Return one bypass with every approval, and whether it is overdue at `now_ns`."""
    return {
        "id": one.id,
        "ropeway": one.ropeway,
        "safety_device": one.safety_device,
        "tag": one.tag,
        "reason": one.reason,
        "measures": one.measures,
        "from_ms": milliseconds(one.from_ns),
        "until_ms": milliseconds(one.until_ns),
        "overdue": one.overdue(now_ns),
        "entered_by": one.entered_by,
        "entered_ms": milliseconds(one.entered_ns),
        "approvals": [
            {
                "asked_by": said.asked_by,
                "approved_by": said.approved_by,
                "at_ms": milliseconds(said.at_ns),
                "until_ms": milliseconds(said.until_ns),
            }
            for said in one.approvals
        ],
        "ended_ms": milliseconds(one.ended_ns),
        "ended_by": one.ended_by,
        "ended_note": one.ended_note,
    }


def head_table(head: Head | Consultation) -> Plain:
    """Return a consultation as a list shows it."""
    return {
        "id": head.id,
        "number": head.number,
        "opened_ms": milliseconds(head.opened_ns),
        "opened_by": head.opened_by,
        "trigger": name_table(head.trigger),
        "alarm": head.alarm,
        "ropeways": list(head.ropeways),
        "state": head.state,
        "sha256": head.sha256,
        "closed_ms": milliseconds(head.closed_ns),
        "closed_by": head.closed_by,
    }


def consultation_table(consultation: Consultation) -> Plain:
    """Return a consultation whole; `brief` is the text that the SHA-256 covers."""
    return {
        **head_table(consultation),
        "brief": consultation.brief,
        "opinions": [
            {
                "name": opinion.name,
                "role": opinion.role,
                "at_ms": milliseconds(opinion.at_ns),
                "text": opinion.text,
                "dissent": opinion.dissent,
            }
            for opinion in consultation.opinions
        ],
        "decisions": [
            {
                "ropeway": decision.ropeway,
                "decision": decision.decision,
                "speed_mps": decision.speed_mps,
                "note": decision.note,
                "name": decision.name,
                "at_ms": milliseconds(decision.at_ns),
            }
            for decision in consultation.decisions
        ],
    }
