"""Who sees to a run, as its page shows it."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from workflows.engine.statuses import RunStatus
from workflows.models.run import WorkflowRun
from workflows.presentation.actors import actor_words
from workflows.presentation.times import short_moment


@dataclass(frozen=True, slots=True)
class Taking:
    """Who sees to a run, and what the reader may do about that."""

    said: str = ""  # who sees to it; "": nobody
    taken_by: str = ""  # as it is stored
    may_take: bool = False
    is_own: bool = False


def taking(run: WorkflowRun, actor: str, *, may_take: bool) -> Taking:
    """Return who sees to a run; it can be taken where there is something to see to."""
    calls_for_it = bool(run.error_code) or not RunStatus(run.status).has_ended
    offered = may_take and run.parent_run is None and (calls_for_it or bool(run.taken_by))
    if not run.taken_by or run.taken_at is None:
        return Taking(may_take=offered)
    words = {"person": actor_words(run.taken_by), "time": short_moment(run.taken_at)}
    is_own = run.taken_by == actor
    said = (
        _("You see to it since %(time)s.") if is_own else _("%(person)s sees to it since %(time)s.")
    )
    return Taking(said % words, run.taken_by, offered, is_own)
