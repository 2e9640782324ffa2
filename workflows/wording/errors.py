"""One sentence for each code that a step or a run can fail with."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from actions import wording as actions_wording
from workflows.wording import problems

# The engine's own codes. Actions and the language bring theirs.
SENTENCES: Final[Mapping[str, Any]] = {
    "unknown_action": _(
        "This version uses the action “%(action)s”, which no longer exists. "
        "Publish the workflow with another action and start it again."
    ),
    "outcome_unknown": _(
        "The worker stopped in the middle of this step, and nobody knows whether it was done. "
        "Look on the other side before you repeat it."
    ),
    "poisoned": _(
        "The worker died in this run %(crashes)s times. It will not be tried again: "
        "a developer has to find out why."
    ),
    "program_unreadable": _(
        "The program of this version cannot be executed here. "
        "Publish the workflow again: %(reason)s"
    ),
    "stopped": _("The workflow stopped here: %(message)s"),
    "not_in_time": _("It was tried %(rounds)s times, and the condition was never met."),
    "cancelled": _("The run was cancelled."),
    "output_too_large": _(
        "The step's result is %(bytes)s bytes; at most %(limit_bytes)s are kept. "
        "Ask for less of the answer."
    ),
    "output_not_json": _("The step's result cannot be stored: %(reason)s"),
    "action_crashed": _("The action itself has a fault, tell a developer: %(reason)s"),
    "refused_by_database": _("The database refused the change: %(reason)s"),
    "database_trouble": _("The database could not do this now: %(reason)s"),
    "nothing_fires": _(
        "Nothing fires “%(event)s” any more: it is no event that is known here, no schedule and "
        "no workflow fires it, and none came in the last 30 days."
    ),
    "condition_not_met": _("Skipped: its condition was not met."),
}


def sentence(code: str, params: Mapping[str, Any] | None) -> str:
    """Return the sentence in the active language.

    Never raises: an unknown code is shown as it is.
    """
    values = dict(params or {})
    if code in SENTENCES:
        try:
            return str(SENTENCES[code]) % values
        except (KeyError, TypeError, ValueError):
            return f"{code} {values}"
    if code in actions_wording.SENTENCES:
        return actions_wording.sentence(code, values)
    return problems.sentence(code, values)
