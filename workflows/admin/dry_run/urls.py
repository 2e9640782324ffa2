"""The addresses of test runs and backtests."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_GET, require_POST

from workflows.admin.dry_run import backtest_views
from workflows.admin.dry_run import views as test_pages
from workflows.admin.dry_run.start import begin


class TryingPages:
    """The views; `admin` is the one of workflows."""

    def __init__(self, admin: Any) -> None:
        self.admin = admin

    def urls(self) -> list[URLPattern]:
        """Return the addresses."""
        views = {
            "try": ("try/", require_POST(self.begin)),
            "test": ("try/<uuid:pk>/", self.test),
            "backtest": ("backtest/<uuid:pk>/", self.backtest),
            "backtest_live": ("backtest/<uuid:pk>/live/", require_GET(backtest_views.live)),
            "backtest_cancel": ("backtest/<uuid:pk>/cancel/", require_POST(backtest_views.cancel)),
            "backtest_event": (
                "backtest/<uuid:pk>/event/<uuid:event>/",
                require_GET(self.backtest_event),
            ),
        }
        wrap = self.admin.admin_site.admin_view
        return [
            path(address, wrap(view), name=f"workflows_workflowdefinition_{name}")
            for name, (address, view) in views.items()
        ]

    def begin(self, request: HttpRequest) -> HttpResponse:
        """Keep the document of a form, to be tried out."""
        return begin(self.admin, request)

    def test(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Show a test run, or run it again."""
        return test_pages.page(self.admin, request, pk)

    def backtest(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Show a backtest, or start it."""
        return backtest_views.page(self.admin, request, pk)

    def backtest_event(self, request: HttpRequest, pk: Any, event: Any) -> HttpResponse:
        """Show one event of a backtest."""
        return backtest_views.event_page(self.admin, request, pk, event)
