"""The gallery: ready workflows to start from, each a file of `workflows/gallery/`.

Starting from one makes a draft, and what the draft needs and the tenant lacks: its message
templates and its schedule. Nothing that is there is changed, and nothing runs until somebody
publishes. Connections hold secrets, so people make those themselves.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from django.db import transaction
from django.db.models import Model
from django.db.models.functions import Collate

from actions import records, registry
from actions.models.connection import Connection, ConnectionKind
from actions.models.message_template import MessageTemplate
from tenants.core.json import Json
from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from workflows.definition.blocks import all_steps, mapping
from workflows.definition.schemas import reference
from workflows.event_types import RecordEvent, all_event_types
from workflows.models.definition import WorkflowDefinition
from workflows.models.schedule import WorkflowSchedule
from workflows.services.definitions.drafts import free_key, save_draft
from workflows.services.messages.publishing import make_template
from workflows.services.schedules.firing import save_schedule

FILES: Final = Path(__file__).resolve().parents[2] / "gallery"
LANGUAGES: Final = ("en", "ar")
# Stands in a document for the mail address of whoever starts from it.
YOUR_ADDRESS: Final = "you@example.com"
# Mail goes without a connection, too, and a call of a web address.
NOT_ASKED_FOR: Final = frozenset({ConnectionKind.SMTP.value, ConnectionKind.HTTP.value})


@dataclass(frozen=True, slots=True)
class GalleryEntry:
    """A ready workflow. Its texts are in every language; `in_language` chooses."""

    key: str
    place: int
    contents: Mapping[str, Json]

    def in_language(self, language: str) -> "Ready":
        """Return it as people read it who speak `language`; in English if it has no other."""
        chosen = localised(self.contents, language.partition("-")[0])
        return Ready(
            self.key,
            chosen["sentence"],
            chosen["document"],
            tuple(chosen.get("templates", ())),
            chosen.get("schedule"),
        )


@dataclass(frozen=True, slots=True)
class Ready:
    """A ready workflow in one language."""

    key: str
    sentence: str  # what it does
    document: Json
    templates: tuple[Mapping[str, Json], ...]
    schedule: Mapping[str, Json] | None  # what fires its event, if that is the clock

    @property
    def name(self) -> str:
        """Return its name."""
        return str(self.document["name"])


@dataclass(frozen=True, slots=True)
class Need:
    """A connection that a document uses."""

    kinds: tuple[str, ...]  # any of them serves
    key: str  # "": whichever there is
    is_met: bool
    # There is such a connection, but it is switched off: no other takes its place.
    off: Connection | None = None

    @property
    def kind(self) -> str:
        """Return the kind to make if there is none."""
        return self.kinds[0]


@dataclass(frozen=True, slots=True)
class Started:
    """What starting from the gallery has made, and what is still to be made."""

    definition: WorkflowDefinition
    templates: tuple[str, ...]  # names of those that were made
    schedule: WorkflowSchedule | None  # if it was made
    missing: tuple[Need, ...]


def entries() -> Sequence[GalleryEntry]:
    """Return what can be started from here, in order: whose tables this installation has."""
    declared = {record.alias for record in records.all_records()}
    return [one for one in _read() if _tables(one.contents["document"]) <= declared]


def entry(key: str) -> GalleryEntry | None:
    """Return the one of this key, if it is offered here."""
    return next((one for one in entries() if one.key == key), None)


def needs(tenant: Tenant, document: Json) -> list[Need]:
    """Return the connections that a document uses, each once, and whether `tenant` has them."""
    known = list(Connection.objects.of(tenant.pk).order_by("name", "pk"))
    found: dict[tuple[tuple[str, ...], str], Need] = {}
    for kinds, key in _used(document):
        fitting = [one for one in known if one.kind in kinds and key in ("", one.key)]
        is_met = any(one.is_active for one in fitting)
        off = None if is_met else next(iter(fitting), None)
        if key or not NOT_ASKED_FOR & set(kinds) or _stops_steps(kinds, off):
            found.setdefault((kinds, key), Need(kinds, key, is_met, off))
    return list(found.values())


def switched_off(tenant: Tenant, document: Json) -> list[Connection]:
    """Return the connections that a document would use and cannot: they are switched off."""
    return list({need.off.pk: need.off for need in needs(tenant, document) if need.off}.values())


def _stops_steps(kinds: Iterable[str], off: Connection | None) -> bool:
    """Say whether a step that names no connection fails because of one: mail, but no web call."""
    return off is not None and ConnectionKind.HTTP.value not in kinds


def start(tenant: Tenant, actor: str, chosen: GalleryEntry, *, address: str = "") -> Started:
    """Make a draft of it in the tenant's language, with the templates and the schedule it lacks.

    `address` takes the place of YOUR_ADDRESS.
    """
    ready = chosen.in_language(tenant.language)
    document = _addressed(deepcopy(ready.document), address)
    with tenant_scope(tenant), transaction.atomic():
        _take_what_is_there(tenant, document)
        made = tuple(_make_templates(tenant, actor, chosen))
        schedule = _make_schedule(tenant, actor, ready)
        key = free_key(tenant, {"name": chosen.key})
        definition = WorkflowDefinition(tenant=tenant, key=key)
        save_draft(tenant, actor, definition, document)
    missing = tuple(one for one in needs(tenant, document) if not one.is_met)
    return Started(definition, made, schedule, missing)


def starting_record(event_type: str) -> tuple[type[Model], bool] | None:
    """Return the model whose saves fire such an event, and whether only new rows do.

    None: something else fires it.
    """
    known = next((kind for kind in all_event_types() if kind.name == event_type), None)
    if not isinstance(known, RecordEvent):
        return None
    return records.get(known.record).model, known.when == "created"


def localised(value: Json, language: str) -> Json:
    """Choose one language wherever a text stands in all of them: {"en": "…", "ar": "…"}."""
    if isinstance(value, list):
        return [localised(one, language) for one in value]
    if not isinstance(value, dict):
        return value
    if set(value) == set(LANGUAGES):
        return value.get(language, value["en"])
    return {name: localised(one, language) for name, one in value.items()}


@cache
def _read() -> Sequence[GalleryEntry]:
    found = []
    for file in FILES.glob("*.json"):
        contents = json.loads(file.read_text(encoding="utf-8"))
        found.append(GalleryEntry(file.stem, contents["place"], contents))
    return sorted(found, key=lambda one: one.place)


def _tables(document: Json) -> set[str]:
    named = (_params(step).get("table") for _path, step in all_steps(document))
    return {table for table in named if isinstance(table, str)}


def _params(step: Json) -> Mapping[str, Json]:
    return mapping(mapping(step).get("params"))


def _used(document: Json) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the kinds of connection and the key that each step asks for; "": any of the kinds."""
    for _path, step in all_steps(document):
        kinds = _kinds_of(str(mapping(step).get("action")))
        if kinds:
            yield kinds, str(_params(step).get("connection") or "")


