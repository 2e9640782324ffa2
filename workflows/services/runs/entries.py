"""Every step of a run: what its row keeps, and what a long loop has moved to the run's history.

Who shows, exports or goes through the steps of a run reads them here. `step_results` alone has all
that most runs ever did; of long loops it has the last time of every step, and what went wrong.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from tenants.core.json import Json
from workflows.models.run import WorkflowRun, WorkflowRunHistory

Entry = dict[str, Json]

# More steps than this make no page that anybody reads.
MAX_SHOWN: Final = 10_000


def entries_of(run: WorkflowRun, *, latest: int | None = None) -> list[Entry]:
    """Return the entries of a run in order. Whatever else stands there is left out.

    `latest`: of those in the history, only the ones among the last so many of the run.
    """
    rows = run.step_results if isinstance(run.step_results, list) else []
    kept = [one for one in rows if isinstance(one, dict) and type(one.get("step_name")) is str]
    if not run.entries_numbered:
        return kept
    own = WorkflowRunHistory.objects.filter(tenant=run.tenant_id, run_id=run.pk)
    if latest is not None:
        after = run.entries_numbered - latest
        # A chunk has the number of its last entry.
        chunks = own.filter(seq__gt=after)
        return joined(kept, chunks.values_list("entries", flat=True), after=after)
    return joined(kept, own.values_list("entries", flat=True))


def joined(
    kept: Sequence[Entry], chunks: Iterable[Sequence[Entry]], *, after: int = 0
) -> list[Entry]:
    """Put the entries of a row and of its history in order; of the history's those `after`."""
    moved = [entry for chunk in chunks for entry in chunk if entry["number"] > after]
    numbered = sorted((*moved, *(one for one in kept if "number" in one)), key=_number)
    # What came since the last move has no number yet.
    return [*numbered, *(one for one in kept if "number" not in one)]


def _number(entry: Mapping[str, Json]) -> int:
    number: int = entry["number"]
    return number
