"""What a draft would have done with the events that came, and what the published version does.

The cluster `tasks` works on it in slices, so that chores are not kept waiting: each slice commits
how far it has come, and the next goes on from there. Nothing of the dry runs stays.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django_q.tasks import async_task

from tenants.core.json import Json, strict_json
from tenants.scope import tenant_scope
from workflows.definition.errors import InvalidDocument
from workflows.definition.programs.program import Program
from workflows.models.definition import WorkflowVersion
from workflows.models.event import WorkflowEvent
from workflows.models.rehearsal import DryRunStatus, WorkflowRehearsal
from workflows.models.run import WorkflowRun
from workflows.runtime.dry_run.context import Answer, Limits
from workflows.runtime.waits.matching import MALFORMED, UNREADABLE_EVENT
from workflows.services.dry_run.backtest_tally import (
    KINDS,
    MAX_EVENTS,
    count,
    differences,
    new_tally,
)
from workflows.services.dry_run.run import (
    NOT_STARTED,
    DryRun,
    Occasion,
    Perform,
    Script,
    in_dry_run,
    script_of,
)
from workflows.services.dry_run.samples import outputs_in
from workflows.services.dry_run.test_runs import answers_in, types_of
from workflows.services.events.evaluation import Chain, StartVerdict
from workflows.services.runs.entries import entries_of

logger = logging.getLogger(__name__)


MAX_CHOSEN: Final = 10_000
CHUNK: Final = 100  # events of one transaction, and of one step of the progress bar
SLICE_SECONDS: Final = 10.0
LIMITS: Final = Limits(steps=1_000, runs=500, seconds=5, result_bytes=1024 * 1024)
_UNREADABLE: Final = DryRun(NOT_STARTED, verdict=StartVerdict(UNREADABLE_EVENT))
_LIVE: Final = (DryRunStatus.QUEUED, DryRunStatus.RUNNING)


@dataclass(frozen=True, slots=True)
class Pair:
    """What both sides would do with one event."""

    event: WorkflowEvent
    draft: DryRun
    published: DryRun | None


def start(backtest: WorkflowRehearsal, *, days: int | None = None, last: int = MAX_CHOSEN) -> None:
    """Begin with the events of the last `days`, or the `last` ones."""
    since = timezone.now() - timedelta(days=days) if days else None
    asked: dict[str, Json] = {
        "days": days,
        "last": min(last, MAX_CHOSEN),
        "since": since.isoformat() if since else None,
    }
    newest = _events(backtest, asked).values_list("id", flat=True).first()
    asked["newest"] = str(newest) if newest else None
    with tenant_scope(backtest.tenant):
        backtest.input = asked
        backtest.total = _events(backtest, asked)[: asked["last"]].count()
        backtest.done, backtest.completed_at = 0, None
        backtest.result = {**_nothing(), "cursor": None}
        backtest.status = DryRunStatus.QUEUED
        backtest.save()
        _queue(backtest)


def cancel(backtest: WorkflowRehearsal) -> None:
    """End it; what was counted so far is kept."""
    with tenant_scope(backtest.tenant):
        _own(backtest).filter(status__in=_LIVE).update(
            status=DryRunStatus.CANCELLED, completed_at=timezone.now()
        )


def work(backtest_id: str) -> None:
    """Work on a backtest for a slice of time; called by the cluster `tasks`."""
    rows = WorkflowRehearsal.objects.select_related("tenant", "definition")
    backtest = rows.filter(pk=backtest_id, status__in=_LIVE).first()
    if backtest is None:
        return
    try:
        _slice(backtest)
    except Exception:
        logger.exception("backtest_failed", extra={"backtest": backtest_id})
        _end(backtest, DryRunStatus.FAILED)


def pair_of(backtest: WorkflowRehearsal, event_id: UUID) -> Pair | None:
    """Rehearse both sides on one event again, to look into it; None: no such event.

    Raises InvalidDocument.
    """
    event = WorkflowEvent.objects.of(backtest.tenant).filter(pk=event_id).first()
    if event is None:
        return None
    [pair] = _pairs(backtest, _scripts(backtest), [event])
    return pair


def differing(result: Mapping[str, Json]) -> list[tuple[str, int, list[str]]]:
    """Return each kind of difference that was found: how often, and some of its events."""
    found = result.get("differences") or {}
    return [(kind, found[kind]["count"], found[kind]["events"]) for kind in KINDS if kind in found]


def _slice(backtest: WorkflowRehearsal) -> None:
    began, result = monotonic(), dict(backtest.result or _nothing())
    try:
        scripts = _scripts(backtest)
    except InvalidDocument as invalid:
        problems = [{"path": p.path, "code": p.code, "params": p.params} for p in invalid.problems]
        backtest.result = {**result, "problems": problems}
        backtest.save(update_fields=["result"])
        _end(backtest, DryRunStatus.FAILED)
        return
    done = backtest.done
    while done == backtest.done or monotonic() - began < SLICE_SECONDS:
        left = min(CHUNK, backtest.total - done)
        events = _next(backtest, result["cursor"], left) if left > 0 else []
        if not events:
            _end(backtest, DryRunStatus.DONE)
            return
        for pair in _pairs(backtest, scripts, events):
            _count(result, pair)
        result["cursor"] = str(events[-1].pk)
        if not _keep(backtest, result, done, done + len(events)):
            return  # cancelled, or another worker is at it
        done += len(events)
    with tenant_scope(backtest.tenant):
        _queue(backtest)


def _nothing() -> dict[str, Json]:
    counts = {"draft": new_tally(), "published": new_tally()}
    return {**counts, "same": 0, "compared": 0, "differences": {}, "cursor": None}


def _count(result: dict[str, Json], pair: Pair) -> None:
    event_id = str(pair.event.pk)
    count(result["draft"], pair.draft, event_id)
    if pair.published is None:
        return
    count(result["published"], pair.published, event_id)
    result["compared"] += 1
    kinds = differences(pair.draft, pair.published)
    result["same"] += not kinds
    for kind in kinds:
        place = result["differences"].setdefault(kind, {"count": 0, "events": []})
        place["count"] += 1
        if len(place["events"]) < MAX_EVENTS:
            place["events"].append(event_id)


def _keep(backtest: WorkflowRehearsal, result: Json, before: int, now: int) -> bool:
    """Write how far it has come; False: somebody else has changed it meanwhile."""
    with tenant_scope(backtest.tenant):
        mine = _own(backtest).filter(status__in=_LIVE, done=before)
        written = mine.update(status=DryRunStatus.RUNNING, result=result, done=now)
    return bool(written)


def _end(backtest: WorkflowRehearsal, status: DryRunStatus) -> None:
    with tenant_scope(backtest.tenant):
        _own(backtest).filter(status__in=_LIVE).update(status=status, completed_at=timezone.now())


def _own(backtest: WorkflowRehearsal) -> Any:
    return WorkflowRehearsal.objects.of(backtest.tenant).filter(pk=backtest.pk)


def _queue(backtest: WorkflowRehearsal) -> None:
    task, key = f"{__name__}.work", str(backtest.pk)
    transaction.on_commit(lambda: async_task(task, key))


def _scripts(backtest: WorkflowRehearsal) -> tuple[Script, Script | None]:
    """Return the draft and the version it is compared with. Raises InvalidDocument."""
    draft = script_of(backtest.tenant, backtest.document, backtest.definition)
    rows = WorkflowVersion.objects.of(backtest.tenant).filter(definition=backtest.definition_id)
    version = rows.filter(version=backtest.version).first() if backtest.version else None
    return draft, script_of(backtest.tenant, version) if version else None


def _events(backtest: WorkflowRehearsal, asked: Mapping[str, Json]) -> Any:
    """Return the events that either side listens to, the newest first."""
    types = set(types_of(backtest.document))
    if backtest.version and backtest.definition is not None:
        types |= set(backtest.definition.trigger_types)
    found = WorkflowEvent.objects.of(backtest.tenant).filter(type__in=sorted(types))
    if asked.get("since"):
        found = found.filter(created_at__gte=datetime.fromisoformat(asked["since"]))
    return found.order_by("-id")


def _next(backtest: WorkflowRehearsal, cursor: str | None, most: int) -> list[WorkflowEvent]:
    found = _events(backtest, backtest.input).filter(pk__lte=UUID(backtest.input["newest"]))
    if cursor:
        found = found.filter(pk__lt=UUID(cursor))
    return list(found.defer("search_keys", "evaluations")[:most])


def _pairs(
    backtest: WorkflowRehearsal,
    scripts: tuple[Script, Script | None],
    events: Sequence[WorkflowEvent],
) -> list[Pair]:
    draft, published = scripts
    own = _own_doing(backtest, events)
    known = _known(backtest, events)

    def pair(event: WorkflowEvent) -> Pair:
        try:
            occasion = _occasion(event, known.get(event.pk, ()))
            cause = backtest.definition_id if event.caused_by_run in own else None
            refused = partial(Chain(cause, event.depth).refusal, backtest.definition_id)
            one = _perform(perform, draft, occasion, event, refused)
            other = None
            if published is not None:
                other = _perform(perform, published, occasion, event, refused)
        except MALFORMED as problem:
            # One event is no reason to learn nothing of all others.
            facts = {"event": str(event.pk), "reason": f"{type(problem).__name__}: {problem}"}
            logger.warning("event_not_rehearsed", extra=facts)
            return Pair(event, _UNREADABLE, _UNREADABLE if published is not None else None)
        return Pair(event, one, other)

    with in_dry_run(backtest.tenant, limits=LIMITS) as perform:
        return [pair(event) for event in events]


def _perform(
    perform: Perform,
    script: Script,
    occasion: Occasion,
    event: WorkflowEvent,
    refused: Callable[[Callable[[], Program]], StartVerdict | None],
) -> DryRun:
    program = script.loaded.program
    if event.type not in program.trigger_types:
        return DryRun(NOT_STARTED, verdict=StartVerdict("not_listening"))
    verdict = refused(lambda: program)
    return perform(script, occasion) if verdict is None else DryRun(NOT_STARTED, verdict=verdict)


def _occasion(event: WorkflowEvent, results: Sequence[Mapping[str, Json]]) -> Occasion:
    """Return the event as it was, with what the others said to the real run it started.

    Raises one of MALFORMED for an event that cannot be read.
    """
    strict_json.keep([event.payload, event.previous])  # refuses what stands for the unreadable
    if not isinstance(event.payload, dict):
        raise TypeError("its payload is no object")
    answers: Mapping[str, Sequence[Answer]] = answers_in(results)
    return Occasion(
        event.payload,
        previous=event.previous,
        subject=(event.subject_type, event.subject_id),
        at=event.created_at,
        answers=answers,
        outputs=outputs_in(results),
        run_id=event.pk,
    )


def _own_doing(backtest: WorkflowRehearsal, events: Sequence[WorkflowEvent]) -> set[UUID]:
    """Return which of the runs that caused these events are the workflow's own."""
    causes = {event.caused_by_run for event in events if event.caused_by_run}
    if not causes or backtest.definition_id is None:
        return set()
    runs = WorkflowRun.objects.filter(tenant=backtest.tenant_id, pk__in=causes)
    return set(runs.filter(definition=backtest.definition_id).values_list("id", flat=True))


def _known(backtest: WorkflowRehearsal, events: Sequence[WorkflowEvent]) -> dict[UUID, Json]:
    """Return the results of the real runs that these events started."""
    if backtest.definition_id is None:
        return {}
    runs = WorkflowRun.objects.filter(tenant=backtest.tenant_id, parent_run=None)
    own = runs.filter(definition=backtest.definition_id, event__in=[event.pk for event in events])
    found = own.only("tenant", "event", "step_results", "entries_numbered")
    return {run.event_id: _entries(run) for run in found if run.event_id}


def _entries(run: WorkflowRun) -> Json:
    """Return what a real run did; nothing where that cannot be read, as if there had been none."""
    try:
        entries: Json = entries_of(run)
    except MALFORMED:
        return []
    return entries if all(isinstance(one, dict) and "step_name" in one for one in entries) else []
