"""What a step makes of a web server's answer: whether it means failure, and what is kept of it."""

from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from actions.conf import settings
from actions.errors import PermanentFailure
from actions.outbound.addresses import target_of
from actions.outbound.answer import HttpAnswer
from actions.outbound.client import Request
from actions.spec import ActionContext
from actions.tables.rows import (
    MAX_ROWS,
    does_not_compare,
    path_of_field,
    row_holds,
    row_schema,
    shortened,
)
from tenants.core.json import Json, jsontext
from tenants.core.values.comparison import Incomparable
from tenants.core.values.paths import MISSING, lookup

ANSWER_PATH: Final = r"^(status|headers|body)([.\[].+)?$"
FAIL_WHEN: Final = {
    "type": "array",
    "title": _("Fails when"),
    "description": _("For servers that say “all is well” and mean an error: one of these is true."),
    "maxItems": MAX_ROWS,
    "items": row_schema(
        {
            "title": _("Part of the answer"),
            "description": _("Begins with status, headers or body: body.error.code."),
            "pattern": ANSWER_PATH,
        },
        message={
            "type": "string",
            "title": _("Message"),
            "description": _("What support staff read then."),
            "x-text": "plain",
        },
    ),
    "x-more": True,
}

# What the output holds, unless the step keeps only a part.
ANSWER: Final = {
    "status": {"type": "integer", "title": _("Status")},
    "headers": {
        "type": "object",
        "title": _("Headers"),
        "additionalProperties": {"type": "string"},
    },
    "body": {
        "title": _("Body"),
        "description": _("JSON if the answer is JSON, else text; empty: null."),
    },
    "nothing_found": {
        "type": "object",
        "title": _("Nothing was found"),
        "description": _("Only if nothing of what to keep is in the answer: where it was sought."),
        "properties": {
            "paths": {
                "type": "array",
                "title": _("What was sought"),
                "items": {"type": "string"},
            },
            "body": {
                "type": "string",
                "title": _("What came instead"),
                "enum": ["json", "text", "html", "empty"],
            },
        },
    },
}


def response_schema(path: str, description: Any) -> dict[str, Json]:
    """Return the schema of what to keep; `path` is the pattern of the paths."""
    return {
        "type": "object",
        "title": _("What to keep of the answer"),
        "additionalProperties": False,
        "properties": {
            "pick": {
                "type": "object",
                "title": _("Keep only"),
                "description": description,
                "minProperties": 1,
                "maxProperties": 100,
                "propertyNames": {"pattern": "^(?!(status|items|pages|more)$).{1,100}$"},
                "additionalProperties": {
                    "type": "string",
                    "pattern": path,
                    "x-no-template": True,
                },
            }
        },
        "x-more": True,
    }


RESPONSE: Final = response_schema(
    ANSWER_PATH,
    _("A name for later steps, and where it stands in the answer: deal_id, body.data.id."),
)


def values_of(answer: HttpAnswer) -> dict[str, Json]:
    return {"status": answer.status, "headers": dict(answer.headers), "body": answer.body}


def refuse_failure(
    answer: HttpAnswer, request: Request, params: Json, context: ActionContext
) -> None:
    """Raise PermanentFailure if the answer means failure although its status does not say so."""
    values, zone = values_of(answer), ZoneInfo(context.tenant.time_zone)
    host = target_of(request.url).host
    for row in params.get("fail_when", ()):
        try:
            means_failure = row_holds(row, values, zone)
        except Incomparable as reason:
            if reason.code == "missing_value":
                raise answer_lacks(row["field"], request, answer) from None
            raise does_not_compare(row, reason) from None
        if means_failure:
            raise PermanentFailure(
                "answer_means_failure",
                host=host,
                status=answer.status,
                message=row.get("message", ""),
                rule=_as_read(row),
                answer=answer.excerpt,
            )


def answer_lacks(path: str, request: Request, answer: HttpAnswer) -> PermanentFailure:
    """Return the failure of an answer without what a step has to know."""
    came = {} if answer.kind == "json" else {"came": answer.kind, "answer": answer.excerpt}
    host = target_of(request.url).host
    return PermanentFailure("answer_lacks_field", host=host, field=path, **came)


def looks_into_body(params: Json) -> bool:
    """Whether a step names something inside the body of the answer, so that it expects JSON."""
    named = [
        *params.get("response", {}).get("pick", {}).values(),
        *(row["field"] for row in params.get("fail_when", ())),
        *(params.get("pages", {}).get(name, "") for name in ("items", "next")),
    ]
    is_list = params.get("pages", {}).get("items") == "body"
    return is_list or any(path.startswith(("body.", "body[")) for path in named)


def picked(values: Json, pick: Mapping[str, str]) -> dict[str, Json]:
    """Return what lies at the paths; what is missing stays missing, as it is for templates."""
    found = {name: lookup(values, path_of_field(path)) for name, path in pick.items()}
    return {name: value for name, value in found.items() if value is not MISSING}


def kept(answer: HttpAnswer, params: Json) -> dict[str, Json]:
    """Return the step's output. Raises PermanentFailure if it is too large to keep."""
    values = values_of(answer)
    pick = params.get("response", {}).get("pick")
    if pick is None:
        output = values
    else:
        found = picked(values, pick)
        output = {"status": answer.status, **(found or _nothing_of(pick, answer))}
    check_size(output)
    return output


def _nothing_of(pick: Mapping[str, str], answer: HttpAnswer) -> dict[str, Json]:
    """Return what is told where nothing was found: a later step that needs it says no more."""
    return {"nothing_found": {"paths": list(pick.values()), "body": answer.kind}}


def likely_output(params: Json) -> dict[str, Json]:
    """Return what a step might keep of an answer that nobody has asked for."""
    pick = params.get("response", {}).get("pick")
    if pick is None:
        return {"status": 200, "headers": {}, "body": {}}
    return {"status": 200, **{name: f"«{name}»" for name in pick}}


def check_size(output: Json) -> None:
    """Raise PermanentFailure for more than a step may leave behind."""
    size, limit = len(jsontext.dumps(output).encode()), settings().output_limit_bytes
    if size > limit:
        raise PermanentFailure("output_too_large", bytes=size, limit_bytes=limit)


def _as_read(row: Mapping[str, Json]) -> str:
    value = row.get("value")
    said = f"{row['field']} {row['operator']}"
    return said if value is None else f"{said} {shortened(value)}"
