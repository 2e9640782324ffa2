"""Published workflows that name something which no longer exists, or not like this."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from django.core.cache import cache

from tenants.core.database.ids import lowest_id_at
from tenants.core.json import Json
from tenants.models.tenant import Tenant
from workflows.definition.blocks import all_steps, mapping
from workflows.definition.catalogue import Catalogue
from workflows.definition.errors import Problem
from workflows.definition.validate import validate
from workflows.event_types import all_event_types
from workflows.models.definition import WorkflowDefinition, WorkflowVersion
from workflows.models.event import WorkflowEvent
from workflows.models.schedule import WorkflowSchedule
from workflows.services.definitions.catalogue import catalogue_of

# An event that nobody declared may come from another application: silence for so long is a sign.
SILENCE: Final = timedelta(days=30)
NOTHING_FIRES: Final = "nothing_fires"

# Each tenant costs a few questions, and the first page asks each time it is opened.
MAX_AT_ONCE: Final = 5
KEPT_SECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class Broken:
    """A published workflow, and what is wrong with it today."""

    definition: WorkflowDefinition
    problems: tuple[Problem, ...]


def broken(tenants: Sequence[Tenant], now: datetime) -> list[Broken]:
    """Return the published workflows of `tenants` that could not be published today, by name."""
    found = (one for tenant in tenants for one in _broken_of(tenant, now))
    return sorted(found, key=lambda one: one.definition.name)


def count_broken(tenants: Sequence[Tenant], now: datetime) -> int:
    """Return how many they are; of many tenants as it was some minutes ago, at most."""
    if len(tenants) <= MAX_AT_ONCE:
        return len(broken(tenants, now))
    ids = ",".join(sorted(str(tenant.pk) for tenant in tenants))
    key = f"sayr-broken:{hashlib.sha256(ids.encode()).hexdigest()}"
    counted = cache.get(key)
    if counted is None:
        counted = len(broken(tenants, now))
        cache.set(key, counted, KEPT_SECONDS)
    return int(counted)


def _broken_of(tenant: Tenant, now: datetime) -> Iterator[Broken]:
    rows = WorkflowDefinition.objects.of(tenant).filter(archived_at=None, version__gt=0)
    published = list(rows.select_related("tenant"))
    if not published:
        return
    # Of what message templates ask for the cache knows nothing, and a run says it by itself.
    catalogue = replace(catalogue_of(tenant), asked={})
    silent = _silent_types(tenant, published, now)
    for definition in published:
        known = _KnownReferences(replace(catalogue, own_workflow=definition.key))
        problems = _problems(_Published(definition), known)
        unfired = tuple(_unfired(definition.definition, silent))
        if problems or unfired:
            yield Broken(definition, problems + unfired)


class _Published:
    """A version's document; the same version is always the same document."""

    def __init__(self, definition: WorkflowDefinition) -> None:
        self.key = (definition.pk, definition.version)
        self.document = definition.definition

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Published) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


class _KnownReferences:
    """A catalogue. What the code declares stays as it is while a process lives."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.key = (
            frozenset(catalogue.references.items()),
            frozenset(catalogue.workflows.items()),
            catalogue.own_workflow,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _KnownReferences) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


@lru_cache(maxsize=2_000)
def _problems(published: _Published, known: _KnownReferences) -> tuple[Problem, ...]:
    """Validate once per version and catalogue: the first page asks each time it is opened."""
    return tuple(validate(published.document, known.catalogue))


def _unfired(document: Json, silent: frozenset[str]) -> Iterator[Problem]:
    if document.get("trigger_type") in silent:
        told = {"event": document["trigger_type"]}
        yield Problem("/trigger_type", NOTHING_FIRES, told)
    for index, name in enumerate(document.get("also_on") or ()):
        if name in silent:
            yield Problem(f"/also_on/{index}", NOTHING_FIRES, {"event": name})


def _silent_types(
    tenant: Tenant, published: Iterable[WorkflowDefinition], now: datetime
) -> frozenset[str]:
    """Return the event types listened to that nobody fires: not declared, not seen for long."""
    published = list(published)
    declared = {kind.name for kind in all_event_types()}
    declared |= {name for one in published for name in _emitted(one.definition)}
    others = {name for one in published for name in one.trigger_types} - declared
    if not others:
        return frozenset()
    schedules = WorkflowSchedule.objects.of(tenant).values_list("event_type", flat=True)
    others -= set(schedules)
    return frozenset(name for name in others if _is_silent(tenant, name, now))


def _emitted(document: Json) -> Iterator[str]:
    for _path, step in all_steps(document):
        fired = mapping(mapping(step).get("params")).get("type")
        if mapping(step).get("action") == "emit_event" and isinstance(fired, str):
            yield fired


def _is_silent(tenant: Tenant, name: str, now: datetime) -> bool:
    events = WorkflowEvent.objects.of(tenant).filter(type=name)
    newest = events.order_by("-id").values_list("pk", "source").first()
    since = lowest_id_at(now - SILENCE)
    if newest is None:
        # Perhaps the other application begins tomorrow.
        versions = WorkflowVersion.objects.of(tenant)
        listened = versions.filter(definition__trigger_types__contains=[name])
        return listened.filter(published_at__lt=now - SILENCE).exists()
    # A saved record fires only what is declared.
    return newest[1] == "record" or newest[0] < since
