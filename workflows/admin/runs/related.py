"""The runs that a run hangs together with, ready for its page: its parts, its parent, its turn."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from tenants.core.text.listing import listed
from workflows.addresses import page_of, path_to
from workflows.engine.statuses import RunStatus
from workflows.models.run import WorkflowRun
from workflows.presentation import badges
from workflows.presentation.runs.children import item_words, place_words, way_title
from workflows.presentation.runs.lines import RelatedRuns
from workflows.presentation.runs.plans import PlannedWay, WayKind, every_step
from workflows.services.runs.children import ChildRunsOfStep, above, family_of
from workflows.services.runs.summaries import Plans, failed_step, plans_of


@dataclass(frozen=True, slots=True)
class ShownChild:
    """A child run in the list below its step."""

    badge: badges.Badge
    title: str
    url: str
    about: str  # the item in short
    failure: str  # where it went wrong, and why


@dataclass(frozen=True, slots=True)
class ShownFamily:
    """The child runs of a step."""

    told: str
    children: tuple[ShownChild, ...]
    all_url: str  # "" if all are shown


@dataclass(frozen=True, slots=True)
class RelatedLink:
    """Another page that the story speaks of."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class PartOf:
    """The place of a run in the one that started it and waits for it."""

    words: str
    is_called: bool  # it is the run of a workflow of its own
    whole: RelatedLink


def shown_family(run: WorkflowRun, plans: Plans, kin: RelatedRuns) -> ShownFamily:
    """Return the child runs of a step of `run`."""
    ways = {
        way.body: way for plan in plans.values() for step in every_step(plan) for way in step.ways
    }
    return _shown(run, family_of(run, kin), ways)


def part_of(run: WorkflowRun) -> PartOf | None:
    """Return which part of another run this one is, and that run; None if it is whole."""
    found = above(run)
    if found is None:
        return None
    words = place_words(found.step, found.way, run.item_index or 0, found.count)
    whole = _("run of “%(workflow)s”") % {"workflow": found.parent.definition}
    return PartOf(words, run.entry == 0, RelatedLink(whole, page_of(found.parent)))


def links_of_wait(run: WorkflowRun, ahead: Sequence[WorkflowRun]) -> list[RelatedLink]:
    """Return the pages of what a run waits for; `ahead` are the runs it comes behind."""
    pending = run.pending or {}
    if run.status == RunStatus.WAITING and pending.get("approval_id"):
        page = path_to("workflows_workflowapproval", pending["approval_id"])
        return [RelatedLink(_("Decide the question"), page)]
    if run.status == RunStatus.WAITING and pending.get("awaits") == "children":
        return _children_waited_for(run)
    return [RelatedLink(_("The run before it"), page_of(one)) for one in ahead]


def _children_waited_for(run: WorkflowRun) -> list[RelatedLink]:
    """Return the page of what is under way beneath; of several, the list of them."""
    own = WorkflowRun.objects.filter(
        tenant=run.tenant_id, parent_run=run.pk, due_at__isnull=False
    ).order_by("item_index", "id")
    live = list(own.only("id")[:2])
    if len(live) == 1:
        return [RelatedLink(_("What it waits for"), page_of(live[0]))]
    page = path_to("workflows_workflowrun", part_of=run.pk)
    return [RelatedLink(_("What it waits for"), page)] if live else []


def _shown(run: WorkflowRun, family: ChildRunsOfStep, ways: dict[int, PlannedWay]) -> ShownFamily:
    plans = plans_of(child for child in family.shown if child.error_code)
    children = tuple(_child(child, ways.get(child.entry), plans) for child in family.shown)
    more = family.count > len(children)
    every = path_to("workflows_workflowrun", part_of=run.pk)
    return ShownFamily(_counts(family), children, every if more else "")


def _child(child: WorkflowRun, way: PlannedWay | None, plans: Plans) -> ShownChild:
    step, why = failed_step(child, plans)
    return ShownChild(
        badge=badges.run_badge(child.status),
        title=_child_title(child, way),
        url=page_of(child),
        about=item_words(child.item) if way is not None and way.kind is WayKind.ITEMS else "",
        failure=f"{step}: {why}" if step and why else why,
    )


def _child_title(child: WorkflowRun, way: PlannedWay | None) -> str:
    if child.entry == 0:
        return str(child.definition)
    if way is not None and way.kind is WayKind.ARM:
        return way_title(way)
    return _("Item %(number)s") % {"number": (child.item_index or 0) + 1}


def _counts(family: ChildRunsOfStep) -> str:
    if family.count <= 1:
        return ""
    said = {
        _("%(count)s done"): family.done,
        _("%(count)s went wrong"): family.wrong,
        _("%(count)s left out"): family.left_out,
        _("%(count)s under way"): family.under_way,
    }
    return listed(words % {"count": count} for words, count in said.items() if count)
