"""Find events and runs by any number or word that somebody reads out on the phone."""

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from django.db.models.fields.json import KT

from actions import records
from tenants.models.tenant import Tenant
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.services.search_keys import words

# More hits than this are no answer; the newest are the likeliest.
MOST_FOUND: Final = 500
MOST_WORDS: Final = 6


def search_events(tenants: Sequence[Tenant], term: str) -> list[UUID]:
    """Return the newest events of `tenants` that `term` names: by id, subject or payload."""
    own = WorkflowEvent.objects.filter(tenant__in=tenants)
    questions = [own.filter(search_keys__overlap=_whole(tenants, term)), _about(own, term)]
    questions += [own.filter(search_keys__contains=keys) for keys in _word_by_word(tenants, term)]
    as_id = _uuid(term)
    if as_id is not None:
        questions.append(own.filter(id=as_id))
    return _newest(questions)


def search_runs(tenants: Sequence[Tenant], term: str) -> list[UUID]:
    """Return the newest runs that `term` names, each way through an index of its own.

    One question with many ORs would read the tenant's whole history instead.
    """
    own = WorkflowRun.objects.filter(tenant__in=tenants)
    by_order = own.alias(order_id=KT("trigger_payload__order_id")).filter(order_id=term)
    questions = [by_order, _about(own, term)]
    as_id = _uuid(term)
    if as_id is not None:
        questions += [own.filter(id=as_id), own.filter(event_id=as_id)]
    events = search_events(tenants, term)
    if events:
        questions.append(own.filter(event_id__in=events))
    return _newest(questions)


def _about(rows: Any, term: str) -> Any:
    """Rows about a record with this id. The index begins with the record's kind."""
    kinds = [record.alias for record in records.all_records()]
    return rows.filter(subject_type__in=kinds, subject_id=term.lower())


def _whole(tenants: Sequence[Tenant], term: str) -> list[str]:
    return [f"{one.id}:{word}" for one in tenants for word in words(term, one.country)]


def _word_by_word(tenants: Sequence[Tenant], term: str) -> Iterable[list[str]]:
    """Yield, for each tenant, keys that must all be there: “1001 whatsapp”."""
    parts = term.split()
    if not 2 <= len(parts) <= MOST_WORDS:
        return
    for tenant in tenants:
        found = [words(part, tenant.country) for part in parts]
        if all(found):
            # The last spelling is the one that all writings of a phone share.
            yield [f"{tenant.id}:{spellings[-1]}" for spellings in found]


def _newest(questions: Iterable[Any]) -> list[UUID]:
    found: set[UUID] = set()
    for question in questions:
        found.update(question.order_by("-id").values_list("id", flat=True)[:MOST_FOUND])
    return sorted(found, reverse=True)[:MOST_FOUND]


def _uuid(term: str) -> UUID | None:
    try:
        return UUID(term)
    except ValueError:
        return None
