"""Find events and runs by any number or word that somebody reads out on the phone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models.fields.json import KT

from actions import records
from tenants.core.database.ids import uuid_or_none
from tenants.models.tenant import Tenant
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.runtime.database import rows
from workflows.services.events.search_keys import SHORTEST_PART, words

# More hits than this are no answer; the newest are the likeliest.
MAX_FOUND: Final = 500
MAX_WORDS: Final = 6
# Parts of words are looked for among so many of the newest events, of all tenants together: the
# index only knows whole words.
MAX_READ: Final = 5_000
LEAST_READ_OF_EACH: Final = 50
MAX_DEPTH: Final = 100  # levels of runs that started one another

# “From tenant to tenant” instead of “=”: then only the index that begins with the tenant gives this
# order. With “=” the planner takes the newest events of all tenants and throws those of others
# away: 1.5 s instead of 10 ms for a small company beside a big one (measured).
HOLDING_ALL: Final = """
SELECT found.id FROM unnest(%(tenants)s::uuid[]) AS seen (id) CROSS JOIN LATERAL (
    SELECT id, replace(array_to_string(search_keys, E'\\n'), seen.id || ':', '') AS words
    FROM workflow_events WHERE tenant_id >= seen.id AND tenant_id <= seen.id
    ORDER BY tenant_id, id DESC LIMIT %(most)s) found
WHERE NOT EXISTS (
    SELECT FROM unnest(%(parts)s::text[]) AS part WHERE position(part IN found.words) = 0)
ORDER BY found.id DESC LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, the newest first."""

    ids: Sequence[UUID]
    is_partial: bool = False  # by parts of words, among the newest events only


def search_events(tenants: Sequence[Tenant], term: str) -> Found:
    """Return the newest events of `tenants` that `term` names: by id, subject or payload."""
    found = _indexed_events(tenants, term)
    return Found(found) if found else Found(_partly(tenants, term), is_partial=True)


def search_runs(tenants: Sequence[Tenant], term: str) -> Found:
    """Return the newest runs that `term` names, each way through an index of its own.

    One question with many ORs would read the tenant's whole history instead.
    """
    own = WorkflowRun.objects.filter(tenant__in=tenants)
    by_order = own.alias(order_id=KT("trigger_payload__order_id")).filter(order_id=term)
    questions = [by_order, _about(own, term)]
    # Whole runs only: a thousand parts of one, which are newer, would leave no room for it.
    whole = own.filter(parent_run=None)
    as_id = uuid_or_none(term)
    if as_id is not None:
        questions += [own.filter(id=_root(own, as_id)), whole.filter(event_id=as_id)]
    events = _indexed_events(tenants, term)
    if events:
        questions.append(whole.filter(event_id__in=events))
    found = _newest(questions)
    if found:
        return Found(found)
    partly = _partly(tenants, term)
    return Found(_newest([whole.filter(event_id__in=partly)]) if partly else [], is_partial=True)


def _indexed_events(tenants: Sequence[Tenant], term: str) -> list[UUID]:
    own = WorkflowEvent.objects.filter(tenant__in=tenants)
    questions = [own.filter(search_keys__overlap=_whole(tenants, term)), _about(own, term)]
    questions += [own.filter(search_keys__contains=keys) for keys in _word_by_word(tenants, term)]
    as_id = uuid_or_none(term)
    if as_id is not None:
        questions.append(own.filter(id=as_id))
    return _newest(questions)


def _about(found: Any, term: str) -> Any:
    """Rows about a record with this id. The index begins with the record's kind."""
    kinds = [record.alias for record in records.all_records()]
    return found.filter(subject_type__in=kinds, subject_id=term.lower())


def _whole(tenants: Sequence[Tenant], term: str) -> list[str]:
    return [f"{one.id}:{word}" for one in tenants for word in words(term, one.country)]


def _word_by_word(tenants: Sequence[Tenant], term: str) -> Iterable[list[str]]:
    """Yield, for each tenant, keys that must all be there: “1001 haddad”."""
    said = [word for word in term.split() if len(word) >= SHORTEST_PART]
    if not 1 <= len(said) <= MAX_WORDS or said == [term]:
        return
    for tenant in tenants:
        # The last spelling is the one that all writings of a phone share.
        found = [spellings[-1] for word in said if (spellings := words(word, tenant.country))]
        if found:
            yield [f"{tenant.id}:{word}" for word in found]


def _partly(tenants: Sequence[Tenant], term: str) -> list[UUID]:
    """Return the newest events that hold every word of `term` somewhere inside a value."""
    said = [word for word in term.split() if len(word) >= SHORTEST_PART]
    if not tenants or not 1 <= len(said) <= MAX_WORDS:
        return []
    asked = {
        "tenants": [tenant.pk for tenant in tenants],
        "parts": [spellings[0] for word in said if (spellings := words(word, ""))],
        "most": max(MAX_READ // len(tenants), LEAST_READ_OF_EACH),
        "limit": MAX_FOUND,
    }
    return [row[0] for row in rows(HOLDING_ALL, asked)] if asked["parts"] else []


def _newest(questions: Iterable[Any]) -> list[UUID]:
    found: set[UUID] = set()
    for question in questions:
        found.update(question.order_by("-id").values_list("id", flat=True)[:MAX_FOUND])
    return sorted(found, reverse=True)[:MAX_FOUND]


def _root(own: Any, run_id: UUID) -> UUID:
    """Return the whole run that `run_id` is a part of; itself if it is one."""
    for _level in range(MAX_DEPTH):
        parent: UUID | None = own.filter(id=run_id).values_list("parent_run", flat=True).first()
        if parent is None:
            break
        run_id = parent
    return run_id
