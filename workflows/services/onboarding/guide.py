"""The guided first run in words: five steps, each with its state and where it is done."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from actions.models.connection import ConnectionKind
from workflows.services.definitions.drafts import edited, trigger_in
from workflows.services.onboarding.gallery import Need, starting_place
from workflows.services.onboarding.progress import Beginnings
from workflows.services.onboarding.sandbox import sandbox_url


@dataclass(frozen=True, slots=True)
class ShownNeed:
    """A connection as a card names it."""

    label: str
    is_met: bool
    url: str  # where it is made, or switched on


@dataclass(frozen=True, slots=True)
class Link:
    """Where a step is done."""

    url: str
    label: str


@dataclass(frozen=True, slots=True)
class GuideStep:
    """One step."""

    title: str
    text: str
    is_done: bool
    links: tuple[Link, ...] = ()  # of a step that can be done now
    is_next: bool = False
    offers_sandbox: bool = False  # what is missing can be led to the sandbox in one click


def guide_steps(found: Beginnings) -> list[GuideStep]:
    """Return the steps; the first that is not done is the next."""
    steps = list(_steps(found))
    following = next((index for index, step in enumerate(steps) if not step.is_done), None)
    return [replace(step, is_next=index == following) for index, step in enumerate(steps)]


def shown_need(need: Need) -> ShownNeed:
    """Return a connection in words, with the page on which it is made."""
    kinds = _(" or ").join(str(ConnectionKind(kind).label) for kind in need.kinds)
    label = f"{kinds} ({need.key})" if need.kind == ConnectionKind.HTTP else kinds
    if need.off is not None:
        page = reverse("admin:actions_connection_change", args=[need.off.pk])
        return ShownNeed(_("%(name)s (switched off)") % {"name": need.off}, need.is_met, page)
    given = {"kind": need.kind, **({"key": need.key} if need.key else {})}
    return ShownNeed(
        label, need.is_met, f"{reverse('admin:actions_connection_add')}?{urlencode(given)}"
    )


def _steps(found: Beginnings) -> Iterator[GuideStep]:
    editor = _editor(found)
    to_editor = (Link(editor, _("Open it")),) if editor else ()
    yield _choose(found)
    yield _connect(found)
    yield GuideStep(
        _("Try it"),
        _("A test run shows what it would send, and sends nothing."),
        found.was_tried or found.first_run is not None,
        to_editor,
    )
    yield GuideStep(
        _("Publish it and switch it on"),
        _("Publishing checks it; from then on it starts by itself."),
        found.is_live,
        to_editor,
    )
    yield _first_run(found)


def _choose(found: Beginnings) -> GuideStep:
    gallery = reverse("admin:workflows_workflowdefinition_gallery")
    chosen = {"tenant": str(found.tenant.pk)}
    text = _("It is complete; you change what you like.")
    if found.workflow:
        text = _("You have “%(name)s”.") % {"name": found.workflow}
    links = (Link(f"{gallery}?{urlencode(chosen)}", _("Open the gallery")),)
    return GuideStep(
        _("Choose a ready workflow"),
        text,
        found.workflow is not None,
        () if found.workflow else links,
    )


def _connect(found: Beginnings) -> GuideStep:
    text = _("What it sends with: WhatsApp, Slack, Teams or a web service. Mail goes without.")
    if found.workflow and not found.needs:
        text = _("It needs no connection.")
    elif found.is_connected:
        text = _("Everything that it needs is connected.")
    missing = [shown_need(one) for one in found.missing]
    links = tuple(Link(one.url, one.label) for one in missing)
    offers_sandbox = bool(sandbox_url()) and any(one.off is None for one in found.missing)
    return GuideStep(
        _("Connect what you send with"),
        text,
        found.is_connected,
        links,
        offers_sandbox=offers_sandbox,
    )


def _first_run(found: Beginnings) -> GuideStep:
    title = _("See the first run")
    if found.first_run:
        page = reverse("admin:workflows_workflowrun_change", args=[found.first_run.pk])
        return GuideStep(
            title, _("Here it is, step by step:"), True, (Link(page, _("Look at this run")),)
        )
    text = _("Let happen what it starts on, for example by adding the record here.")
    if not found.is_live:
        return GuideStep(title, text, False)
    label = _("Let it happen")
    place = starting_place(trigger_in(edited(found.workflow))) if found.workflow else ""
    links = (Link(reverse(place), label),) if place else ()
    if found.has_event:
        ledger = reverse("admin:workflows_workflowevent_changelist")
        links = (*links, Link(ledger, _("Something happened, but nothing started: see why")))
    return GuideStep(title, text, False, links)


def _editor(found: Beginnings) -> str:
    if found.workflow is None:
        return ""
    return reverse("admin:workflows_workflowdefinition_change", args=[found.workflow.pk])
