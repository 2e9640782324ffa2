"""Rows as their pages count on them, whatever they hold. Not to be saved: much may be left out."""

from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.presentation.runs import evaluations


def readable_run(run: WorkflowRun) -> WorkflowRun:
    """Leave out of a run's columns what none of its kind can be."""
    run.pending = run.pending if isinstance(run.pending, dict) else None
    results = run.step_results if isinstance(run.step_results, list) else []
    run.step_results = [one for one in results if isinstance(one, dict) and one.keys() >= _IS_ENTRY]
    return run


def readable_event(event: WorkflowEvent) -> WorkflowEvent:
    """Leave out of an event's columns what none of its kind can be."""
    event.previous = event.previous if isinstance(event.previous, dict) else None
    event.evaluations = evaluations.readable(event.evaluations)
    return event


_IS_ENTRY = {"step_name", "action", "status"}
