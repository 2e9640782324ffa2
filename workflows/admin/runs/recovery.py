"""What helps about a step that failed: one thing first, on the step itself."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _

from tenants.core.json import Json
from tenants.core.text.listing import apart, listed
from workflows.addresses import admin_path, path_to
from workflows.admin.runs.choices import from_here
from workflows.admin.runs.error_links import OF_RECORDS, OF_TEMPLATES, WayOut, ways_out
from workflows.definition.codes import Code
from workflows.definition.kinds import KINDS
from workflows.definition.programs.program import Program
from workflows.engine.history.entries import of_the_work, went_wrong
from workflows.engine.history.resuming import can_be_done_alone
from workflows.engine.statuses import RunStatus, StepStatus
from workflows.models.run import WorkflowRun
from workflows.presentation.runs.entries import changed_words
from workflows.presentation.runs.lines import StepLine
from workflows.presentation.runs.plans import PlannedStep, VersionPlan, every_step
from workflows.presentation.runs.recovering import again_words, with_it_words
from workflows.presentation.runs.refusals import refusal_sentence
from workflows.presentation.runs.wrong_values import About, Source, keys_read, source_of
from workflows.services.refusals import NotRetryable
from workflows.services.runs.corrections import calls_beneath, field_of
from workflows.services.runs.one_step import failures_of, mark_of
from workflows.services.runs.parts import line_of, problem_above
from workflows.services.runs.record_values import values_of
from workflows.services.runs.retry import program_to_resume
from workflows.services.runs.starting import refuse_to_mix
from workflows.services.runs.summaries import LoadedRun

Entry = Mapping[str, Json]

# Codes of a value that is wrong: with the same one the step fails again.
OF_VALUES: Final = frozenset(
    {"bad_phone", "bad_mail_address", "missing_value", "whatsapp_undeliverable", "invalid_value"}
    | {"template_value_empty", "template_value_line_break", "template_value_too_long"}
)
# Codes of a step as it is written: with the same version it fails again.
OF_THE_STEP: Final = (
    frozenset(code.value for code in Code) | {"template_values_differ", "unknown_action"}
) - OF_VALUES


class RecoveryWay(StrEnum):
    """What a button on a failed step does."""

    AGAIN = "again"
    WITH_RECORD = "with_record"
    WITH_VALUE = "with_value"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class ValueField:
    """A field for the right value."""

    key: str  # of the payload
    label: str
    text: str
    record: str = ""  # what the record is called to which it may be written as well; ""
    writes_back: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True)
class Recovery:
    """What can be done about one failed step, by somebody who may."""

    step: str
    seen: str
    way: RecoveryWay | None = None  # of the one button; None: there is none, or a link
    button: str = ""
    said: str = ""  # before it: why just this
    then: str = ""  # what the run does after it
    value: ValueField | None = None
    link: WayOut | None = None  # in the place of a button: a page
    first: Sequence[WayOut] = ()  # what is to be put right before
    is_unclear: bool = False  # nobody knows whether it was done: both answers are offered
    can_be_marked: bool = False
    why_not: str = ""  # why nothing of it can be done here

    @property
    def key(self) -> str:
        """Return its place on the page: an id."""
        return f"sayr-recover-{self.step}"


@dataclass(frozen=True, slots=True)
class Written:
    """What a person wrote that was refused: shown again, with why."""

    step: str
    text: str
    writes_back: bool
    error: str


def recoveries(
    view: LoadedRun, lines: Sequence[StepLine], written: Written | None = None
) -> dict[str, Recovery]:
    """Return what helps, by the name of the step that failed."""
    run = view.run
    if run.status not in {RunStatus.FAILED, RunStatus.COMPLETED_WITH_ERRORS}:
        return {}
    try:
        program = program_to_resume(run)
        entries = failures_of(run, program)
    except NotRetryable:
        return {}
    line = [run] if run.parent_run is None else line_of(run, lock=False)
    finder = _Finder(view, tuple(line), lines)
    if not entries and run.status == RunStatus.FAILED and run.error_step:
        given_up = Recovery(
            run.error_step, mark_of(run, None), RecoveryWay.AGAIN, _("Let it go on")
        )
        return {run.error_step: given_up}
    told = (finder.of(entry) for entry in entries)
    found = {one.step: one for one in told if one is not None}
    if written is not None and written.step in found:
        found[written.step] = _with(found[written.step], written)
    return {**found, **_left(run, program, {one["step_name"] for one in entries})}


def _left(run: WorkflowRun, program: Program, told: Set[str]) -> dict[str, Recovery]:
    """Return why nothing can be done as yet, or at all, about the others that failed."""
    went_on = run.status == RunStatus.COMPLETED_WITH_ERRORS
    why = refusal_sentence("went_on" if went_on else "failed_elsewhere")
    wrong = [one for one in of_the_work(run.step_results, program) if went_wrong(one)]
    named = [
        one["step_name"]
        for one in wrong
        if went_on or can_be_done_alone(program, run.step_results, one)
    ]
    return {name: Recovery(name, "", why_not=why) for name in named if name not in told}


@dataclass(frozen=True, slots=True)
class _Finder:
    view: LoadedRun
    line: tuple[WorkflowRun, ...]  # from the whole run down to this one
    lines: Sequence[StepLine]
    _kept: dict[str, Mapping[str, tuple[Json, Json]]] = field(default_factory=dict)

    def of(self, entry: Entry) -> Recovery | None:
        """Return what helps about this failure."""
        name, code = entry["step_name"], str((entry.get("error") or {}).get("code"))
        run, step = self.view.run, self._step(name)
        found = Recovery(
            name,
            mark_of(run, entry),
            can_be_marked=entry["action"] not in KINDS,
            then=self._then(name),
        )
        if entry["action"] == "stop":
            return None  # the workflow wanted it so
        if above := problem_above(self.line):
            return replace(found, why_not=refusal_sentence(above), can_be_marked=False)
        if entry["status"] == StepStatus.UNKNOWN:
            return replace(found, is_unclear=True, way=RecoveryWay.AGAIN, button=again_words(entry))
        return self._by_its_reason(found, entry, code, step)

    def _by_its_reason(
        self, found: Recovery, entry: Entry, code: str, step: PlannedStep | None
    ) -> Recovery:
        source = source_of(entry.get("error") or {}, step)
        if changed := self._changed(entry, step):
            return self._with_record(found, entry, source, changed)
        if entry.get("children"):
            return self._in_its_parts(found, entry)
        if code in OF_VALUES:
            return self._with_value(found, entry, source)
        if code in OF_THE_STEP:
            return self._on_another_version(found, entry)
        fixes = self._fixes(entry, code)
        return replace(found, way=RecoveryWay.AGAIN, button=again_words(entry), first=fixes)

    def _with_record(
        self,
        found: Recovery,
        entry: Entry,
        source: Source,
        changed: Mapping[str, tuple[Json, Json]],
    ) -> Recovery:
        about = self._about
        if source.key in changed and source.is_whole:
            now = changed[source.key][1]
            words = {"record": about.noun, "value": apart("" if now is None else str(now))}
            said = _("The %(record)s now says %(value)s.") % words
            if now in (None, ""):
                said = _("The %(record)s now says nothing there.") % words
        else:
            labels = {key: about.field(key) for key in changed}
            words = {"record": about.noun, "changes": changed_words(changed, labels)}
            said = _("The %(record)s now says otherwise: %(changes)s.") % words
        return replace(found, way=RecoveryWay.WITH_RECORD, button=with_it_words(entry), said=said)

    def _with_value(self, found: Recovery, entry: Entry, source: Source) -> Recovery:
        """Ask for the right value, where it can be given; the same one would fail again."""
        run, root = self.view.run, self.line[0]
        before = root.trigger_payload.get(source.key) if source.key else None
        is_plain = source.is_whole and (before is None or isinstance(before, str | int | Decimal))
        if source.key and is_plain and not isinstance(before, bool) and not self._why_no_values():
            about = self._about
            record = about.noun if field_of(root, source.key) else ""
            value = ValueField(
                source.key, about.field(source.key), "" if before is None else str(before), record
            )
            button = with_it_words(entry)
            return replace(found, way=RecoveryWay.WITH_VALUE, button=button, value=value)
        if run.parent_run is None and source.step:
            said = _("The value came from an earlier step: start again there once it is put right.")
            url = f"{admin_path('workflows_workflowrun_retry', run.pk)}?step={source.step}"
            return replace(found, link=WayOut(_("Start again from that step…"), url), said=said)
        if run.parent_run is None and source.key:
            said = refusal_sentence(self._why_no_values() or "decided_on_other_values")
            url = admin_path("workflows_workflowrun_correct", run.pk)
            return replace(found, link=WayOut(_("Correct and start again…"), url), said=said)
        said = _("With the same value it fails again. Put the value right where it comes from.")
        return replace(found, said=said, first=self._fixes(entry, "bad_phone"))

    def _on_another_version(self, found: Recovery, entry: Entry) -> Recovery:
        """Lead to the workflow; or, where it was put right, to a start on the newest version."""
        run = self.view.run
        if run.definition.version > run.version and run.parent_run is None:
            said = _("The step failed over how it is written. The workflow was changed since.")
            name = entry["step_name"]
            url = f"{admin_path('workflows_workflowrun_retry', run.pk)}?step={name}&version=newest"
            return replace(
                found, link=WayOut(_("Start again on the newest version…"), url), said=said
            )
        said = _("The step failed over how it is written: put the workflow right, and publish it.")
        url = path_to("workflows_workflowdefinition", run.definition_id)
        return replace(found, link=WayOut(_("Open the workflow"), url), said=said)

    def _in_its_parts(self, found: Recovery, entry: Entry) -> Recovery:
        """Let the parts go on that failed; but not those that would fail again just so."""
        codes = dict(self._failed_parts(entry))
        over_values = [pk for pk, code in codes.items() if code in OF_VALUES]
        if over_values and len(over_values) == len(codes):
            if len(codes) == 1:
                url = path_to("workflows_workflowrun", over_values[0])
                return replace(found, link=WayOut(_("Put it right there…"), url))
            return replace(
                found, said=_("Each failed over a value of its own: open it to put it right.")
            )
        return replace(found, way=RecoveryWay.AGAIN, button=again_words(entry))

    def _failed_parts(self, entry: Entry) -> Iterable[tuple[UUID, str | None]]:
        wrong = [RunStatus.FAILED, RunStatus.COMPLETED_WITH_ERRORS]
        oldest, last = entry["children"]
        return WorkflowRun.objects.filter(
            tenant=self.view.run.tenant_id,
            parent_run=self.view.run.pk,
            pk__gte=oldest,
            pk__lte=last,
            status__in=wrong,
        ).values_list("pk", "error_code")[:1000]

    def _changed(self, entry: Entry, step: PlannedStep | None) -> Mapping[str, tuple[Json, Json]]:
        """Return what of the record, as the step reads it, is otherwise today."""
        if step is None or self._why_no_values() or calls_beneath(self.view.run, entry):
            return {}
        if "changed" not in self._kept:
            try:
                self._kept["changed"] = values_of(self.line[0]).changed
            except NotRetryable:
                self._kept["changed"] = {}
        changed = self._kept["changed"]
        # What an earlier try with the record's values had is no news.
        tried = (entry.get("record_values") or {}).get("changed") or {}
        news = {
            k: both for k, both in changed.items() if tried.get(k, [None, both[0]])[1] != both[1]
        }
        read = keys_read(step)
        return news if read is None else {key: news[key] for key in news if key in read}

    def _why_no_values(self) -> str:
        if any(one.entry == 0 for one in self.line[1:]):
            return "values_handed_over"
        try:
            refuse_to_mix(self.line[0])
        except NotRetryable as why:
            return why.code
        return ""

    def _fixes(self, entry: Entry, code: str) -> list[WayOut]:
        run = self.view.run
        if run.error_fingerprint:
            run = WorkflowRun(pk=run.pk, tenant=run.tenant, definition=run.definition)
        is_fixable = code in OF_RECORDS | OF_TEMPLATES or code.startswith("connection_")
        own = {**entry, "status": StepStatus.FAILED}
        return ways_out(run, [own], self.view.subject) if is_fixable else []

    def _then(self, name: str) -> str:
        if self.view.run.status != RunStatus.FAILED:
            return ""
        behind = from_here(self.lines, name)[1:]
        return _("Then follow: %(steps)s.") % {"steps": listed(behind)} if behind else ""

    @property
    def _about(self) -> About:
        return self.view.facts.about

    def _step(self, name: str) -> PlannedStep | None:
        plan = next(iter(self.view.plans.values()), VersionPlan())
        return next((one for one in every_step(plan) if one.name == name), None)


def _with(found: Recovery, written: Written) -> Recovery:
    if found.value is None:
        return found
    value = replace(
        found.value, text=written.text, writes_back=written.writes_back, error=written.error
    )
    return replace(found, value=value)
