"""The workflows under test, each with what one run of it must leave behind."""

from dataclasses import dataclass, replace
from typing import Any

from tests.faults.verdict import Expected

# As often as it takes: how providers fail is the fault here, not how patient a workflow is.
PATIENT = {"attempts": 10, "delay": "1s", "backoff": 1}
EFFECT = "fault.effect"
ANSWER = "fault.answer"


@dataclass(frozen=True, slots=True)
class Job:
    """A document, and what a run of it is judged by."""

    document: dict[str, Any]
    expected: Expected


def _call(name: str, address: str, message: str = "", **more: Any) -> dict[str, Any]:
    body = {"message": f"{{{{trigger.order_number}}}}/{message or name}"}
    params = {"url": address, "body": body}
    return {"name": name, "action": "webhook", "params": params, "retry": PATIENT, **more}


def _confirm() -> dict[str, Any]:
    fields = {"status": "confirmed"}
    params = {"table": "orders", "id": "{{trigger.order_id}}", "fields": fields}
    return {"name": "confirm", "action": "update_record", "params": params}


def _copy() -> dict[str, Any]:
    """Return a step that makes a record; a second one would have another number."""
    fields = {"number": "{{trigger.order_number}}~{{now | date: '%H%M%S'}}", "source": "store"}
    return {
        "name": "copy",
        "action": "create_record",
        "params": {"table": "orders", "fields": fields},
    }


def _announce(name: str = "announce", effect: str = "") -> dict[str, Any]:
    payload = {"order_number": "{{trigger.order_number}}", "effect": effect or name}
    params = {"type": EFFECT, "payload": payload}
    return {"name": name, "action": "emit_event", "params": params}


def _job(steps: list[dict[str, Any]], trigger: str = "new_order", **expected: Any) -> Job:
    document = {"name": "Faults", "trigger_type": trigger, "steps": steps}
    names = tuple(step["name"] for step in steps)
    return Job(document, Expected(steps=names, **expected))


def order_job(address: str, **more: Any) -> Job:
    """Return five steps: three that write to the database, two that call, in turns."""
    calls = [_call("tell_shop", address, **more), _call("tell_store", address, **more)]
    steps = [_confirm(), calls[0], _copy(), _announce(), calls[1]]
    messages, effects = ("tell_shop", "tell_store"), ("confirm", "copy", "announce")
    return _job(steps, messages=messages, effects=effects)


def call_job(address: str) -> Job:
    """Return a job that calls, and writes nothing that others wait for."""
    return _job([_call("tell_shop", address)], messages=("tell_shop",))


def quick_job() -> Job:
    """Return a job that needs nothing but the database."""
    return _job([_confirm()], effects=("confirm",))


def noise_job() -> Job:
    """Return the least that leaves a trace, for an event instead of an order."""
    return _job([_announce()], trigger="fault.noise", effects=("announce",))


POSTED = frozenset({"completed", "completed_with_errors"})  # where it may be unknown


def post_job(ends: frozenset[str] = POSTED, **more: Any) -> Job:
    """Return a job whose first call must never be made again."""
    post = {"connection": "slack", "text": "{{trigger.order_number}}/tell_team"}
    tell = {"name": "tell_team", "action": "team_notify", "params": post, "on_error": "continue"}
    job = _job([{**tell, **more}, _announce()], messages=("tell_team",), effects=("announce",))
    return replace(job, expected=replace(job.expected, ends=ends, at_most_once=True))


def poison_job(address: str) -> Job:
    """Return a job whose call its worker does not survive: the suite sees to that."""
    job = _job([_call("tell_shop", address, timeout="60s")])
    # The step it died in is not finished, so it has no entry.
    return replace(job, expected=replace(job.expected, steps=(), ends=frozenset({"failed"})))


def hold_job() -> Job:
    """Return a job whose action holds the interpreter of its worker."""
    job = _job([{"name": "hold", "action": "hold_interpreter", "params": {}}])
    return replace(job, expected=replace(job.expected, steps=(), ends=frozenset({"failed"})))


def heavy_job() -> Job:
    """Return a job whose text multiplies work: each round is within every other limit."""
    rounds = "{% for i in (1..9999) %}{% assign z = l | sort | sum %}{% endfor %}"
    params = {"values": {"v": "{% assign l = (1..9900) | reverse %}" + rounds}}
    job = _job([{"name": "fill", "action": "set_values", "params": params}])
    return replace(job, expected=replace(job.expected, steps=("fill",), ends=frozenset({"failed"})))


def silent_job(address: str, timeout: str) -> Job:
    """Return a job whose only call is never answered; it is cancelled, or fails."""
    job = _job([_call("tell_shop", address, timeout=timeout)])
    ends = frozenset({"failed", "cancelled"})
    return replace(job, expected=replace(job.expected, steps=(), ends=ends))


def turns_job(address: str, **settings: Any) -> Job:
    """Return a job of an event whose runs take turns, with a call as its last step."""
    job = _job(
        [_announce(), _call("tell_shop", address)],
        trigger="fault.noise",
        messages=("tell_shop",),
        effects=("announce",),
    )
    return replace(job, document={**job.document, "settings": settings})


def batch_job(address: str, items: int, at_once: int = 10, **more: Any) -> Job:
    """Return a job with a child run for each of so many items."""
    settings = more.pop("settings", {})
    inside = [
        _announce("announce_one", "item{{item}}"),
        _call("tell_one", address, "item{{item}}"),
    ]
    each = {"items": list(range(items)), "steps": inside, "concurrency": at_once, **more}
    steps = [_confirm(), {"name": "each", "action": "for_each", "params": each}, _announce()]
    parts = tuple(f"item{number}" for number in range(items))
    effects = ("confirm", "announce", *parts)
    job = _job(steps, messages=parts, effects=effects, children=items)
    return replace(job, document={**job.document, "settings": settings})


def answer_job(address: str, then: str = "") -> Job:
    """Return a job that waits for somebody else's event in the middle."""
    asked = {"type": ANSWER, "match": {"order_number": "{{trigger.order_number}}"}}
    wait = {"name": "wait", "action": "wait_for_event", "params": {**asked, "look_back": "1h"}}
    calls = [_call("tell_shop", address), _call("tell_store", then or address)]
    messages, effects = ("tell_shop", "tell_store"), ("announce",)
    return _job([calls[0], wait, _announce(), calls[1]], messages=messages, effects=effects)


def waiting_job() -> Job:
    """Return a job that does nothing but wait for somebody else's event."""
    asked = {"type": ANSWER, "match": {"order_number": "{{trigger.order_number}}"}}
    wait = {"name": "wait", "action": "wait_for_event", "params": {**asked, "look_back": "1h"}}
    return _job([wait, _announce()], effects=("announce",))
