"""What a page beside Django's own is: its frame, who may open it, what follows a click."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from tenants.admin import access
from workflows.addresses import page_of


class AdminPage:
    """Pages of one ModelAdmin, which knows who may see and change its rows."""

    def __init__(self, admin: Any) -> None:
        self.admin = admin

    def show(self, request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
        """Return a page in the admin's frame; `template` lies in `admin/workflows/`."""
        shown: HttpResponse = self.admin.show(request, template, title, **context)
        return shown

    def seen(self, request: HttpRequest, key: object) -> Any:
        """Return a row that the person may see. Raises Http404."""
        row = self.admin.get_object(request, str(key))
        if row is None or not self.admin.has_view_permission(request, row):
            raise Http404
        return row

    def changeable(self, request: HttpRequest, key: object) -> Any:
        """Return a row that the person may change. Raises Http404, PermissionDenied."""
        row = self.seen(request, key)
        if not self.admin.has_change_permission(request, row):
            raise PermissionDenied
        return row

    def decidable(self, request: HttpRequest, key: object) -> Any:
        """Return a row of a company in which the person operates, also one edited elsewhere.

        Raises Http404, PermissionDenied.
        """
        row = self.seen(request, key)
        if not access.may_edit(request, row.tenant_id):
            raise PermissionDenied
        return row

    def done(self, request: HttpRequest, row: Any, said: str, noted: str = "") -> HttpResponse:
        """Say what was done, note it in the row's history, and go to the row's page."""
        messages.success(request, said)
        self.admin.log_change(request, row, noted or said)
        return to(row)


def to(row: Any) -> HttpResponse:
    """Return the way to the page of a row."""
    return HttpResponseRedirect(page_of(row))
