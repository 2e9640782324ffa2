"""Ask another system anything, page after page if its answer comes in pages."""

import re
from dataclasses import replace
from typing import Final
from urllib.parse import urljoin

from django.utils.translation import gettext_lazy as _

from actions.clock import Deadline
from actions.errors import PermanentFailure, TemporaryFailure
from actions.outbound.addresses import target_of
from actions.outbound.answer import HttpAnswer
from actions.outbound.client import send
from actions.outbound.request import Request
from actions.registry import action
from actions.spec import ActionContext, Effect, Preview
from actions.tables.rows import path_of_field
from actions.web.answer import (
    ANSWER,
    ANSWER_PATH,
    EXAMPLE,
    FAIL_WHEN,
    answer_lacks,
    check_size,
    kept,
    likely_output,
    picked,
    refuse_failure,
    response_schema,
    values_of,
)
from actions.web.request import (
    ACCEPT_STATUS,
    BODY,
    CONNECTION,
    HEADERS,
    URL,
    is_same_server,
    preview_of,
    request_of,
    with_query,
)
from tenants.core.json import Json
from tenants.core.values.comparison import as_text
from tenants.core.values.paths import MISSING, lookup

USUAL_PAGES: Final = 10
_ITEM_PATH: Final = r"^(status|headers|body|item)([.\[].+)?$"
# RFC 8288, as servers write it: <https://…?page=2>; rel="next"
_NEXT_LINK: Final = re.compile(r'<([^<>]*)>[^<]*;\s*rel="?next"?', re.IGNORECASE)
_PATH: Final = {"type": "string", "pattern": ANSWER_PATH, "x-no-template": True}
_SCALARS: Final = ["string", "number", "boolean", "null"]
PARAMS: Final = {
    "type": "object",
    "additionalProperties": False,
    "required": ["method", "url"],
    "properties": {
        "method": {
            "type": "string",
            "title": _("Method"),
            "enum": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            "x-no-template": True,
        },
        "url": URL,
        "query": {
            "type": "object",
            "title": _("Query"),
            "description": _("Added to the address after a question mark; null is left out."),
            "additionalProperties": {
                "type": [*_SCALARS, "array"],
                "items": {"type": _SCALARS},
            },
            "x-more": True,
        },
        "headers": HEADERS,
        "body": BODY,
        "connection": CONNECTION,
        "accept_status": ACCEPT_STATUS,
        "fail_when": FAIL_WHEN,
        "response": response_schema(
            _ITEM_PATH,
            _(
                "A name for later steps, and where it stands in the answer: deal_id, body.data.id."
                " With pages, in each item: id, item.id."
            ),
        ),
        "example": EXAMPLE,
        "pages": {
            "type": "object",
            "title": _("Pages"),
            "description": _("For lists that come in pages: fetches one after the other."),
            "additionalProperties": False,
            "required": ["next", "items"],
            "properties": {
                "next": {
                    **_PATH,
                    "title": _("Next page"),
                    "description": _(
                        "Where the address of the next page stands, or its mark: body.next,"
                        " headers.link. If nothing is there, the page is the last."
                    ),
                },
                "cursor": {
                    "type": "string",
                    "title": _("Name of the mark"),
                    "description": _(
                        "If it is a mark and no address: how the query calls it, such as after."
                    ),
                    "minLength": 1,
                    "x-no-template": True,
                },
                "items": {
                    **_PATH,
                    "title": _("List"),
                    "description": _("Where the list stands in each page: body.data."),
                },
                "at_most": {
                    "type": "integer",
                    "title": _("At most"),
                    "description": _("How many pages. Empty: 10."),
                    "minimum": 1,
                    "maximum": 100,
                    "default": USUAL_PAGES,
                },
            },
            "x-more": True,
        },
    },
}
OUTPUT: Final = {
    "type": "object",
    "required": ["status"],
    "properties": {
        **ANSWER,
        "items": {
            "type": "array",
            "title": _("Items"),
            "description": _("With pages: the items of all of them."),
        },
        "pages": {
            "type": "integer",
            "title": _("Pages"),
            "description": _("How many pages were fetched."),
        },
        "more": {
            "type": "boolean",
            "title": _("More"),
            "description": _("Whether there are pages that were not."),
        },
    },
    # What was picked, by its names.
    "additionalProperties": True,
    "x-named-in": "response.pick",
}


