"""Leave a note in the history of the run."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from actions.registry import action
from actions.spec import ActionContext, Effect
from tenants.core.json import Json

# What is kept of a note: a list that was printed, or an answer from outside, can be any length.
MAX_CHARACTERS: Final = 10_000

PARAMS: Final = {
    "type": "object",
    "additionalProperties": False,
    "required": ["text"],
    "properties": {
        "text": {
            "type": "string",
            "title": _("Note"),
            "description": _("What support staff read in the history of the run."),
            "minLength": 1,
            "x-text": "plain",
            "x-widget": "textarea",
        },
        "level": {
            "type": "string",
            "title": _("Level"),
            "description": _("A warning stands out."),
            "enum": ["info", "warning"],
            "default": "info",
            "x-no-template": True,
        },
    },
}
OUTPUT: Final = {
    "type": "object",
    "required": ["text"],
    "properties": {
        "text": {"type": "string", "title": _("Text")},
        "left_out": {
            "type": "integer",
            "title": _("Characters left out"),
            "description": _("Of a note that was too long to be kept: how many did not fit."),
        },
    },
}


@action(
    "log_note",
    label=_("Leave a note"),
    description=_("Writes a note into the history of the run, for whoever reads it later."),
    params=PARAMS,
    output=OUTPUT,
    effect=Effect.REPEATABLE,
    is_local=True,
    icon="note",
    ui={"summary": "%(text)s"},
)
def log_note(params: Json, context: ActionContext) -> Json:
    """Return the text: the step's result is the note. Never fails: a long one is shortened."""
    text = params["text"]
    left_out = len(text) - MAX_CHARACTERS
    if left_out <= 0:
        return {"text": text}
    return {"text": f"{text[:MAX_CHARACTERS]}…", "left_out": left_out}
