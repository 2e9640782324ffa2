"""Runs as pages show them: in a list, in a sentence, or one with all that belongs to it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery

from actions import records
from tenants.core.database.ids import uuid_or_none
from workflows.engine.progress import WaitType
from workflows.engine.statuses import RunStatus
from workflows.models.definition import WorkflowVersion
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.presentation.badges import Badge, run_badge
from workflows.presentation.runs.entries import RunFacts, step_error
from workflows.presentation.runs.plans import VersionPlan, every_step, plan_of
from workflows.presentation.runs.summary import summary
from workflows.presentation.runs.wrong_values import About, value_sentence
from workflows.presentation.times import by_clock, short_moment
from workflows.presentation.vocabulary import step_title
from workflows.services.runs.entries import MAX_SHOWN, entries_of

# What a plan is read from, of a version's program.
_PARTS: Final = ("instructions", "on_failure", "settings")
NEVER_BY_CLOCK: Final = 9999  # the year until which waits that no clock ends are put off
# By workflow, version, and where the run begins: a child run carries out a part of the program.
Plans = Mapping[tuple[UUID, int, int], VersionPlan]
MAX_REPEATS: Final = 20
_IS_ENTRY: Final = {"step_name", "action", "status"}
_VERSION: Final = Subquery(
    WorkflowVersion.objects.filter(
        definition=OuterRef("definition_id"), version=OuterRef("version")
    ).values("pk")[:1]
)
# Large columns of other rows that no page of a run reads.
_DEFERRED: Final = (
    *("definition__definition", "definition__draft"),
    *("event__payload", "event__previous", "event__evaluations", "event__search_keys"),
)


@dataclass(frozen=True, slots=True)
class Subject:
    """A record as lists name it."""

    label: str
    model: str = ""  # its app and model: "tenants_order"; "" if it is gone
    key: str = ""


Subjects = Mapping[tuple[str, str], Subject]


def subjects_of(rows: Iterable[Any]) -> Subjects:
    """Return the subject of each row, in one query for each kind of record."""
    wanted: dict[str, dict[str, UUID]] = defaultdict(dict)
    for row in rows:
        if row.subject_id:
            wanted[row.subject_type][row.subject_id] = row.tenant_id
    found: dict[tuple[str, str], Subject] = {}
    for kind, ids in wanted.items():
        known = _records(kind, ids)
        for key in ids:
            found[kind, key] = known.get(key) or Subject(f"{kind} {key}")
    return found


def subject_of(row: Any) -> Subject | None:
    """Return the record that a run or an event is about."""
    return subjects_of([row]).get((row.subject_type, row.subject_id))


def _records(kind: str, ids: Mapping[str, UUID]) -> Mapping[str, Subject]:
    try:
        record = records.get(kind)
    except records.UnknownRecord:
        return {}
    keys = [key for key in map(uuid_or_none, ids) if key is not None]
    rows: Iterable[Any] = record.model._default_manager.filter(
        pk__in=keys, tenant__in=set(ids.values())
    )
    meta = record.model._meta
    model, name = f"{meta.app_label}_{meta.model_name}", meta.verbose_name
    return {
        str(row.pk): Subject(f"{str(name).capitalize()} {row}", model, str(row.pk))
        for row in rows
        if ids.get(str(row.pk)) == row.tenant_id
    }


@dataclass(frozen=True, slots=True)
class LoadedRun:
    """One run, and what its page tells of other rows. A plain run takes three statements."""

    run: WorkflowRun  # with its definition and tenant
    event: WorkflowEvent | None
    version_id: UUID | None  # None: its version is gone
    plans: Plans
    facts: RunFacts  # its entries are the latest MAX_SHOWN
    subject: Subject | None
    repeats: Sequence[WorkflowRun]

    @property
    def most_shown(self) -> int:
        """How many entries there are, of a run that had more; 0: all are there."""
        return MAX_SHOWN if self.run.entries_numbered > MAX_SHOWN else 0

    @staticmethod
    def rows(runs: QuerySet[Any]) -> Any:
        """Return the rows of which `of` makes views, each read in one statement."""
        related = runs.select_related("definition", "tenant", "event").defer(*_DEFERRED)
        return related.annotate(version_id=_VERSION)

    @classmethod
    def of(cls, run: Any) -> "LoadedRun":
        """Return the view of one of `rows`. Columns lose what none of their kind can be."""
        results = run.step_results if isinstance(run.step_results, list) else []
        run.pending = run.pending if isinstance(run.pending, dict) else None
        run.step_results = [
            one for one in results if isinstance(one, dict) and one.keys() >= _IS_ENTRY
        ]
        entries = run.step_results
        if run.entries_numbered:
            entries = entries_of(run, latest=MAX_SHOWN)
        plan = _plan(run.version_id, run.entry) if run.version_id else None
        plans = {_key(run): plan} if plan else {}
        event = run.event if run.event and run.event.tenant_id == run.tenant_id else None
        # A part has no values of its own: it reads those of the whole.
        about = About(event.subject_type, event.type) if event else _about(run)
        about = About() if run.parent_run and run.entry == 0 else about  # it was called with others
        return cls(
            run,
            event,
            run.version_id,
            plans,
            replace(facts_of(run, plans), results=entries, about=about),
            subject_of(run),
            repeats_of(run),
        )


@lru_cache(maxsize=256)
def _plan(version_id: UUID, entry: int) -> VersionPlan:
    """Return the plan of a version, which never changes."""
    found = WorkflowVersion.objects.filter(pk=version_id)
    parts = found.values_list(*(f"program__{part}" for part in _PARTS)).get()
    return plan_of(dict(zip(_PARTS, parts, strict=True)), entry)


def plans_of(runs: Iterable[WorkflowRun]) -> Plans:
    """Return what each version that these runs execute plans to do, in one query."""
    wanted = {_key(run) for run in runs}
    if not wanted:
        return {}
    versions = WorkflowVersion.objects.filter(
        definition__in={definition for definition, _version, _entry in wanted},
        version__in={version for _definition, version, _entry in wanted},
    ).values_list("definition_id", "version", *(f"program__{part}" for part in _PARTS))
    programs = {
        (definition, version): dict(zip(_PARTS, parts, strict=True))
        for definition, version, *parts in versions
    }
    return {key: plan_of(programs[key[:2]], key[2]) for key in wanted if key[:2] in programs}


def facts_of(run: WorkflowRun, plans: Plans) -> RunFacts:
    """Return all that the run's story is told from."""
    status = RunStatus(run.status)
    waits_in_lane = status is RunStatus.QUEUED and run.wait_type == WaitType.LANE
    return RunFacts(
        status=status,
        plan=plans.get(_key(run), VersionPlan()),
        results=run.step_results,
        pending=run.pending,
        at=run.current_step,
        error_step=run.error_step,
        error_code=run.error_code,
        error_message=run.error_message,
        due_at=_due(run) if status is RunStatus.WAITING else "",
        is_paused=run.tenant.paused_at is not None,
        is_part=run.parent_run is not None,
        lane=(run.lane or "") if waits_in_lane else None,
        children_open=run.children_open,
        about=_about(run),
    )