def preview_request(params: Json, context: ActionContext) -> Preview:
    """Show the request; of a list in pages, the one for the first."""
    request = request_of(params["method"], params, context)
    if "pages" in params:
        return preview_of(request, {"status": 200, "items": [], "pages": 1, "more": False})
    return preview_of(request, likely_output(params))


@action(
    "http_request",
    label=_("Ask another system"),
    description=_("Sends any HTTP request and keeps what you need of the answer."),
    params=PARAMS,
    output=OUTPUT,
    # With a method that is not repeatable by itself the Idempotency-Key makes it so.
    effect=Effect.REPEATABLE,
    preview=preview_request,
    icon="globe",
    ui={"summary": "%(method)s %(url)s"},
)
def http_request(params: Json, context: ActionContext) -> Json:
    """Send the request. A 4xx answer is permanent: the same request would be refused again."""
    request = request_of(params["method"], params, context)
    if "pages" in params:
        return _all_pages(request, params, context)
    answer = send(
        request, idempotency_key=context.idempotency_key, timeout_seconds=context.timeout_seconds
    )
    refuse_failure(answer, request, params, context)
    return kept(answer, params)


def _all_pages(first: Request, params: Json, context: ActionContext) -> Json:
    deadline = Deadline()
    deadline.start(context.timeout_seconds)
    items: list[Json] = []
    status, number, seen = 0, 0, set()
    request: Request | None = first
    while request is not None and number < params["pages"].get("at_most", USUAL_PAGES):
        if request.url in seen:
            host = target_of(first.url).host
            raise PermanentFailure("page_repeated", host=host, page=number)
        seen.add(request.url)
        number += 1
        answer = _page(number, request, context, deadline)
        refuse_failure(answer, request, params, context)
        items += _items(answer, request, params)
        check_size(items)
        status, request = answer.status, _next(answer, request, first, params["pages"])
    return {"status": status, "items": items, "pages": number, "more": request is not None}


def _page(number: int, request: Request, context: ActionContext, deadline: Deadline) -> HttpAnswer:
    # Each page is a request of its own: with one key the server might give the first answer again.
    key = context.idempotency_key if number == 1 else f"{context.idempotency_key}-page-{number}"
    try:
        left = deadline.remaining_seconds()
    except TimeoutError:
        host = target_of(request.url).host
        raise TemporaryFailure("timed_out", host=host, may_have_arrived=False) from None
    return send(request, idempotency_key=key, timeout_seconds=left)


def _items(answer: HttpAnswer, request: Request, params: Json) -> list[Json]:
    if not 200 <= answer.status < 300:
        return []  # accepted by the step: it says that there is nothing
    values, path = values_of(answer), params["pages"]["items"]
    items = lookup(values, path_of_field(path))
    if not isinstance(items, list):
        raise answer_lacks(path, request, answer)
    pick = params.get("response", {}).get("pick")
    return items if pick is None else [picked({**values, "item": item}, pick) for item in items]


def _next(answer: HttpAnswer, request: Request, first: Request, pages: Json) -> Request | None:
    """Return the request for the page after this one; None: this was the last."""
    mark = lookup(values_of(answer), path_of_field(pages["next"]))
    if pages["next"] == "headers.link" and isinstance(mark, str):
        link = _NEXT_LINK.search(mark)
        mark = link[1] if link else None
    if mark is MISSING or mark in (None, "", False) or not 200 <= answer.status < 300:
        return None
    if isinstance(mark, bool | dict | list):
        raise answer_lacks(pages["next"], request, answer)
    if "cursor" in pages:
        return replace(first, url=with_query(first.url, {pages["cursor"]: mark}))
    try:
        url = urljoin(request.url, as_text(mark))
    except ValueError:
        url = as_text(mark)  # refused below, in words
    # Another server would be sent the credentials.
    if not is_same_server(url, first.url):
        raise PermanentFailure("page_on_other_server", host=target_of(first.url).host)
    return replace(request, url=url)
