"""Tell runs: gather what their sentence is made from, for many runs in one question."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.utils.safestring import SafeString

from workflows.engine.progress import WaitType
from workflows.engine.statuses import RunStatus
from workflows.models.run import WorkflowRun
from workflows.models.version import WorkflowVersion
from workflows.presentation.badges import run_badge
from workflows.presentation.runs.entries import step_error
from workflows.presentation.runs.facts import RunFacts
from workflows.presentation.runs.plans import Plan, plan_of
from workflows.presentation.runs.summary import summary
from workflows.presentation.times import by_clock, short_moment
from workflows.presentation.vocabulary import step_title
from workflows.services.runs.subjects import Subjects

# What a plan is read from, of a version's program.
_PARTS: Final = ("instructions", "on_failure", "settings")
NEVER_BY_CLOCK: Final = 9999  # the year until which waits that no clock ends are put off
# By workflow, version, and where the run begins: a child run carries out a part of the program.
Plans = Mapping[tuple[UUID, int, int], Plan]


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
        plan=plans.get(_key(run), Plan()),
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
    )


@dataclass(frozen=True, slots=True)
class Told:
    """A run as short lists show it."""

    run: WorkflowRun
    badge: SafeString
    when: str
    sentence: str
    about: SafeString | None = None  # the record, linked; None where the page is that record's


def told(run: WorkflowRun, plans: Plans, subjects: Subjects | None = None) -> Told:
    """Return the run for a short list; with `subjects` it names its record."""
    when = short_moment(run.started_at or run.created_at)
    subject = (subjects or {}).get((run.subject_type, run.subject_id))
    sentence = summary(facts_of(run, plans))
    return Told(run, run_badge(run.status), when, sentence, subject.link if subject else None)


def failed_step(run: WorkflowRun, plans: Plans) -> tuple[str, str]:
    """Return the label of the step that failed first, and why; "" and "" if none did."""
    if not run.error_code:
        return "", ""
    labels = plans.get(_key(run), Plan()).labels
    name = run.error_step or ""
    results = run.step_results if isinstance(run.step_results, list) else []
    # Of a run whose row cannot be read, whatever is no entry.
    known = (entry for entry in reversed(results) if isinstance(entry, dict))
    entries = (entry for entry in known if entry.get("step_name") == name)
    errors = (step_error(entry, labels) for entry in entries if entry.get("error"))
    return step_title(labels.get(name), name), next(errors, run.error_message or run.error_code)


def _key(run: WorkflowRun) -> tuple[UUID, int, int]:
    return run.definition_id, run.version, run.entry


def is_put_off(run: WorkflowRun) -> bool:
    """Whether a live run is due by no clock: somebody else wakes it."""
    return run.due_at is not None and run.due_at.year >= NEVER_BY_CLOCK


def _due(run: WorkflowRun) -> str:
    return by_clock(run.due_at) if run.due_at and not is_put_off(run) else ""