@cache
def _kinds_of(action: str) -> tuple[str, ...]:
    try:
        params = registry.get(action).params
    except registry.UnknownAction:
        return ()
    thing, kinds = reference(params["properties"].get("connection", {}).get("x-reference"))
    return kinds if thing == "connection" else ()


def _addressed(value: Json, address: str) -> Json:
    if not address:
        return value
    values = value.get("values", {})
    for name, one in values.items():
        if one == YOUR_ADDRESS:
            values[name] = address
    return value


def _take_what_is_there(tenant: Tenant, document: Json) -> None:
    """Name the tenant's own connections: a Slack of another key serves as well.

    A web service does not: another one is another address.
    """
    # By bytes: which of several is taken does not depend on the database's collation.
    usable = Connection.objects.of(tenant.pk).usable().order_by(Collate("key", "C"))
    known = list(usable.values_list("kind", "key"))
    for _path, step in all_steps(document):
        key, kinds = _params(step).get("connection"), _kinds_of(str(step.get("action")))
        fitting = [own for kind, own in known if kind in kinds]
        if key and fitting and key not in fitting and ConnectionKind.HTTP.value not in kinds:
            step["params"]["connection"] = fitting[0]


def _make_templates(tenant: Tenant, actor: str, chosen: GalleryEntry) -> Iterator[str]:
    """Make the messages that the tenant lacks, mails in both languages."""
    language = tenant.language if tenant.language in LANGUAGES else "en"
    other = next(one for one in LANGUAGES if one != language)
    known = set(MessageTemplate.objects.of(tenant.pk).values_list("key", flat=True))
    pairs = zip(
        chosen.in_language(language).templates, chosen.in_language(other).templates, strict=True
    )
    for template, translated in pairs:
        if template["key"] not in known:
            said = {name: translated[name] for name in ("subject", "body") if name in translated}
            more = {"translations": {other: said}} if said else {}
            make_template(tenant, actor, language=language, **template, **more)
            yield template["name"]


def _make_schedule(tenant: Tenant, actor: str, ready: Ready) -> WorkflowSchedule | None:
    if ready.schedule is None:
        return None
    event_type = ready.document["trigger_type"]
    own = WorkflowSchedule.objects.of(tenant)
    if own.filter(event_type=event_type).exists() or own.filter(key=ready.schedule["key"]).exists():
        return None
    made = WorkflowSchedule(tenant=tenant, event_type=event_type, **ready.schedule)
    save_schedule(tenant, actor, made)
    return made
