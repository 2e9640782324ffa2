"""Count new failures in their problems, and close problems that nothing is left of.

A failure is written without a word to any problem: the end of a run stays one statement. It stands
in the index `wr_unfolded` until somebody has counted it: the clock of every worker group, each
second, or whoever opens a page that shows problems. In one transaction a batch is taken (rows that
somebody holds are left for the next), each is given to its problem, and marked as counted. So
nothing is counted twice, nothing is lost when a process dies, and two who do it at once share it.
Rows are locked in this order: runs (never waited for), then problems by company and fingerprint.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from workflows.models.problem import FOLDED, WorkflowProblem
from workflows.runtime.database import database_now, rows
from workflows.runtime.runs.store import stored_json
from workflows.services.problems.kinds import fingerprint, kind_of

BATCH: Final = 300
# A page waits no longer for the counting; the clock does the rest.
PAGE_SECONDS: Final = 0.5
# A step that says something new each time has so many problems of one code, and one for the rest.
MAX_KINDS: Final = 20
MAX_FAILURES: Final = 2**62  # what a column of the database holds, and half of it
HOURS_KEPT: Final = 7 * 24
# What is longer over when it is first looked at is history: it was there before problems were.
OLDEST: Final = "30 days"

UNFOLDED: Final = f"""
SELECT id, tenant_id, definition_id, coalesce(error_step, ''), coalesce(error_code, ''),
    left(coalesce(error_message, ''), 2000),
    CASE WHEN pg_column_size(trigger_payload) < 8000 THEN trigger_payload::text END,
    CASE WHEN greatest(completed_at, created_at) BETWEEN now() - interval '{OLDEST}' AND now()
            THEN greatest(completed_at, created_at)
        WHEN greatest(completed_at, created_at) < now() THEN NULL ELSE now() END
FROM workflow_runs
WHERE error_fingerprint IS NOT NULL AND parent_run IS NULL
    AND NOT left(error_fingerprint, 1) = '{FOLDED}'
    AND (%(tenants)s::uuid[] IS NULL OR tenant_id = ANY(%(tenants)s))
    AND (tenant_id, id) > (%(tenant)s, %(run)s)
ORDER BY tenant_id, id LIMIT %(most)s
FOR NO KEY UPDATE SKIP LOCKED
"""  # noqa: S608  # constants of this module

MARK: Final = f"""
UPDATE workflow_runs run
SET error_fingerprint = '{FOLDED}' || left(error_fingerprint, 63), problem = counted.members
FROM unnest(%(runs)s::uuid[], %(members)s::uuid[]) AS counted (id, members)
WHERE run.id = counted.id
RETURNING run.id
"""  # noqa: S608  # a constant of this module

# One probe of the index `wr_problem` for each problem, however many runs any of them has.
NO_RUN_LEFT: Final = """(SELECT run.id FROM workflow_runs run WHERE run.problem = problem.members
        AND run.problem IS NOT NULL
        AND (run.error_fingerprint IS NOT NULL OR run.due_at IS NOT NULL) LIMIT 1) IS NULL"""

# The rows of those of which no run is left that failed or goes on.
EMPTY: Final = f"""
SELECT id FROM workflow_problems problem
WHERE closed_at IS NULL AND (%(tenants)s::uuid[] IS NULL OR tenant_id = ANY(%(tenants)s))
    AND {NO_RUN_LEFT}
ORDER BY id
"""  # noqa: S608  # a constant of this module

# Asked again once the rows are locked: who counts a failure in one of them holds its row as well.
CLOSE: Final = f"""
UPDATE workflow_problems problem
SET closed_at = now(), closed_by = '', note = ''
WHERE id = ANY(%(ids)s) AND closed_at IS NULL
    AND {NO_RUN_LEFT}
