"""The guided first run: five steps with their states and where each is done; and its buttons."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from uuid import UUID

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from actions.models.connection import Connection, ConnectionKind
from tenants.admin import access
from tenants.core.text.listing import listed
from tenants.models.tenant import Tenant
from workflows.addresses import admin_path, page_of, path_to
from workflows.models.definition import WorkflowDefinition
from workflows.services.definitions.drafts import edited, trigger_in
from workflows.services.onboarding.gallery import Need, starting_record
from workflows.services.onboarding.progress import Beginnings, close_guide
from workflows.services.onboarding.sandbox import connect_to_sandbox, sandbox_url


@dataclass(frozen=True, slots=True)
class ShownNeed:
    """A connection as a card names it."""

    label: str
    is_met: bool
    url: str  # where it is made, or switched on


@dataclass(frozen=True, slots=True)
class GuideLink:
    """Where a step is done."""

    url: str
    label: str


@dataclass(frozen=True, slots=True)
class GuideStep:
    """One step."""

    title: str
    text: str
    is_done: bool
    links: tuple[GuideLink, ...] = ()  # of a step that can be done now
    is_next: bool = False
    offers_sandbox: bool = False  # what is missing can be led to the sandbox in one click


def guide_steps(found: Beginnings) -> list[GuideStep]:
    """Return the steps; the first that is not done is the next."""
    steps = list(_steps(found))
    following = next((index for index, step in enumerate(steps) if not step.is_done), None)
    return [replace(step, is_next=index == following) for index, step in enumerate(steps)]


def shown_need(need: Need) -> ShownNeed:
    """Return a connection in words, with the page on which it is made."""
    kinds = listed((ConnectionKind(kind).label for kind in need.kinds), last=_(" or "))
    label = f"{kinds} ({need.key})" if need.kind == ConnectionKind.HTTP else kinds
    if need.off is not None:
        named = _("%(name)s (switched off)") % {"name": need.off}
        return ShownNeed(named, need.is_met, page_of(need.off))
    given = {"kind": need.kind, "key": need.key}
    return ShownNeed(label, need.is_met, admin_path("actions_connection_add", **given))


def _steps(found: Beginnings) -> Iterator[GuideStep]:
    editor = page_of(found.workflow) if found.workflow else ""
    to_editor = (GuideLink(editor, _("Open it")),) if editor else ()
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
    gallery = admin_path("workflows_workflowdefinition_gallery", tenant=found.tenant.pk)
    text = _("It is complete; you change what you like.")
    if found.workflow:
        text = _("You have “%(name)s”.") % {"name": found.workflow}
    links = (GuideLink(gallery, _("Open the gallery")),)
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
    links = tuple(GuideLink(one.url, one.label) for one in missing)
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
        run = GuideLink(page_of(found.first_run), _("Look at this run"))
        return GuideStep(title, _("Here it is, step by step:"), True, (run,))
    text = _("Let happen what it starts on, for example by adding the record here.")
    if not found.is_live:
        return GuideStep(title, text, False)
    place = _starting_place(found.workflow)
    links = (GuideLink(place, _("Let it happen")),) if place else ()
    if found.has_event:
        ledger = path_to("workflows_workflowevent")
        links = (*links, GuideLink(ledger, _("Something happened, but nothing started: see why")))
    return GuideStep(title, text, False, links)


def _starting_place(workflow: WorkflowDefinition | None) -> str:
    """Return where somebody saves what starts the workflow; "" if something else does."""
    record = starting_record(trigger_in(edited(workflow))) if workflow else None
    if record is None:
        return ""
    meta = record[0]._meta
    model = f"{meta.app_label}_{meta.model_name}"
    rows = path_to(model)
    return admin_path(f"{model}_add") if rows and record[1] else rows


def close(request: HttpRequest, tenant_id: UUID) -> HttpResponse:
    """Close the guide of one company."""
    close_guide(_tenant(request, tenant_id), access.actor_of(request))
    return HttpResponseRedirect(admin_path("index"))


def connect(site: AdminSite, request: HttpRequest, tenant_id: UUID) -> HttpResponse:
    """Lead to the sandbox what the company's first workflow lacks."""
    made = connect_to_sandbox(_tenant(request, tenant_id))
    for one in made:
        said = _("Connected to the sandbox.")
        site.get_model_admin(Connection).log_addition(request, one, said)
    if made:
        words = ngettext(
            "One connection leads to the sandbox now.",
            "%(count)s connections lead to the sandbox now.",
            len(made),
        )
        seen = format_html('<a href="{}/">{}</a>', sandbox_url(), _("Look into the sandbox"))
        messages.success(request, format_html("{} {}", words % {"count": len(made)}, seen))
    return HttpResponseRedirect(admin_path("index"))


def _tenant(request: HttpRequest, tenant_id: UUID) -> Tenant:
    tenant: Tenant | None = access.tenants_seen(request).filter(pk=tenant_id).first()
    if tenant is None:
        raise Http404
    if not access.may_edit(request, tenant_id):
        raise PermissionDenied
    return tenant
