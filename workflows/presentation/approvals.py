"""What became of an approval, and why something was not accepted, in words."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.core.text.listing import listed
from workflows.models.approval import WorkflowApproval
from workflows.presentation.actors import actor_words
from workflows.presentation.badges import Badge


class ApprovalState(StrEnum):
    """Where an approval stands."""

    OPEN = "open"
    DECIDED = "decided"
    EXPIRED = "expired"
    ENDED = "ended"


LABELS: Final = {
    ApprovalState.OPEN: gettext_lazy("Open"),
    ApprovalState.DECIDED: gettext_lazy("Decided"),
    ApprovalState.EXPIRED: gettext_lazy("Time is over"),
    ApprovalState.ENDED: gettext_lazy("No longer needed"),
}
WAYS: Final[Mapping[str, Any]] = {
    "admin": gettext_lazy("on its page in Sayr"),
    "link": gettext_lazy("through the link in the mail"),
    "api": gettext_lazy("through another application"),
    "timeout": gettext_lazy("because the time was over"),
}
REFUSALS: Final[Mapping[str, Any]] = {
    "not_asked": gettext_lazy("Others were asked to decide this."),
    "key_not_asked": gettext_lazy(
        "The question does not name this key, as key:<its name>, or not the person it decides for."
    ),
    "own_request": gettext_lazy(
        "You asked for this yourself, or a schedule, a key or a retry of yours did, so somebody "
        "else has to decide."
    ),
    "run_ended": gettext_lazy("The workflow has ended meanwhile: there is nothing to decide."),
    "step_over": gettext_lazy(
        "This question is closed: its step has ended. If the workflow asks again, that is a new "
        "question."
    ),
    "expired": gettext_lazy("The time to decide is over."),
    "link_expired": gettext_lazy(
        "This link is too old. If you have an account, log in and decide there; or else ask "
        "whoever sent it to have the question put again."
    ),
    "already_decided": gettext_lazy("Somebody has decided this already."),
    "unknown_choice": gettext_lazy("Choose one of the answers."),
}
MAIL_FAILURES: Final[Mapping[str, Any]] = {
    "mail_address_invalid": gettext_lazy("this is no address that a mail can be sent to."),
    "mail_recipients_refused": gettext_lazy("the mail server does not know the address."),
}
FAULTS: Final[Mapping[str, Any]] = {
    "required": gettext_lazy("Fill this in."),
    "not_a_number": gettext_lazy("Write a number, like 149.90."),
    "not_yes_or_no": gettext_lazy("Choose yes or no."),
    "not_a_choice": gettext_lazy("Choose one from the list."),
    "not_text": gettext_lazy("Write a text."),
    "too_long": gettext_lazy("At most %(limit)s characters."),
    "bad_characters": gettext_lazy("There is a character in it that cannot be stored."),
    "unknown_field": gettext_lazy("The form has no such field."),
}


def state_badge(state: ApprovalState, choice_label: str = "") -> Badge:
    """Return the state in its colour; of a decided one, what was chosen."""
    # A choice is neither good nor bad: what “refuse” means is the workflow's affair.
    tone = "waiting" if state is ApprovalState.OPEN else "decided"
    return Badge(tone, choice_label or str(LABELS[state]))


def decision_words(approval: WorkflowApproval, choice_label: str, when: str) -> str:
    words = {
        "choice": choice_label or approval.choice,
        "when": when,
        "way": str(WAYS.get(approval.decided_via, approval.decided_via)),
        "who": actor_words(approval.decided_by),
    }
    if approval.decided_via == "timeout" or not words["who"]:
        if not words["choice"]:
            return _("Nobody decided in time; the time was over at %(when)s.") % words
        return _("Nobody decided in time: “%(choice)s” counts since %(when)s.") % words
    return _("%(who)s chose “%(choice)s” on %(when)s, %(way)s.") % words


def need_words(choices: list[str]) -> str:
    """Return who has to answer a question of the form: who chooses one of these."""
    if not choices:
        return _("(optional)")
    return _("(only needed for: %(choices)s)") % {"choices": listed(choices)}


def mail_failure_words(failures: Any) -> list[str]:
    """Return who could not be told of an approval, and why, a sentence each."""
    found = sorted(failures.items()) if isinstance(failures, dict) else []
    return [_mail_failure(person, str(code)) for person, code in found]


def _mail_failure(person: str, code: str) -> str:
    if not person:
        return _("Nobody could be told by mail: it could not be made (%(code)s).") % {"code": code}
    why = str(MAIL_FAILURES.get(code, code))
    return _("The mail to %(person)s could not be sent: %(why)s") % {"person": person, "why": why}


def refusal_words(reason: str) -> str:
    return str(REFUSALS.get(reason, reason))


def fault_words(code: str, params: Mapping[str, Any]) -> str:
    return str(FAULTS[code]) % params if code in FAULTS else code
