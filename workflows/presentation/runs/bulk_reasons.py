"""Why a run is left alone when many are retried, and what is not noted of a problem, in words."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from workflows.presentation.runs.refusals import refusal_sentence

# Of a retry of many; what else can be refused has its sentence where it is refused.
SENTENCES: Final[Mapping[str, Any]] = {
    "under_way": _("It has not ended yet: it is under way, or waits for something."),
    "nothing_wrong": _("Nothing failed in it."),
    "was_cancelled": _("Somebody cancelled it. To let it go on, open it."),
    "is_unclear": _(
        "It is unclear whether a step of it was done, so somebody has to look first. Open it, and "
        "say what became of the step."
    ),
    "was_started_again": _("Somebody started it again already: see the new run."),
    "changed_meanwhile": _("Somebody retried it after it was chosen here."),
    "unreadable_run": _("What is stored of it cannot be read. A developer has to look at it."),
    "unknown_run": _("It does not exist any more."),
    "not_failed": _("What failed in it cannot be done again by itself. Open it to see what can."),
}

# Why what somebody says of a problem is not noted.
_OF_PROBLEMS: Final[Mapping[str, Any]] = {
    "problem_solved": _("It is solved already."),
    "problem_grew": _(
        "More runs failed so meanwhile. Look at them first: they are not noted as solved."
    ),
}


def problem_refusal(code: str) -> str:
    """Return why it is not noted; an unknown code is shown as it is."""
    return str(_OF_PROBLEMS.get(code, code))


def bulk_reason(code: str) -> str:
    """Return why a run is left alone; an unknown code is shown as it is."""
    return str(SENTENCES[code]) if code in SENTENCES else refusal_sentence(code)
