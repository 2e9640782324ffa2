"""What is wrong with an answer, in words: more exactly than the failure's code says it."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

# What came instead of what a step looks for in JSON.
_CAME: Final[Mapping[str, Any]] = {
    "text": _("a text that is no JSON"),
    "html": _("an HTML page"),
    "empty": _("an empty answer"),
}
_INSTEAD: Final = _(
    "The step looks for “%(field)s” in the answer of %(host)s, and what came was %(came)s. It was"
    " done all the same; compare the step with what the server really answers. It says: %(answer)s"
)
_UNREADABLE: Final[Mapping[str, Any]] = {
    "coding": _(
        "The answer of %(host)s is compressed as “%(coding)s”, which nobody asked for, and cannot"
        " be read. Whoever runs the server has to correct that."
    ),
    "damaged": _("The answer of %(host)s cannot be read: its compression is damaged."),
    "undeclared": _(
        "The answer of %(host)s is compressed without saying so, and cannot be read. Whoever runs"
        " the server has to correct that."
    ),
}


def of_answer(code: str, params: Mapping[str, Any]) -> Any | None:
    """Return the sentence that the parameters allow; None: they say no more than the code."""
    if code == "answer_lacks_field" and params.get("came") in _CAME:
        return str(_INSTEAD).replace("%(came)s", str(_CAME[params["came"]]))
    if code == "answer_unreadable":
        return _UNREADABLE.get(str(params.get("fault")))
    return None
