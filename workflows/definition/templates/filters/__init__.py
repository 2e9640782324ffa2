"""Every filter a template can use, and what each takes."""

from workflows.definition.templates.filters.calling import TemplateFilter
from workflows.definition.templates.filters.dates import DATE_FILTERS
from workflows.definition.templates.filters.lists import LIST_FILTERS
from workflows.definition.templates.filters.numeric import NUMBER_FILTERS
from workflows.definition.templates.filters.text import TEXT_FILTERS
from workflows.definition.templates.filters.whole import VALUE_FILTERS

FILTERS: dict[str, TemplateFilter] = {
    spec.name: spec
    for spec in (*NUMBER_FILTERS, *TEXT_FILTERS, *LIST_FILTERS, *DATE_FILTERS, *VALUE_FILTERS)
}

__all__ = ["FILTERS", "TemplateFilter"]
