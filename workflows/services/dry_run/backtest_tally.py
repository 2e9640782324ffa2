"""What a workflow would have done on many events, counted; and how two of them differ on one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from tenants.core.json import Json
from tenants.core.json.jsontext import dumps
from workflows.runtime.waits.matching import UNREADABLE_EVENT
from workflows.services.dry_run.run import NOT_STARTED, STOPPED, DryRun

MAX_NAMED: Final = 300  # recipients that are told apart
MAX_EVENTS: Final = 25  # of one kind, that are kept to look into
BAD: Final = frozenset({"failed", "completed_with_errors", STOPPED})
# The kinds of difference, the gravest first.
KINDS: Final = (
    "fails",
    "fails_no_more",
    "fails_otherwise",
    "starts",
    "starts_no_more",
    "branch",
    "message",
    "data",
    "steps",
)


def new_tally() -> dict[str, Json]:
    """Return an empty count."""
    return {"starts": 0, "reasons": {}, "statuses": {}, "branches": {}, "sends": {}, "failures": {}}


def count(tally: dict[str, Json], found: DryRun, event_id: str) -> None:
    """Add what a workflow would have done on one event."""
    if found.status == NOT_STARTED:
        reason = found.verdict.reason if found.verdict else "problem"
        _one_more(tally["reasons"], reason)
        if reason == UNREADABLE_EVENT:
            _count_failure(tally["failures"], found, ("", reason), event_id)
        return
    tally["starts"] += 1
    _one_more(tally["statuses"], found.status)
    for step, case in branches_of(found):
        _one_more(tally["branches"].setdefault(step, {}), case)
    for message in found.would_send:
        _count_message(tally["sends"], message)
    failure = failure_of(found)
    if failure is not None:
        _count_failure(tally["failures"], found, failure, event_id)


def differences(new: DryRun, old: DryRun) -> list[str]:
    """Return in which ways the first differs from the second on the same event."""
    starts, started = new.status != NOT_STARTED, old.status != NOT_STARTED
    if not starts or not started:
        kinds = ["starts"] if starts else ["starts_no_more"] if started else []
        return ["fails", *kinds] if starts and new.status in BAD else kinds
    found = _of_ends(new, old)
    if _shared_branches(new, old) != _shared_branches(old, new):
        found.append("branch")
    if _messages(new) != _messages(old):
        found.append("message")
    if _changes(new) != _changes(old):
        found.append("data")
    # What was said already explains that other steps were done.
    if not found and _steps(new) != _steps(old):
        found.append("steps")
    return found


def branches_of(found: DryRun) -> list[tuple[str, str]]:
    """Return which case each branch took."""
    return [
        (entry["step_name"], entry["output"]["case"])
        for entry in every_entry(found.entries)
        if entry["action"] == "branch" and isinstance(entry.get("output"), dict)
    ]


def _shared_branches(one: DryRun, other: DryRun) -> list[tuple[str, str]]:
    """Return the choices of the branches that both have: a new one is only a new step."""
    known = {step for step, _case in branches_of(other)}
    return [(step, case) for step, case in branches_of(one) if step in known]


def failure_of(found: DryRun) -> tuple[str, str] | None:
    """Return the step that failed first, and its code; of one that stopped, why."""
    if found.halt is not None:
        return str((found.waiting or {}).get("step_name", "")), str(found.halt["code"])
    if found.error is None:
        return None
    return str(found.error["step_name"]), str(found.error["error"]["code"])


def every_entry(entries: Sequence[Mapping[str, Json]]) -> Iterator[Mapping[str, Json]]:
    """Yield each entry, and those of the child runs behind it."""
    for entry in entries:
        yield entry
        for run in (entry.get("rehearsal") or {}).get("runs", ()):
            yield from every_entry(run["entries"])


def _of_ends(new: DryRun, old: DryRun) -> list[str]:
    is_bad, was_bad = new.status in BAD, old.status in BAD
    if is_bad and was_bad:
        return ["fails_otherwise"] if failure_of(new) != failure_of(old) else []
    return ["fails"] if is_bad else ["fails_no_more"] if was_bad else []


def _messages(found: DryRun) -> list[str]:
    return [
        dumps([message["kind"], message["to"], message["content"]]) for message in found.would_send
    ]


def _changes(found: DryRun) -> list[str]:
    """Return what was written to records, and which events were fired."""
    return [
        dumps([entry["action"], entry.get("input")])
        for entry in every_entry(found.entries)
        if entry["action"] in {"update_record", "create_record", "emit_event"}
        and entry["status"] == "completed"
    ]


def _steps(found: DryRun) -> list[str]:
    return [
        dumps([entry["step_name"], entry["status"], entry.get("input")])
        for entry in every_entry(found.entries)
    ]


def _count_message(sends: dict[str, Json], message: Mapping[str, Json]) -> None:
    first = {"step": message["step_name"], "kind": message["kind"], "count": 0, "to": {}}
    place = sends.setdefault(f"{message['step_name']} {message['kind']}", first)
    place["count"] += 1
    for one in message["to"]:
        if one in place["to"] or len(place["to"]) < MAX_NAMED:
            _one_more(place["to"], one)


def _count_failure(
    failures: dict[str, Json], found: DryRun, failure: tuple[str, str], event_id: str
) -> None:
    step, code = failure
    error = found.halt or (found.error or {}).get("error") or {}
    first = {"step": step, "code": code, "params": error.get("params", {}), "count": 0}
    place = failures.setdefault(f"{step} {code}", {**first, "events": []})
    place["count"] += 1
    if len(place["events"]) < MAX_EVENTS:
        place["events"].append(event_id)


def _one_more(counts: dict[str, int], name: str) -> None:
    counts[name] = counts.get(name, 0) + 1
