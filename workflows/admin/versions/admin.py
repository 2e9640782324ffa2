"""Published versions: what runs execute. Reached from their workflow."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.admin.access import may_edit
from tenants.admin.base import HistoryAdmin
from tenants.admin.lists import TenantFilter
from workflows.admin.versions.list import again_url, compare_url
from workflows.models.definition import WorkflowVersion
from workflows.presentation.actors import actor_words
from workflows.presentation.changes.sentences import one_line, told
from workflows.presentation.documents import document_text


@admin.register(WorkflowVersion)
class VersionAdmin(HistoryAdmin):
    """Who published what, and when."""

    list_display = ("numbered", "definition", "published_at", "publisher", "note")
    list_display_links = ("numbered",)
    list_filter = (TenantFilter,)
    list_select_related = ("definition", "tenant")
    page_template = "admin/workflows/version.html"

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Not on the first page: a version is looked for at its workflow."""
        return False

    def get_queryset(self, request: HttpRequest) -> Any:
        """Leave the programs where they are: people read documents."""
        return super().get_queryset(request).defer("program").select_related("definition")

    def page(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """Return what the page of a version shows."""
        before = self._before(obj)
        definition = obj.definition
        is_newest = obj.version == definition.version
        may_go_back = may_edit(request, obj.tenant_id) and not definition.managed_by
        return {
            "version": obj,
            "publisher": actor_words(obj.published_by),
            "document": document_text.write(obj.document),
            "is_newest": is_newest,
            "again_url": again_url(obj) if may_go_back and not is_newest else "",
            "changed": one_line(told(before.document, obj.document)) if before else "",
            "compare_url": compare_url(definition, before.version, obj.version) if before else "",
        }

    def _before(self, version: Any) -> Any:
        rows = WorkflowVersion.objects.filter(definition_id=version.definition_id)
        return rows.filter(version__lt=version.version).order_by("-version").first()

    def page_title(self, obj: Any) -> str:
        """Name the workflow and the number."""
        return gettext("“%(workflow)s”, version %(number)s") % {
            "workflow": obj.definition,
            "number": obj.version,
        }

    @admin.display(description=_("version"))
    def numbered(self, version: Any) -> str:
        """Return its number."""
        return gettext("Version %(number)s") % {"number": version.version}

    @admin.display(description=_("published by"))
    def publisher(self, version: Any) -> str:
        """Return who published it."""
        return actor_words(version.published_by)
