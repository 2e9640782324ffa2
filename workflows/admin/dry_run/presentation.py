"""A dry run, ready for a page: a run's timeline, with what would be sent beside the steps."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from tenants.core.json import Json
from tenants.core.text.listing import listed
from tenants.models.tenant import Tenant
from workflows.admin.runs.steps import ShownPart, ShownStep, shown_parts, shown_steps
from workflows.engine.statuses import RunStatus
from workflows.event_types import label_of
from workflows.models.definition import WorkflowVersion
from workflows.models.event import WorkflowEvent
from workflows.presentation import badges, dry_runs, values
from workflows.presentation.badges import Badge
from workflows.presentation.runs.children import item_words, way_title
from workflows.presentation.runs.entries import RunFacts
from workflows.presentation.runs.plans import PlannedWay, VersionPlan, WayKind, every_step, plan_of
from workflows.presentation.runs.timeline import flow
from workflows.presentation.whatsapp import told

Program = Mapping[str, Json]

SHORT: Final = 30  # characters of a value that tells events apart
MAX_RUNS: Final = 20  # of one step that are shown with all their steps
# Kinds of message that have a look of their own.
DRAWN: Final = frozenset({"whatsapp", "email", "slack", "teams", "http"})
_TONES: Final = {"stopped": RunStatus.WAITING, "not_started": RunStatus.SKIPPED}


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """What would be sent."""

    kind: str
    channel: str
    to: str
    content: Mapping[str, Json]
    shown: values.ShownValue | None = None  # what no picture of its own shows
    body: str = ""  # of a web request, as JSON
    is_drawn: bool = True


@dataclass(frozen=True, slots=True)
class ShownDryRun:
    """A dry run."""

    badge: Badge
    tone: str
    steps: Sequence[ShownStep]
    after_failure: Sequence[ShownPart]
    rehearsed: Mapping[str, SafeString]  # what stands below a step, by its key


@dataclass(frozen=True, slots=True)
class Teller:
    """Shows the dry runs of one program."""

    tenant: Tenant
    program: Program

    def show(self, result: Mapping[str, Json], prefix: str = "") -> ShownDryRun:
        """Return a dry run as a page shows it."""
        return self._show(result, plan_of(self.program), prefix)

    def _show(self, result: Mapping[str, Json], plan: VersionPlan, prefix: str) -> ShownDryRun:
        status = _TONES.get(result["status"]) or RunStatus(result["status"])
        facts = RunFacts(
            status=status,
            plan=plan,
            results=result["entries"],
            pending=result.get("waiting"),
            is_part=bool(prefix),
        )
        told = flow(facts)
        steps = [_of_dry_run(one, prefix) for one in shown_steps(told.lines)]
        after = tuple(
            _part_of_dry_run(one, prefix) for one in shown_parts(told.after_failure, told.lines)
        )
        inside = [*_every(steps), *(one for part in after for one in _every(part.steps))]
        rehearsed = {one.key: self._below(one) for one in inside if one.line.notes}
        return ShownDryRun(_badge(result["status"]), status, steps, after, rehearsed)

    def _below(self, step: ShownStep) -> SafeString:
        """Return what only the dry run knows of a step."""
        notes = step.line.notes
        runs = notes.get("runs") or ()
        context = {
            "message": message_of(notes["would_send"]) if "would_send" in notes else None,
            "is_guess": notes.get("is_guess"),
            "skipped": _skipped(notes),
            "emits": label_of(notes["would_emit"]) if "would_emit" in notes else "",
            "runs": [self._run(run, step) for run in runs[:MAX_RUNS]],
            "more": max(len(runs) - MAX_RUNS, 0),
        }
        return SafeString(render_to_string("admin/workflows/trying/below_step.html", context))

    def _run(self, run: Mapping[str, Json], step: ShownStep) -> dict[str, Any]:
        """Return a child run, with its own steps."""
        plan = self._plan_of(run)
        shown = self._show(run, plan, f"{step.key}-r{run['item_index']}-")
        return {
            "title": self._title(run),
            "about": item_words(run["item"]) if "item" in run else "",
            "shown": shown,
            "is_open": run["status"] != RunStatus.COMPLETED,
            "halt": dry_runs.halted(run["halt"]) if run.get("halt") else "",
        }

    def _plan_of(self, run: Mapping[str, Json]) -> VersionPlan:
        if "workflow" not in run:
            return plan_of(self.program, run["entry"])
        rows = WorkflowVersion.objects.of(self.tenant).filter(
            definition=UUID(run["definition_id"]), version=run["version"]
        )
        program = rows.values_list("program", flat=True).first()
        return plan_of(program) if program else VersionPlan()

    def _title(self, run: Mapping[str, Json]) -> str:
        if "workflow" in run:
            return str(run["workflow"])
        way = self._ways().get(run["entry"])
        if way is not None and way.kind is WayKind.ARM:
            return way_title(way)
        return _("Item %(number)s") % {"number": run["item_index"] + 1}

    def _ways(self) -> dict[int, PlannedWay]:
        steps = every_step(plan_of(self.program))
        return {way.body: way for step in steps for way in step.ways}


def about(event: WorkflowEvent, most: int) -> str:
    """Return the first short values of an event: by them people know it."""
    found = ordered(event.type, event.payload).values()
    shorts = [str(one) for one in found if isinstance(one, str | int)]
    return " · ".join([one for one in shorts if 0 < len(one) <= SHORT][:most])


def ordered(event_type: str, payload: Mapping[str, Json]) -> dict[str, Json]:
    """Return the fields in the order in which their event declares them; jsonb forgets it."""
    known = [name for name in values.payload_fields(event_type) if name in payload]
    return {name: payload[name] for name in [*known, *(n for n in payload if n not in known)]}


def message_of(would_send: Mapping[str, Json]) -> ShownMessage:
    """Return a message as a page shows it."""
    kind, content = str(would_send["kind"]), would_send["content"]
    body = content.get("body") if kind == "http" else None
    return ShownMessage(
        kind=kind,
        channel=dry_runs.channel(kind),
        to=listed(would_send["to"]),
        content=told(content) if kind == "whatsapp" else content,
        shown=None if kind in DRAWN else values.show(content),
        body=values.raw(body) if body is not None else "",
        is_drawn=kind in DRAWN,
    )


def _badge(status: str) -> Badge:
    if status == "stopped":
        return Badge("waiting", _("Waits"))
    if status == "not_started":
        return Badge("nothing", _("Does not start"))
    if status == "invalid":
        return Badge("failed", _("Has mistakes"))
    return badges.run_badge(status)


def _skipped(notes: Mapping[str, Json]) -> str:
    seconds = notes.get("skipped_seconds")
    return dry_runs.skipped(seconds) if seconds else ""


def _of_dry_run(step: ShownStep, prefix: str) -> ShownStep:
    """Return the step with an id of its own, and without links to events that never were."""
    return replace(
        step,
        key=f"{prefix}{step.key}",
        line=replace(step.line, event_id=""),
        parts=tuple(_part_of_dry_run(part, prefix) for part in step.parts),
    )


def _part_of_dry_run(part: ShownPart, prefix: str) -> ShownPart:
    steps = tuple(_of_dry_run(step, prefix) for step in part.steps)
    return replace(part, key=f"{prefix}{part.key}", steps=steps)


def _every(steps: Sequence[ShownStep]) -> Iterator[ShownStep]:
    for step in steps:
        yield step
        for part in step.parts:
            yield from _every(part.steps)
