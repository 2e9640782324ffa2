"""`manage.py workflows export | diff | import`: workflows as files, for keeping them in git."""

from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from workflows.definition.values.json_values import same_json
from workflows.models.definition import WorkflowDefinition
from workflows.presentation.changes.sentences import sentences, told
from workflows.presentation.documents import export_format
from workflows.presentation.documents.document_text import UnreadableDocument
from workflows.presentation.documents.languages import language_changes
from workflows.presentation.documents.places import problem_words
from workflows.services.definitions.languages import changed_places
from workflows.services.definitions.lifecycle import GIT, keep_in_git
from workflows.services.definitions.publish import publish_valid
from workflows.services.definitions.transfer import (
    ImportPlan,
    ImportState,
    called_first,
    exported,
    keep,
    plan_import,
)

ACTOR: Final = "command:workflows"


class Command(BaseCommand):
    """One file for each published workflow, named after its key."""

    help = "Write a company's published workflows to files, compare them, or bring files in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Three jobs, on the same folder."""
        jobs = parser.add_subparsers(dest="job", required=True)
        made: dict[str, ArgumentParser] = {}
        for name, words in (
            ("export", "write the published workflows to files"),
            ("diff", "say what an import would change; ends with 1 if there is anything"),
            ("import", "make drafts of the files, or publish them"),
        ):
            made[name] = job = jobs.add_parser(name, help=words)
            job.add_argument("keys", nargs="*", help="only the workflows with these keys")
            job.add_argument("--tenant", required=True, help="key of the company")
            job.add_argument("--dir", required=True, type=Path, help="folder of the files")
        take_in = made["import"]
        take_in.add_argument("--publish", action="store_true", help="publish, if nothing is wrong")
        take_in.add_argument("--note", default="", help="what changed, for the list of versions")
        take_in.add_argument(
            "--managed",
            action="store_true",
            help="read-only in the admin from now on: the files are where it is edited",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do one job for one company."""
        tenant = Tenant.objects.filter(key=options["tenant"]).first()
        if tenant is None:
            raise CommandError(f"There is no company with the key {options['tenant']!r}.")
        keys = frozenset(options["keys"])
        match options["job"]:
            case "export":
                self._export(tenant, options["dir"], keys)
            case "diff":
                self._diff(tenant, options["dir"], keys)
            case _:
                self._import(tenant, options["dir"], keys, options)

    def _export(self, tenant: Tenant, folder: Path, keys: frozenset[str]) -> None:
        found = _published(tenant, keys)
        folder.mkdir(parents=True, exist_ok=True)
        for definition in found:
            path = folder / f"{definition.key}.json"
            path.write_text(export_format.write([exported(definition)]), encoding="utf-8")
        self.stdout.write(f"{len(found)} workflows written to {folder}.")

    def _diff(self, tenant: Tenant, folder: Path, keys: frozenset[str]) -> None:
        published = {one.key: one for one in _published(tenant, keys)}
        entries = {one.key: one for one in _read(folder, keys)}
        lines: list[str] = []
        for key in sorted({*published, *entries}):
            lines += _difference(key, published.get(key), entries.get(key))
        self.stdout.write("\n".join(lines) if lines else "Files and published workflows agree.")
        if lines:
            raise SystemExit(1)

    def _import(
        self, tenant: Tenant, folder: Path, keys: frozenset[str], options: dict[str, Any]
    ) -> None:
        entries = _read(folder, keys)
        if not entries:
            raise CommandError(f"There are no workflows in {folder}.")
        # All or none: half of what was committed together may not fit the other half.
        with tenant_scope(tenant), transaction.atomic():
            plans = plan_import(tenant, entries, lock=True, from_files=True)
            self._refuse(plans, publishes=options["publish"])
            for plan in called_first(plans):
                self._take(tenant, plan, options)

    def _refuse(self, plans: Sequence[ImportPlan], *, publishes: bool) -> None:
        wrong = [
            plan
            for plan in plans
            if plan.problems and (publishes or plan.state == ImportState.REFUSED)
        ]
        for plan in plans if publishes else wrong:
            for problem in plan.problems:
                where, said = problem_words(problem, plan.entry.document)
                self.stderr.write(f"{plan.entry.key}: {where}: {said}")
        if wrong:
            raise CommandError("Nothing was imported.")

    def _take(self, tenant: Tenant, plan: ImportPlan, options: dict[str, Any]) -> None:
        key, document = plan.entry.key, plan.entry.document
        known = plan.definition
        published = known is not None and known.version > 0
        definition = known or WorkflowDefinition(tenant=tenant, key=key)
        says_new = not (published and same_json(definition.definition, document))
        if options["publish"] and says_new and plan.valid:
            version = publish_valid(tenant, ACTOR, definition, plan.valid, options["note"])
            self.stdout.write(f"{key}: version {version.version} published")
        elif plan.can_be_imported:
            definition = keep(tenant, ACTOR, plan)
            self.stdout.write(f"{key}: kept as a draft")
        else:
            self.stdout.write(f"{key}: unchanged")
        if options["managed"]:
            keep_in_git(tenant, ACTOR, definition)
        elif definition.managed_by == GIT:
            self.stdout.write(f"{key}: still read-only in the admin")


def _published(tenant: Tenant, keys: frozenset[str]) -> list[WorkflowDefinition]:
    rows = WorkflowDefinition.objects.of(tenant).filter(archived_at=None, version__gt=0)
    return list((rows.filter(key__in=keys) if keys else rows).order_by("key"))


def _read(folder: Path, keys: frozenset[str]) -> list[export_format.ExportedWorkflow]:
    """Return the workflows of the folder. Raises CommandError, naming the file."""
    if not folder.is_dir():
        raise CommandError(f"{folder} is not a folder.")
    entries: list[export_format.ExportedWorkflow] = []
    for path in sorted(folder.glob("*.json")):
        if keys and path.stem not in keys:
            continue
        entries.append(_entry(path))
    return entries


def _entry(path: Path) -> export_format.ExportedWorkflow:
    try:
        found = export_format.read(path.read_bytes())
    except UnreadableDocument as mistake:
        raise CommandError(f"{path}: {mistake}") from mistake
    if [one.key for one in found] != [path.stem]:
        raise CommandError(f"{path}: it has to hold one workflow, with the key {path.stem!r}.")
    return found[0]


def _difference(
    key: str, published: WorkflowDefinition | None, entry: export_format.ExportedWorkflow | None
) -> Iterator[str]:
    if entry is None:
        yield f"{key}: published, but there is no file"
    elif published is None:
        yield f"{key}: new, not published yet"
    else:
        changes = told(published.definition, entry.document)
        if changes:
            kept = changed_places(published, entry.document)
            changes = [*language_changes(kept, entry.document), *changes]
        for line in sentences(changes):
            yield f"{key}: {line}"
