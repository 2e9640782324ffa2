"""How workflows did in the last 24 hours."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Q

from tenants.core.database.ids import lowest_id_at
from workflows.models.definition import WorkflowDefinition
from workflows.models.run import WorkflowRun


@dataclass(frozen=True, slots=True)
class DayFigures:
    """Runs that began in the last 24 hours."""

    runs: int = 0
    failures: int = 0  # failed, or completed with errors


def day_figures(
    definitions: Iterable[WorkflowDefinition], now: datetime
) -> Mapping[UUID, DayFigures]:
    """Count for all `definitions` in one query, bounded by id."""
    shown = list(definitions)
    rows = (
        WorkflowRun.objects.filter(
            tenant__in={one.tenant_id for one in shown},
            definition__in=[one.pk for one in shown],
            id__gte=lowest_id_at(now - timedelta(days=1)),
            parent_run=None,
        )
        .order_by()
        .values_list("definition_id")
        .annotate(runs=Count("id"), failures=Count("id", filter=Q(error_fingerprint__isnull=False)))
    )
    return {definition: DayFigures(runs, failures) for definition, runs, failures in rows}
