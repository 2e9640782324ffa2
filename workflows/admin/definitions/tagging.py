"""Tags of workflows: shown and filtered by in the list, written on a workflow's page."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from tenants.admin import access
from tenants.admin.lists import Choices, StatedChoicesFilter
from workflows.addresses import path_to
from workflows.models.definition import WorkflowDefinition
from workflows.services.definitions.tags import known_tags

PARAMETER = "tag"


class TagFilter(StatedChoicesFilter):
    """Workflows with a tag, of those that the person may see."""

    title = _("tag")
    parameter_name = PARAMETER

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Offer the tags that there are."""
        rows: Any = access.visible(request, WorkflowDefinition.objects.all())
        return [(tag, tag) for tag in known_tags(rows)]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow to those with the tag."""
        chosen = self.value()
        return queryset.filter(tags__contains=[chosen]) if chosen else queryset


def shown_tags(definition: Any) -> Any:
    """Return the tags of a workflow, each a link to all that have it."""
    if not definition.tags:
        return ""
    listed = path_to("workflows_workflowdefinition")
    links = ((f"{listed}?{urlencode({PARAMETER: tag})}", tag) for tag in definition.tags)
    chips = format_html_join(" ", '<a class="sayr-tag" href="{}"><bdi>{}</bdi></a>', links)
    return format_html('<span class="sayr-tags">{}</span>', chips)
