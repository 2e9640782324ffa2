"""Take workflows out of a tenant and into one: from its files to its drafts, never live."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from django.db import transaction

from tenants.core.json import Json
from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from workflows.definition.blocks import all_steps, mapping
from workflows.definition.catalogue import Catalogue
from workflows.definition.problems import Problem
from workflows.definition.validate import validate
from workflows.definition.values.json_values import same_json
from workflows.models.definition import WorkflowDefinition
from workflows.presentation.documents.export_format import Entry
from workflows.services.definitions.catalogue import catalogue_of
from workflows.services.definitions.drafts import mark, name_in, save_draft, unstorable


class State(StrEnum):
    """What an import would do with one workflow."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    MANAGED = "managed"  # edited elsewhere: nothing may be imported over it
    REFUSED = "refused"  # cannot be stored at all


@dataclass(frozen=True, slots=True)
class Plan:
    """One workflow of a file, and what would become of it."""

    entry: Entry
    state: State
    definition: WorkflowDefinition | None
    before: Json  # what it would be compared with; {} of a new one
    problems: tuple[Problem, ...]  # why it could not be published yet
    mark: str  # of the definition as it was looked at; "" of a new one

    @property
    def replaces_draft(self) -> bool:
        """Whether a draft that was not published would be lost."""
        known = self.definition
        return self.state == State.CHANGED and known is not None and known.draft is not None

    @property
    def can_be_imported(self) -> bool:
        """Whether there is anything to do."""
        return self.state in {State.NEW, State.CHANGED}


class ChangedMeanwhile(Exception):
    """Somebody edited the workflow after the import was shown."""

    def __init__(self, key: str) -> None:
        super().__init__(f"{key} was edited meanwhile")
        self.key = key


def exported(definition: WorkflowDefinition) -> Entry:
    """Return what is published; the draft of a workflow that never was."""
    document = definition.definition if definition.version else definition.draft
    return Entry(definition.key, document or {})


def plan_import(
    tenant: Tenant, entries: Iterable[Entry], *, lock: bool = False, from_files: bool = False
) -> list[Plan]:
    """Say what an import of `entries` would do.

    `from_files`: they come from where workflows under version control are edited, and are
    published together, so that one may run another of them.
    """
    catalogue = catalogue_of(tenant)
    entries = list(entries)
    if from_files:
        together = {one.key: name_in(one.document) for one in entries}
        catalogue = replace(catalogue, workflows={**catalogue.workflows, **together})
    rows = WorkflowDefinition.objects.of(tenant).filter(key__in=[one.key for one in entries])
    known = {one.key: one for one in (rows.select_for_update() if lock else rows)}
    return [_plan(one, known.get(one.key), catalogue, from_files) for one in entries]


def _plan(
    entry: Entry, known: WorkflowDefinition | None, catalogue: Catalogue, from_files: bool
) -> Plan:
    before = _compared_with(known)
    own = replace(catalogue, own_workflow=entry.key)
    problems = tuple(validate(entry.document, own))
    return Plan(
        entry,
        _state(entry, known, before, from_files),
        known,
        before,
        problems,
        mark(known) if known else "",
    )


def _state(entry: Entry, known: WorkflowDefinition | None, before: Json, from_files: bool) -> State:
    if unstorable(entry.document):
        return State.REFUSED
    if known is None:
        return State.NEW
    if same_json(before, entry.document):
        return State.SAME
    return State.MANAGED if known.managed_by and not from_files else State.CHANGED


def _compared_with(known: WorkflowDefinition | None) -> Json:
    """Return what staff would compare an import with: the draft if there is one."""
    if known is None:
        return {}
    return known.definition if known.draft is None else known.draft


def import_drafts(
    tenant: Tenant, actor: str, entries: Sequence[Entry], seen: dict[str, str]
) -> list[WorkflowDefinition]:
    """Make drafts of `entries`, all or none; those that say nothing new are left alone.

    `seen` has the mark of each workflow as the person saw it. Raises ChangedMeanwhile.
    """
    with tenant_scope(tenant), transaction.atomic():
        plans = plan_import(tenant, entries, lock=True)
        for plan in plans:
            if plan.mark != seen.get(plan.entry.key, ""):
                raise ChangedMeanwhile(plan.entry.key)
        return [keep(tenant, actor, plan) for plan in plans if plan.can_be_imported]


def called_first(plans: Sequence[Plan]) -> list[Plan]:
    """Return the plans so that a workflow comes after those it runs, as they are published."""
    by_key = {plan.entry.key: plan for plan in plans}
    placed: dict[str, Plan] = {}
    begun: set[str] = set()

    def put(plan: Plan) -> None:
        if plan.entry.key in begun:
            return
        begun.add(plan.entry.key)
        for key in _called(plan.entry.document):
            if key in by_key:
                put(by_key[key])
        placed[plan.entry.key] = plan

    for plan in plans:
        put(plan)
    return list(placed.values())


def _called(document: Json) -> Iterator[str]:
    for _path, step in all_steps(document):
        key = mapping(mapping(step).get("params")).get("workflow")
        if mapping(step).get("action") == "run_workflow" and isinstance(key, str):
            yield key


def keep(tenant: Tenant, actor: str, plan: Plan) -> WorkflowDefinition:
    """Make one workflow of a file the draft of the workflow with its key."""
    definition = plan.definition or WorkflowDefinition(tenant=tenant, key=plan.entry.key)
    return save_draft(tenant, actor, definition, plan.entry.document)
