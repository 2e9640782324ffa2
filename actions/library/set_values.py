"""Give names to values, so that later steps read them in one place."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from actions.registry import action
from actions.spec import ActionContext, Effect
from tenants.core.json import Json

PARAMS: Final = {
    "type": "object",
    "additionalProperties": False,
    "required": ["values"],
    "properties": {
        "values": {
            "type": "object",
            "title": _("Values"),
            "description": _("A name for each: later steps read steps.<this step>.output.<name>."),
            "minProperties": 1,
            "maxProperties": 100,
            "propertyNames": {"minLength": 1, "maxLength": 100},
            "additionalProperties": {"title": _("Value")},
        }
    },
}
OUTPUT: Final = {"type": "object", "additionalProperties": True, "x-named-in": "values"}


@action(
    "set_values",
    label=_("Set values"),
    description=_("Works out values once, under names of their own, for later steps."),
    params=PARAMS,
    output=OUTPUT,
    effect=Effect.REPEATABLE,
    is_local=True,
    icon="tag",
    ui={"summary": "%(values)s"},
)
def set_values(params: Json, context: ActionContext) -> Json:
    """Return the values. Never fails."""
    return params["values"]
