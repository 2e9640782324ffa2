"""Start from a ready workflow: the gallery, and the draft that a card makes."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from tenants.admin import access
from tenants.core.text.listing import listed
from tenants.models.tenant import Tenant
from workflows.admin.base import AdminPage, to
from workflows.admin.onboarding.guide import ShownNeed, shown_need
from workflows.presentation.documents.diagrams import Picture, picture
from workflows.services.onboarding.gallery import Need, Ready, Started, entries, entry, needs, start


@dataclass(frozen=True, slots=True)
class Card:
    """A ready workflow as the page shows it."""

    ready: Ready
    picture: Picture
    needs: list[ShownNeed]


class GalleryPages(AdminPage):
    """The views; `admin` is the one of workflows."""

    def show_all(self, request: HttpRequest) -> HttpResponse:
        """Show the cards, and the other ways to begin."""
        tenants = list(access.tenants_edited(request).order_by("name"))
        if not tenants:
            raise PermissionDenied
        chosen = _chosen(tenants, request.GET.get("tenant")) or tenants[0]
        language = get_language() or "en"
        found = [one.in_language(language) for one in entries()]
        return self.show(
            request,
            "admin/workflows/gallery.html",
            _("Start from a ready workflow"),
            cards=[Card(one, picture(one.document), _needs(chosen, one)) for one in found],
            tenants=tenants if len(tenants) > 1 else [],
            chosen_tenant=chosen,
        )

    def start(self, request: HttpRequest, key: str) -> HttpResponse:
        """Make a draft of one, and open it."""
        found = entry(key)
        tenants = list(access.tenants_edited(request))
        tenant = _chosen(tenants, request.POST.get("tenant"))
        if tenant is None:
            raise PermissionDenied
        if found is None:
            raise Http404
        address = getattr(request.user, "email", "")
        started = start(tenant, access.actor_of(request), found, address=address)
        self.admin.log_addition(request, started.definition, _("Started from the gallery."))
        messages.success(request, _said(started))
        if started.missing:
            messages.warning(request, _still_to_be_made(started.missing))
        return to(started.definition)


def _chosen(tenants: list[Tenant], key: str | None) -> Tenant | None:
    if not key and len(tenants) == 1:
        return tenants[0]
    return next((one for one in tenants if str(one.pk) == key), None)


def _needs(tenant: Tenant, ready: Ready) -> list[ShownNeed]:
    return [shown_need(one) for one in needs(tenant, ready.document)]


def _said(started: Started) -> str:
    said = [_("This is your draft. Nothing runs until you publish it and switch it on.")]
    if started.templates:
        made = ngettext(
            "Its message template was made, too: %(names)s.",
            "Its message templates were made, too: %(names)s.",
            len(started.templates),
        )
        said.append(made % {"names": listed(started.templates)})
    if started.schedule:
        made = _("The schedule “%(name)s” will start it.")
        said.append(made % {"name": started.schedule.name})
    return " ".join(said)


def _still_to_be_made(missing: tuple[Need, ...]) -> SafeString:
    shown = [shown_need(one) for one in missing]
    links = format_html_join(
        _(", "), '<bdi><a href="{}">{}</a></bdi>', ((one.url, one.label) for one in shown)
    )
    return format_html("{} {}", _("Before you can publish it, connect:"), links)