def _about(run: WorkflowRun) -> About:
    # Not read for it: only the labels of values are told by the kind of event.
    is_read = "definition" in run._state.fields_cache
    return About(run.subject_type, run.definition.trigger_type if is_read else "")


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run as short lists show it."""

    run: WorkflowRun
    badge: Badge
    when: str
    sentence: str
    subject: Subject | None = None  # None where the page is that record's


def told(run: WorkflowRun, plans: Plans, subjects: Subjects | None = None) -> RunSummary:
    """Return the run for a short list; with `subjects` it names its record."""
    when = short_moment(run.started_at or run.created_at)
    subject = (subjects or {}).get((run.subject_type, run.subject_id))
    sentence = summary(facts_of(run, plans))
    return RunSummary(run, run_badge(run.status), when, sentence, subject)


def failed_step(run: WorkflowRun, plans: Plans) -> tuple[str, str]:
    """Return the label of the step that failed first, and why; "" and "" if none did."""
    if not run.error_code:
        return "", ""
    plan, about = plans.get(_key(run), VersionPlan()), _about(run)
    labels, name = plan.labels, run.error_step or ""
    results = run.step_results if isinstance(run.step_results, list) else []
    # Of a run whose row cannot be read, whatever is no entry.
    known = (entry for entry in reversed(results) if isinstance(entry, dict))
    entries = (entry for entry in known if entry.get("step_name") == name)
    step = next((one for one in every_step(plan) if one.name == name), None)
    errors = (
        value_sentence(entry, step, about) or step_error(entry, labels)
        for entry in entries
        if entry.get("error")
    )
    return step_title(labels.get(name), name), next(errors, run.error_message or run.error_code)


def repeats_of(run: WorkflowRun) -> Sequence[WorkflowRun]:
    """Return the runs that repeat `run`, the newest first.

    They have its event or, with a corrected payload, its workflow: no index leads from a run to
    its repeats, and each of these does.
    """
    same_event = Q(event_id=run.event_id) if run.event_id else Q()
    same_record = Q(subject_type=run.subject_type, subject_id=run.subject_id)
    alike = same_event | same_record if run.subject_id else same_event
    rows = WorkflowRun.objects.filter(
        alike, tenant=run.tenant_id, retried_from=run.pk, id__gt=run.pk
    )
    return list(rows.only("id", "status", "due_at").order_by("-id")[:MAX_REPEATS])


def _key(run: WorkflowRun) -> tuple[UUID, int, int]:
    return run.definition_id, run.version, run.entry


def is_put_off(run: WorkflowRun) -> bool:
    """Whether a live run is due by no clock: somebody else wakes it."""
    return run.due_at is not None and run.due_at.year >= NEVER_BY_CLOCK


def _due(run: WorkflowRun) -> str:
    return by_clock(run.due_at) if run.due_at and not is_put_off(run) else ""