RETURNING id
"""  # noqa: S608  # a constant of this module
LOCK: Final = """
SELECT id FROM workflow_problems WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE SKIP LOCKED
"""

Key = tuple[UUID, str]  # company and fingerprint
Place = tuple[UUID, UUID]  # company and run
FIRST: Final[Place] = (UUID(int=0), UUID(int=0))


@dataclass(frozen=True, slots=True)
class _NewFailure:
    run: UUID
    tenant: UUID
    definition: UUID
    step: str
    code: str
    kind: str
    at: datetime

    def key(self, kind: str) -> Key:
        return self.tenant, fingerprint(self.definition, self.step, self.code, kind)


@dataclass(slots=True)
class _Group:
    """New failures of one problem, as they came."""

    failures: list[_NewFailure] = field(default_factory=list)


def refresh(tenants: Iterable[UUID] | None = None, seconds: float = PAGE_SECONDS) -> int:
    """Count what has failed, close what is solved; return how many failures. None: of everybody.

    The same result however often it is done, and by however many at once.
    """
    asked = None if tenants is None else sorted(tenants)
    until, counted, last = monotonic() + seconds, 0, FIRST
    while found := fold(asked, last):
        counted += len(found)
        last = found[-1]
        if len(found) < BATCH or monotonic() > until:
            break
    _close(asked)
    return counted


def fold(tenants: Sequence[UUID] | None, last: Place = FIRST) -> list[Place]:
    """Count one batch of failures, of those behind `last`; return where they stand.

    Whoever counts many goes on behind the batch before: what the index still holds of that is not
    read again.
    """
    tenant, run = last
    with transaction.atomic():
        asked = {"tenants": tenants, "tenant": tenant, "run": run, "most": BATCH}
        found = rows(UNFOLDED, asked)
        if not found:
            return []
        recent = [_failure(row) for row in found if row[7] is not None]
        members: dict[UUID, UUID | None] = {row[0]: None for row in found}
        members |= _counted(recent)
        rows(MARK, {"runs": list(members), "members": list(members.values())})
        return [(row[1], row[0]) for row in found]


def _failure(row: Sequence[Any]) -> _NewFailure:
    run, tenant, definition, step, code, sentence, payload, at = row
    values = stored_json(payload) if payload else None
    kind = kind_of(sentence, values)
    return _NewFailure(run, tenant, definition, step[:100], code[:100], kind, at)


def _counted(failures: Sequence[_NewFailure]) -> dict[UUID, UUID]:
    """Count failures in their problems; return for each run the members it belongs to now."""
    groups = _groups(failures)
    if not groups:
        return {}
    _make_missing(groups)
    members: dict[UUID, UUID] = {}
    now = database_now()
    for problem in _locked(groups):
        own = groups[problem.tenant_id, problem.fingerprint].failures
        _count(problem, own, now)
        members |= {one.run: problem.members for one in own}
        problem.save(
            update_fields=[
                *("failures", "hours", "first_at", "last_at", "example"),
                *("closed_at", "closed_by", "taken_by", "taken_at", "note"),
            ]
        )
    return members


def _count(problem: WorkflowProblem, failures: Sequence[_NewFailure], now: datetime) -> None:
    newest = max(failures, key=lambda one: (one.at, one.run))
    if problem.closed_at is not None:
        # It is there again. Who had taken it has done with it; what was noted may help.
        problem.closed_at, problem.closed_by = None, ""
        problem.taken_by, problem.taken_at = "", None
    problem.failures = min(problem.failures + len(failures), MAX_FAILURES)
    problem.first_at = min(problem.first_at, *(one.at for one in failures))
    if newest.at >= problem.last_at:
        problem.last_at, problem.example = newest.at, newest.run
    counts = Counter(hours_of(problem.hours))
    counts.update(hour_of(one.at) for one in failures)
    oldest = hour_of(now) - HOURS_KEPT
    problem.hours = {str(hour): count for hour, count in counts.items() if hour > oldest}


def hour_of(moment: datetime) -> int:
    """Return the hours since 1970."""
    return int(moment.astimezone(UTC).timestamp() // 3600)


def hours_of(stored: Any) -> dict[int, int]:
    """Read what a problem keeps by the hour; what is none of it counts nothing."""
    if not isinstance(stored, dict):
        return {}
    return {
        int(hour): count
        for hour, count in stored.items()
        if hour.isdecimal() and len(hour) < 10 and type(count) is int and count > 0
    }


def _groups(failures: Sequence[_NewFailure]) -> dict[Key, _Group]:
    """Return the failures by problem: by what they say, as long as that is not always new."""
    by_kind: dict[Key, list[_NewFailure]] = defaultdict(list)
    for one in failures:
        by_kind[one.key(one.kind)].append(one)
    known = _known(by_kind)
    kinds: Counter[Any] = Counter()
    groups: dict[Key, _Group] = defaultdict(_Group)
    for key, own in by_kind.items():
        first = own[0]
        place = (first.tenant, first.definition, first.step, first.code)
        if key not in known:
            if place not in kinds:
                kinds[place] = _kinds_at(*place)
            kinds[place] += 1
        is_one_too_many = key not in known and kinds[place] > MAX_KINDS
        groups[first.key("") if is_one_too_many else key].failures += own
    return groups


def _known(keys: Iterable[Key]) -> set[Key]:
    wanted = list(keys)
    found = WorkflowProblem.objects.filter(
        tenant__in={tenant for tenant, _print in wanted},
        fingerprint__in=[print_of for _tenant, print_of in wanted],
    )
    return set(found.values_list("tenant_id", "fingerprint"))


def _kinds_at(tenant: UUID, definition: UUID, step: str, code: str) -> int:
    own = WorkflowProblem.objects.filter(tenant=tenant, definition=definition)
    return own.filter(step=step, code=code)[: MAX_KINDS + 1].count()


def _make_missing(groups: Mapping[Key, _Group]) -> None:
    known = _known(groups)
    missing = []
    for key in sorted(groups.keys() - known):
        first = groups[key].failures[0]
        missing.append(
            WorkflowProblem(
                tenant_id=first.tenant,
                definition_id=first.definition,
                fingerprint=key[1],
                step=first.step,
                code=first.code,
                example=first.run,
                first_at=first.at,
                last_at=first.at,
            )
        )
    WorkflowProblem.objects.bulk_create(missing, ignore_conflicts=True)


def _locked(groups: Mapping[Key, _Group]) -> list[WorkflowProblem]:
    wanted = Q()
    for tenant, print_of in groups:
        wanted |= Q(tenant=tenant, fingerprint=print_of)
    found = WorkflowProblem.objects.select_for_update().filter(wanted)
    return list(found.order_by("tenant", "fingerprint"))


def _close(tenants: Sequence[UUID] | None) -> None:
    empty = [row[0] for row in rows(EMPTY, {"tenants": tenants})]
    if not empty:
        return
    with transaction.atomic():
        locked = [row[0] for row in rows(LOCK, {"ids": empty})]
        rows(CLOSE, {"ids": locked})
