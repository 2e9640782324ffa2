"""The budgets of evaluations, with the clock of what a thread has used of the processor."""

from time import thread_time

from workflows.definition.budget import (
    FILTER_CPU_SECONDS,
    FILTER_OPERATIONS,
    PREVIEW_CPU_SECONDS,
    PREVIEW_OPERATIONS,
    Budget,
    EventBudget,
)


def step_budget() -> Budget:
    """Return the budget of one step: its condition, its params, what its action works out."""
    return Budget(cpu=thread_time)


def preview_budget() -> Budget:
    """Return the budget of all that one page shows, or of one step of a dry run."""
    return Budget(PREVIEW_OPERATIONS, PREVIEW_CPU_SECONDS, thread_time)


def event_budget() -> EventBudget:
    """Return the budget of all filters that are asked about one event."""
    return EventBudget(thread_time)


def filter_budget() -> Budget:
    """Return the budget of one workflow that is asked alone whether it starts."""
    return Budget(FILTER_OPERATIONS, FILTER_CPU_SECONDS, thread_time)
