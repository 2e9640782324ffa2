"""What a person does about a failed step, in the words of what the step does."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from tenants.core.json import Json

Entry = Mapping[str, Json]

_MESSAGES: Final = frozenset({"whatsapp_notify", "team_notify"})
_MAIL: Final = "send_email"
_AGAIN: Final[Mapping[str, Any]] = {
    "approval": _("Ask again"),
    "for_each": _("Do the failed ones again"),
    "parallel": _("Do the failed branches again"),
    "run_workflow": _("Let the other workflow go on"),
    _MAIL: _("Send this mail again"),
    **dict.fromkeys(_MESSAGES, _("Send this message again")),
}
_WITH_IT: Final[Mapping[str, Any]] = {
    "for_each": _("Do the failed ones again with it"),
    "parallel": _("Do the failed branches again with it"),
    _MAIL: _("Send this mail again with it"),
    **dict.fromkeys(_MESSAGES, _("Send this message again with it")),
}
_IN_PART: Final = _("Send it to the ones who did not get it")


def again_words(entry: Entry) -> str:
    """Return what the button says that does a step again."""
    if _is_in_part(entry):
        return str(_IN_PART)
    if entry.get("action") in {"for_each", "parallel", "run_workflow"} and not entry.get(
        "children"
    ):
        return str(_("Do it again"))
    return str(_AGAIN.get(str(entry.get("action")), _("Do it again")))


def with_it_words(entry: Entry) -> str:
    """Return what the button says that does it again with another value."""
    if _is_in_part(entry):
        return str(_("Send it to the ones who did not get it, with it"))
    return str(_WITH_IT.get(str(entry.get("action")), _("Do it again with it")))


def sends(action: str) -> bool:
    """Whether a step sends something to people."""
    return action in {*_MESSAGES, _MAIL}


def _is_in_part(entry: Entry) -> bool:
    kept = entry.get("so_far")
    return entry.get("action") == _MAIL and isinstance(kept, dict) and bool(kept.get("accepted"))
