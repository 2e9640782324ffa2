"""Workers: whether anybody is there to carry runs out."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tenants.admin.superusers import SuperusersOnly
from workflows import conf
from workflows.models.worker import WorkflowWorker
from workflows.runtime.database import database_now


@admin.register(WorkflowWorker)
class WorkerAdmin(SuperusersOnly, admin.ModelAdmin):
    """A read-only list."""

    list_display = ("host", "pid", "is_alive", "slots", "started_at", "beat_at", "number")
    list_display_links = None
    ordering = ("-beat_at",)
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody: a worker writes itself down."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: the reaper removes dead ones with their runs."""
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Show the list, with a word for when it is empty."""
        when_empty = _("No worker is running, so no run can start. Start one: manage.py run_worker")
        return super().changelist_view(request, {"when_empty": when_empty, **(extra_context or {})})

    @admin.display(description=_("alive"), boolean=True)
    def is_alive(self, worker: WorkflowWorker) -> bool:
        """Whether it has given a sign of life within one lease."""
        return database_now() - worker.beat_at < conf.current().lease
