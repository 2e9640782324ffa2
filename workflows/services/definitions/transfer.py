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
from workflows.definition.errors import InvalidDocument, Problem
from workflows.definition.validate import ValidDocument
from workflows.definition.values.json_values import same_json
from workflows.models.definition import WorkflowDefinition
from workflows.presentation.documents.export_format import ExportedWorkflow
from workflows.services.definitions.catalogue import catalogue_of
from workflows.services.definitions.drafts import mark, name_in, save_draft, unstorable


class ImportState(StrEnum):
    """What an import would do with one workflow."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    MANAGED = "managed"  # edited elsewhere: nothing may be imported over it
    REFUSED = "refused"  # cannot be stored at all


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """One workflow of a file, and what would become of it."""

    entry: ExportedWorkflow
    state: ImportState
    definition: WorkflowDefinition | None
    before: Json  # what it would be compared with; {} of a new one
    valid: ValidDocument | None  # None: it could not be published yet
    problems: tuple[Problem, ...]  # because of these
    mark: str  # of the definition as it was looked at; "" of a new one

    @property
    def replaces_draft(self) -> bool:
        """Whether a draft that was not published would be lost."""
        known = self.definition
        return self.state == ImportState.CHANGED and known is not None and known.draft is not None

    @property
    def can_be_imported(self) -> bool:
        """Whether there is anything to do."""
        return self.state in {ImportState.NEW, ImportState.CHANGED}


class ChangedMeanwhile(Exception):
    """Somebody edited the workflow after the import was shown."""

    def __init__(self, key: str) -> None:
        super().__init__(f"{key} was edited meanwhile")
        self.key = key


def exported(definition: WorkflowDefinition) -> ExportedWorkflow:
    """Return what is published; the draft of a workflow that never was."""
    document = definition.definition if definition.version else definition.draft
    return ExportedWorkflow(definition.key, document or {})


def plan_import(
    tenant: Tenant,
    entries: Iterable[ExportedWorkflow],
    *,
    lock: bool = False,
    from_files: bool = False,
) -> list[ImportPlan]:
    """Say what an import of `entries` would do.

    `from_files`: they come from where workflows under version control are edited, and are
    published together, so that one may run another of them.
    """
    catalogue = catalogue_of(tenant)
    entries = list(entries)
    rows = WorkflowDefinition.objects.of(tenant).filter(key__in=[one.key for one in entries])
    known = {one.key: one for one in (rows.select_for_update() if lock else rows)}
    if from_files:
        archived = {one.key for one in known.values() if one.archived_at}
        together = {one.key: name_in(one.document) for one in entries if one.key not in archived}
        catalogue = replace(catalogue, workflows={**catalogue.workflows, **together})
    return [_plan(one, known.get(one.key), catalogue, from_files) for one in entries]


def _plan(
    entry: ExportedWorkflow,
    known: WorkflowDefinition | None,
    catalogue: Catalogue,
    from_files: bool,
) -> ImportPlan:
    before = _compared_with(known)
    valid, problems = _validated(entry, catalogue)
    return ImportPlan(
        entry,
        _state(entry, known, before, from_files),
        known,
        before,
        valid,
        problems,
        mark(known) if known else "",
    )


def _validated(
    entry: ExportedWorkflow, catalogue: Catalogue
) -> tuple[ValidDocument | None, tuple[Problem, ...]]:
    try:
        return ValidDocument(entry.document, replace(catalogue, own_workflow=entry.key)), ()
    except InvalidDocument as invalid:
        return None, tuple(invalid.problems)


def _state(
    entry: ExportedWorkflow, known: WorkflowDefinition | None, before: Json, from_files: bool
) -> ImportState:
    if unstorable(entry.document):
        return ImportState.REFUSED
    if known is None:
        return ImportState.NEW
    if same_json(before, entry.document):
        return ImportState.SAME
    return ImportState.MANAGED if known.managed_by and not from_files else ImportState.CHANGED


def _compared_with(known: WorkflowDefinition | None) -> Json:
    """Return what staff would compare an import with: the draft if there is one."""
    if known is None:
        return {}
    return known.definition if known.draft is None else known.draft


def import_drafts(
    tenant: Tenant, actor: str, entries: Sequence[ExportedWorkflow], seen: dict[str, str]
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


def called_first(plans: Sequence[ImportPlan]) -> list[ImportPlan]:
    """Return the plans so that a workflow comes after those it runs, as they are published."""
    by_key = {plan.entry.key: plan for plan in plans}
    placed: dict[str, ImportPlan] = {}
    begun: set[str] = set()

    def put(plan: ImportPlan) -> None:
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


def keep(tenant: Tenant, actor: str, plan: ImportPlan) -> WorkflowDefinition:
    """Make one workflow of a file the draft of the workflow with its key."""
    definition = plan.definition or WorkflowDefinition(tenant=tenant, key=plan.entry.key)
    return save_draft(tenant, actor, definition, plan.entry.document)
