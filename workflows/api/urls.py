"""Addresses of the API."""

from django.urls import URLPattern, path, re_path
from drf_spectacular.views import SpectacularJSONAPIView

from workflows.api.views.approvals import ApprovalsView, ApprovalView, DecideView
from workflows.api.views.events import EventView
from workflows.api.views.health import HealthView
from workflows.api.views.operations import CancelView, DoneView, RetryView
from workflows.api.views.runs import RunsView, RunView
from workflows.api.views.triggers import TriggerView
from workflows.api.views.unknown import UnknownAddressView

urlpatterns: list[URLPattern] = [
    path("triggers/<str:trigger_type>/", TriggerView.as_view(), name="api-trigger"),
    path("runs/", RunsView.as_view(), name="api-runs"),
    path("runs/<uuid:run_id>/", RunView.as_view(), name="api-run"),
    path("runs/<uuid:run_id>/cancel/", CancelView.as_view(), name="api-run-cancel"),
    path("runs/<uuid:run_id>/retry/", RetryView.as_view(), name="api-run-retry"),
    path("runs/<uuid:run_id>/done/", DoneView.as_view(), name="api-run-done"),
    path("events/<uuid:event_id>/", EventView.as_view(), name="api-event"),
    path("approvals/", ApprovalsView.as_view(), name="api-approvals"),
    path("approvals/<uuid:approval_id>/", ApprovalView.as_view(), name="api-approval"),
    path("approvals/<uuid:approval_id>/decide/", DecideView.as_view(), name="api-approval-decide"),
    path("health/", HealthView.as_view(), name="api-health"),
    path(
        "schema/",
        SpectacularJSONAPIView.as_view(authentication_classes=[], permission_classes=[]),
        name="api-schema",
    ),
    re_path(r"^.*", UnknownAddressView.as_view()),
]
