"""Lists a page at a time: what callers say about it, and what they get."""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from workflows.api import description, parameters

MAX_LIMIT: Final = 200
USUAL_LIMIT: Final = 50


def page_parameters(things: str) -> list[OpenApiParameter]:
    """Describe the parameters that every list has; `things` in English, as in "Runs"."""
    return [
        description.query(
            "cursor", "Where the last page ended: take `next` from its answer.", UUID
        ),
        description.query("limit", f"{things} on a page, at most {MAX_LIMIT}.", int),
    ]


def asked_page(given: parameters.Parameters) -> tuple[UUID | None, int]:
    """Return where the page begins, and how long it is at most."""
    before = given.read("cursor", parameters.uuid)
    return before, given.read("limit", parameters.whole(1, MAX_LIMIT)) or USUAL_LIMIT


def page(request: Request, shown: Iterable[object], next_before: UUID | None) -> dict[str, Any]:
    """Return a page, with the address of the next one if there is more."""
    following = None
    if next_before:
        address = request.build_absolute_uri()
        following = replace_query_param(address, "cursor", str(next_before))
    return {"results": list(shown), "next": following}
