"""Find events and runs by any number or word that somebody reads out on the phone.

An answer is complete, or says that it is not: what a list is narrowed by (workflow, status, dates)
counts before anything is cut off, and what does not match uses nobody's place.

Two ways lead to the rows. The index of keys knows every event that holds a word; of a rare word
these are all read. Of a common one there are too many, and the index knows no order: then the
newest rows are looked at one by one, as far as is affordable.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import UUID

from django.db.models import BinaryField, Func, Q
from django.db.models.fields.json import KT

from actions import records
from tenants.core.database.conditions import OneOf
from tenants.core.database.ids import floor_of, uuid_or_none
from tenants.models.tenant import Tenant
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.services.events.search_conditions import KeyCondition, SearchKeys

# More hits than this are no answer; the newest are the likeliest.
MAX_FOUND: Final = 500
# Events of a word that are all read; of a word with more, the newest rows are looked through.
MAX_MATCHED: Final = 20_000
# Rows that are looked through, the newest first, where the index of keys is of no use.
MAX_READ: Final = 20_000
MAX_DEPTH: Final = 100  # levels of runs that started one another


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, the newest first."""

    ids: Sequence[UUID]
    is_partial: bool = False  # by parts of words: nothing is exactly what was typed
    is_cut: bool = False  # there are more than these
    looked_through: int | None = None  # so many of the newest rows; None: all of them

    @property
    def is_an_answer(self) -> bool:
        """Whether there is something, or may be something that was not looked at."""
        return bool(self.ids) or not self.is_complete

    @property
    def is_complete(self) -> bool:
        """Whether there is nothing else to be found."""
        return not self.is_cut and self.looked_through is None


@dataclass(frozen=True, slots=True)
class Scope:
    """Among which rows is searched."""

    rows: Any  # narrowed by what an index answers
    tested: Q = field(default_factory=Q)  # what else the rows have to be; no index knows it


def search_events(tenants: Sequence[Tenant], term: str, scope: Scope | None = None) -> Found:
    """Return the newest events of `tenants` that `term` names: by id, subject or payload."""
    scope = scope or Scope(WorkflowEvent.objects.filter(tenant__in=tenants))
    keys, ways = SearchKeys(tenants, term), [_about(scope.rows, term)]
    as_id = uuid_or_none(term)
    if as_id is not None:
        ways.append(scope.rows.filter(id=as_id))
    matched = _matched(tenants, keys)
    if matched is None:
        found = _walked(scope, keys.one_by_one(), _newest(scope, ways))
    else:
        found = _cut(_newest(scope, [*ways, scope.rows.filter(OneOf("id", matched))]))
    return found if found.is_an_answer else _by_parts(scope, keys, keys.partly())


def search_runs(tenants: Sequence[Tenant], term: str, scope: Scope | None = None) -> Found:
    """Return the newest runs that `term` names, each way through an index of its own.

    One question with many ORs would read the tenant's whole history instead.
    """
    own = WorkflowRun.objects.filter(tenant__in=tenants)
    # Whole runs only: a thousand parts of one, which are newer, would leave no room for it.
    scope = scope or Scope(own, Q(parent_run=None))
    keys, rows = SearchKeys(tenants, term), scope.rows
    by_order = rows.alias(order_id=KT("trigger_payload__order_id")).filter(order_id=term)
    ways = [by_order, _about(rows, term)]
    as_id = uuid_or_none(term)
    if as_id is not None:
        ways += [rows.filter(id=_root(own, as_id)), rows.filter(event_id=as_id)]
    matched = _matched(tenants, keys)
    if matched is None:
        found = _walked(scope, keys.one_by_one().of_runs(), _newest(scope, ways))
    else:
        found = _cut(_newest(scope, [*ways, rows.filter(OneOf("event_id", matched))]))
    return found if found.is_an_answer else _by_parts(scope, keys, keys.partly().of_runs())


def records_named(tenants: Sequence[Tenant], kinds: Sequence[str], term: str) -> Found:
    """Return the records of some kinds about which there are events that `term` names."""
    matched, own = _matched(tenants, SearchKeys(tenants, term)), {"subject_type__in": kinds}
    rows, looked = WorkflowEvent.objects.filter(tenant__in=tenants), None
    if matched is None:
        found = search_events(tenants, term, Scope(rows, Q(**own)))
        matched, looked = list(found.ids), None if found.is_complete else MAX_READ
    about = rows.filter(OneOf("id", matched), **own).order_by().values_list("subject_id", flat=True)
    ids = [record for record in map(uuid_or_none, about.distinct()) if record is not None]
    return Found(ids, looked_through=looked)


def _about(found: Any, term: str) -> Any:
    """Rows about a record with this id. The index begins with the record's kind."""
    kinds = [record.alias for record in records.all_records()]
    return found.filter(subject_type__in=kinds, subject_id=term.lower())


def _matched(tenants: Sequence[Tenant], keys: SearchKeys) -> list[UUID] | None:
    """Return all events that hold the term; None if there are too many to read each.

    Nothing else is asked: the keys name their tenants, and no other index would help.
    """
    if not tenants:
        return []
    asked = WorkflowEvent.objects.filter(keys.exactly()).order_by().values_list("id", flat=True)
    found = list(asked[: MAX_MATCHED + 1])
    return found if len(found) <= MAX_MATCHED else None


def _by_parts(scope: Scope, keys: SearchKeys, asked: KeyCondition) -> Found:
    if not keys.has_parts:
        return Found(())
    return replace(_walked(scope, asked, ()), is_partial=True)


def _walked(scope: Scope, asked: KeyCondition, named: Iterable[UUID]) -> Found:
    """Return which of the newest rows fit, and say how many were looked at if not all were.

    `named` were found by themselves, however old they are.
    """
    floor = floor_of(scope.rows, MAX_READ)
    read = scope.rows if floor is None else scope.rows.filter(id__gt=floor)
    fitting = read.filter(scope.tested).alias(**asked.expressions).filter(asked.condition)
    newest = fitting.order_by("-id").values_list("id", flat=True)[: MAX_FOUND + 1]
    found = _cut({*named, *newest})
    return found if floor is None or found.is_cut else replace(found, looked_through=MAX_READ)


def _newest(scope: Scope, ways: Iterable[Any]) -> set[UUID]:
    found: set[UUID] = set()
    for way in ways:
        # In the order of an expression: in that of the ids, the planner might walk along them
        # through a whole history instead of asking the index of what is looked for.
        by_id = Func("id", function="uuid_send", output_field=BinaryField()).desc()
        own = way.filter(scope.tested).order_by(by_id).values_list("id", flat=True)
        found.update(own[: MAX_FOUND + 1])
    return found


def _cut(found: set[UUID]) -> Found:
    newest = sorted(found, reverse=True)
    return Found(newest[:MAX_FOUND], is_cut=len(newest) > MAX_FOUND)


def _root(own: Any, run_id: UUID) -> UUID:
    """Return the whole run that `run_id` is a part of; itself if it is one."""
    for _level in range(MAX_DEPTH):
        parent: UUID | None = own.filter(id=run_id).values_list("parent_run", flat=True).first()
        if parent is None:
            break
        run_id = parent
    return run_id
