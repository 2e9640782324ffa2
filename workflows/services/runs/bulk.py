"""Cancel several runs: each for itself, so that one refusal stops none of the others."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from workflows.models.run import WorkflowRun
from workflows.services.refusals import Refused
from workflows.services.runs.cancel import cancel

# More than this is not chosen by hand, and would keep a page waiting.
MAX_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class BulkOutcome:
    """What was done, and why the rest was not."""

    done: tuple[WorkflowRun, ...] = ()
    refused: Counter[str] = field(default_factory=Counter)  # how many, by the code of the reason


def cancel_each(runs: Iterable[WorkflowRun]) -> BulkOutcome:
    """Cancel each run that has not ended."""
    done, refused = [], Counter[str]()
    for run in runs:
        try:
            cancel(run.tenant, run.pk)
        except Refused as why:
            refused[why.code] += 1
        else:
            done.append(run)
    return BulkOutcome(tuple(done), refused)
