"""The admin site: its order, and the reader's own language and clock."""

from collections.abc import Callable
from contextlib import ExitStack
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.contenttypes.views import shortcut
from django.core.exceptions import ValidationError
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from tenants.admin.access import is_record, is_superuser, tenants_seen
from tenants.admin.own_settings import own_settings
from tenants.core.values.zones import zone_named
from tenants.tracking.signals import acting_as

# What stands where on the first page. Models that are not named here are technical.
GROUPS = (
    (
        "work",
        _("Workflows"),
        (
            "workflowapproval",
            "workflowproblem",
            "workflowrun",
            "workflowdefinition",
            "workflowschedule",
            "workflowevent",
        ),
    ),
    # With those of the host's own apps: what is tracked is a record.
    ("records", _("Records"), ("order",)),
    ("messages", _("Connections and messages"), ("messagetemplate", "connection")),
    ("people", _("Company and access"), ("tenant", "membership", "user", "apikey")),
)
TECHNICAL = ("technical", _("Technical"))


class SayrSite(AdminSite):
    """Django's admin, in the order of the work."""

    site_header = "Sayr"
    site_title = "Sayr"
    index_title = _("Overview")
    enable_nav_sidebar = True
    site_url = None

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the models by what they are for instead of by the app they lie in."""
        apps = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        return _grouped([model for app in apps for model in app["models"]], apps)

    def get_urls(self) -> list[Any]:
        """Return Django's pages, and the one of people's own settings."""
        view = self.admin_view(own_settings)
        own = path("my-settings/", view, {"site": self}, name="own_settings")
        elsewhere = path(
            "r/<path:content_type_id>/<path:object_id>/",
            self.admin_view(_page_elsewhere),
            name="view_on_site",
        )
        return [own, elsewhere, *super().get_urls()]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Show every page in the reader's language and by the reader's clock."""
        return super().admin_view(in_the_readers_terms(view), cacheable)


def _page_elsewhere(request: HttpRequest, content_type_id: str, object_id: str) -> HttpResponse:
    """Lead to a row's own page. What no key of its table can be, is that of no row."""
    try:
        answer: HttpResponse = shortcut(request, content_type_id, object_id)
    except (ValidationError, DataError):
        raise Http404 from None
    return answer


def _grouped(models: list[Any], apps: list[Any]) -> list[Any]:
    by_name = {model["object_name"].lower(): model for model in models if _is_ours(model)}
    urls = {app["app_label"]: app["app_url"] for app in apps}
    groups = []
    for label, name, wanted in GROUPS:
        found = [by_name.pop(key) for key in wanted if key in by_name]
        found += [model for model in models if label == "records" and _is_the_hosts(model)]
        groups.append(_group(label, name, found))
    ours = list(by_name.values())
    others = [model for model in models if not (_is_ours(model) or _is_the_hosts(model))]
    groups.append(_group(*TECHNICAL, ours + others))
    return [{**group, "app_url": _first_url(group, urls)} for group in groups if group["models"]]


def _is_ours(model: Any) -> bool:
    return model["model"]._meta.app_label in {"workflows", "actions", "tenants"}


def _is_the_hosts(model: Any) -> bool:
    return is_record(model["model"]) and not _is_ours(model)


def _group(label: str, name: Any, models: list[Any]) -> dict[str, Any]:
    return {"app_label": label, "name": name, "has_module_perms": True, "models": models}


def _first_url(group: dict[str, Any], urls: dict[str, str]) -> str:
    return urls[group["models"][0]["model"]._meta.app_label]


def in_the_readers_terms(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Return the view, in the language and by the clock of whoever reads its answer."""

    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with ExitStack() as stack:
            stack.enter_context(timezone.override(_zone(request)))
            language = getattr(request.user, "language", "")
            if language:
                stack.enter_context(translation.override(language))
            stack.enter_context(acting_as(f"user:{request.user.get_username()}"))
            answer: Any = view(request, *args, **kwargs)
            # Templates are rendered after the view: too late for the reader's terms.
            if hasattr(answer, "render") and not answer.is_rendered:
                answer.render()
            if language:
                answer.headers["Content-Language"] = language
            return answer  # type: ignore[no-any-return]  # a response, or one that was rendered

    return shown


def _zone(request: HttpRequest) -> ZoneInfo:
    """Return the person's time zone, or else that of their only tenant, or else the house's."""
    chosen = getattr(request.user, "time_zone", "")
    if not chosen and request.user.is_authenticated and not is_superuser(request):
        zones = tenants_seen(request).values_list("time_zone", flat=True)[:2]
        chosen = zones[0] if len(zones) == 1 else ""
    return zone_named(chosen) or ZoneInfo(settings.TIME_ZONE)
