"""Lists a page at a time."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

MAX_LIMIT = 200


class NewestFirst(CursorPagination):
    """Pages of rows by their ids, newest first: a cursor is the id where the last page ended.

    `PageParameters` has checked what the request says.
    """

    ordering = "-id"
    page_size = 50
    max_page_size = MAX_LIMIT
    page_size_query_param = "limit"

    def __init__(self, request: Request) -> None:
        self.request = request
        self.floor: UUID | None = None

    def take(self, rows: QuerySet[Any, Any], floor: UUID | None = None) -> list[Any]:
        """Return the page's part of `rows`. Below `floor` nobody has looked for more of them."""
        self.floor = floor
        return self.paginate_queryset(rows, self.request) or []

    def decode_cursor(self, request: Request) -> Cursor | None:
        before = request.query_params.get(self.cursor_query_param)
        return _cursor(before) if before else None

    def encode_cursor(self, cursor: Cursor) -> str:
        here = self.request.build_absolute_uri()
        return replace_query_param(here, self.cursor_query_param, cursor.position)

    def get_next_link(self) -> str | None:
        """Return the address of the next page; None: there are no more rows."""
        if self.floor and not self.has_next:
            return self.encode_cursor(_cursor(str(self.floor)))
        return super().get_next_link()

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self.get_next_link()})


def _cursor(position: str) -> Cursor:
    return Cursor(0, False, position)  # type: ignore[arg-type]  # the stubs know only numbers
