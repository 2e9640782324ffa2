"""Tell runs: gather what their sentence is made from, for many runs in one question."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.safestring import SafeString

from workflows.engine.statuses import RunStatus
from workflows.models.run import WorkflowRun
from workflows.models.version import WorkflowVersion
from workflows.services.subjects import Subjects
from workflows.wording.badges import run_badge
from workflows.wording.runs import summary
from workflows.wording.timeline import PlannedStep, RunFacts, step_error
from workflows.wording.times import short_moment
from workflows.wording.values import spelt_out

Plan = tuple[PlannedStep, ...]
Plans = Mapping[tuple[UUID, int], Plan]


def plans_of(runs: Iterable[WorkflowRun]) -> Plans:
    """Return the steps of each version that these runs execute, in one query."""
    wanted = {(run.definition_id, run.version) for run in runs}
    if not wanted:
        return {}
    versions = WorkflowVersion.objects.filter(
        definition__in={definition for definition, _version in wanted},
        version__in={version for _definition, version in wanted},
    ).values_list("definition_id", "version", "document__steps")
    return {
        (definition, version): _plan(steps)
        for definition, version, steps in versions
        if (definition, version) in wanted
    }


def facts_of(run: WorkflowRun, plans: Plans) -> RunFacts:
    """Return all that the run's story is told from."""
    return RunFacts(
        status=RunStatus(run.status),
        plan=plans.get((run.definition_id, run.version), ()),
        results=run.step_results,
        pending=run.pending,
        error_code=run.error_code,
        error_message=run.error_message,
        due_at=_clock(run.due_at) if run.status == RunStatus.WAITING else "",
        is_paused=run.tenant.paused_at is not None,
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
    plan = plans.get((run.definition_id, run.version), ())
    labels = {step.name: step.label for step in plan if step.label}
    name = run.error_step or ""
    entries = (entry for entry in run.step_results if entry["step_name"] == name)
    errors = (step_error(entry) for entry in entries if entry.get("error"))
    return labels.get(name) or spelt_out(name), next(errors, run.error_message or run.error_code)


def _plan(steps: Any) -> Plan:
    found = (step for step in steps or () if isinstance(step, dict))
    return tuple(
        PlannedStep(step["name"], step.get("label") or "", step["action"]) for step in found
    )


def _clock(moment: datetime | None) -> str:
    """Return the time; on another day, the day as well."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    return f"{local:%H:%M}" if local.date() == timezone.localdate() else short_moment(moment)
