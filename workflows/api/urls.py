"""Addresses of the API."""

from django.urls import URLPattern, path, re_path
from drf_spectacular.views import SpectacularJSONAPIView

from workflows.api.views.events import EventView
from workflows.api.views.health import HealthView
from workflows.api.views.runs import RunsView, RunView
from workflows.api.views.triggers import TriggerView
from workflows.api.views.unknown import UnknownAddressView

urlpatterns: list[URLPattern] = [
    path("triggers/<str:trigger_type>/", TriggerView.as_view(), name="api-trigger"),
    path("runs/", RunsView.as_view(), name="api-runs"),
    path("runs/<uuid:run_id>/", RunView.as_view(), name="api-run"),
    path("events/<uuid:event_id>/", EventView.as_view(), name="api-event"),
    path("health/", HealthView.as_view(), name="api-health"),
    path(
        "schema/",
        SpectacularJSONAPIView.as_view(authentication_classes=[], permission_classes=[]),
        name="api-schema",
    ),
    re_path(r"^.*", UnknownAddressView.as_view()),
]
