"""The addresses of the pages beside Django's own, model by model."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.urls import URLPattern, path
from django.views.decorators.http import require_GET, require_POST

from workflows.admin.definitions.broken import BrokenPage
from workflows.admin.definitions.running import RunningPages
from workflows.admin.definitions.starting import StartingPages
from workflows.admin.definitions.transfer import TransferPages
from workflows.admin.dry_run import backtest_views, start, views
from workflows.admin.editor.endpoints.views import editor_urls
from workflows.admin.message_templates import preview
from workflows.admin.message_templates.pages import MessagePages
from workflows.admin.onboarding import guide
from workflows.admin.onboarding.gallery import GalleryPages
from workflows.admin.pausing import pause_page, switch
from workflows.admin.runs.backfill import RunOnRecordsPages
from workflows.admin.versions.pages import VersionPages

# Name -> address and view.
Pages = Mapping[str, tuple[str, Any]]


def of_definitions(admin: Any) -> list[URLPattern]:
    """Return the pages of workflows."""
    versions, transfer, gallery = VersionPages(admin), TransferPages(admin), GalleryPages(admin)
    running, records = RunningPages(admin), RunOnRecordsPages(admin)
    starting = StartingPages(admin)
    pages: Pages = {
        "compare": ("<uuid:pk>/compare/", versions.compare),
        "discard": ("<uuid:pk>/discard-draft/", require_POST(versions.discard)),
        "take_over": ("<uuid:pk>/take-over/", require_POST(versions.take_over)),
        "import": ("import/", transfer.take_in),
        "export": ("<uuid:pk>/export/", transfer.export),
        "gallery": ("gallery/", require_GET(gallery.show_all)),
        "start": ("gallery/<slug:key>/", require_POST(gallery.start)),
        "broken": ("broken/", BrokenPage(admin).show_all),
        "try": ("try/", require_POST(partial(start.begin, admin))),
        "test": ("try/<uuid:pk>/", partial(views.page, admin)),
        "backtest": ("backtest/<uuid:pk>/", partial(backtest_views.page, admin)),
        "backtest_live": ("backtest/<uuid:pk>/live/", require_GET(backtest_views.live)),
        "backtest_cancel": ("backtest/<uuid:pk>/cancel/", require_POST(backtest_views.cancel)),
        "backtest_event": (
            "backtest/<uuid:pk>/event/<uuid:event>/",
            require_GET(partial(backtest_views.event_page, admin)),
        ),
        "stop": ("<path:object_id>/stop/", running.stop),
        "start_now": ("<path:object_id>/start-now/", starting.now),
        "schedule": ("<path:object_id>/schedule/", require_POST(starting.schedule)),
        "start_for_record": (
            "start-for-record/<slug:alias>/<uuid:key>/",
            require_POST(starting.for_record),
        ),
        "duplicate": ("<path:object_id>/duplicate/", require_POST(running.duplicate)),
        "tags": ("<path:object_id>/tags/", require_POST(running.tags)),
        "switch": ("<path:object_id>/switch/", require_POST(running.switch)),
        "owner": ("<path:object_id>/owner/", running.owner),
        "on_records": ("on-records/<slug:alias>/", require_POST(records.begin)),
        "records_run": ("records-run/<uuid:tenant_id>/<uuid:batch>/", require_GET(records.follow)),
        "records_cancel": (
            "records-run/<uuid:tenant_id>/<uuid:batch>/cancel/",
            require_POST(records.cancel),
        ),
        "close_guide": ("guide/<uuid:tenant_id>/close/", require_POST(guide.close)),
        "connect_sandbox": (
            "guide/<uuid:tenant_id>/sandbox/",
            require_POST(partial(guide.connect, admin.admin_site)),
        ),
    }
    of_others: Pages = {
        "workflows_workflowversion_again": ("version/<uuid:pk>/again/", versions.again),
        "workflows_pause": ("pause/", require_GET(partial(pause_page, admin))),
        "workflows_pause_switch": ("pause/<uuid:tenant_id>/", require_POST(switch)),
    }
    own = {f"workflows_workflowdefinition_{name}": page for name, page in pages.items()}
    return [*_patterns(admin, {**own, **of_others}), *editor_urls(admin.admin_site)]


def of_runs(admin: Any) -> list[URLPattern]:
    """Return the part of a run's page that changes, and what people do about a run."""
    pages: Pages = {
        "live": ("<path:object_id>/live/", admin.live),
        "cancel": ("<path:object_id>/cancel/", admin.cancel_page),
        "retry": ("<path:object_id>/retry/", admin.retry_page),
        "correct": ("<path:object_id>/correct/", admin.correct_page),
        "recover": ("<path:object_id>/recover/", admin.recover_page),
        "take": ("<path:object_id>/take/", admin.take_page),
    }
    return _patterns(admin, {f"workflows_workflowrun_{name}": page for name, page in pages.items()})


def of_bulk_retries(admin: Any) -> list[URLPattern]:
    """Return what is done with a retry of many runs, and the part of its page that changes."""
    pages: Pages = {
        "live": ("<path:object_id>/live/", require_GET(admin.live)),
        "begin": ("<path:object_id>/begin/", require_POST(admin.begin)),
        "go_on": ("<path:object_id>/go-on/", require_POST(admin.go_on)),
        "stop": ("<path:object_id>/stop/", require_POST(admin.stop)),
    }
    named = {f"workflows_workflowbulkretry_{name}": page for name, page in pages.items()}
    return _patterns(admin, named)


def of_problems(admin: Any) -> list[URLPattern]:
    """Return what people do about a problem."""
    pages: Pages = {
        "say": ("<path:object_id>/say/", require_POST(admin.say)),
        "retry": ("<path:object_id>/retry/", require_POST(admin.retry)),
    }
    named = {f"workflows_workflowproblem_{name}": page for name, page in pages.items()}
    return _patterns(admin, named)


def of_schedules(admin: Any) -> list[URLPattern]:
    """Return what the picker of a schedule asks for."""
    pages: Pages = {
        "preview": ("preview/", require_GET(admin.preview)),
        "start_now": ("<path:object_id>/start-now/", admin.start_now),
    }
    named = {f"workflows_workflowschedule_{name}": page for name, page in pages.items()}
    return _patterns(admin, named)


def of_message_templates(admin: Any) -> list[URLPattern]:
    """Return what the form of a message template asks for, and its versions."""
    own = MessagePages(admin)
    pages: Pages = {
        "preview": ("preview/", partial(admin.preview, shown=preview.answer)),
        "preview_html": ("preview_html/", partial(admin.preview, shown=preview.html_page)),
        "send_test": ("send_test/", require_POST(own.send_test)),
        "versions": ("<uuid:pk>/versions/", require_GET(own.versions)),
        "go_back": ("<uuid:pk>/versions/<int:number>/", require_POST(own.go_back)),
        "discard": ("<uuid:pk>/discard-draft/", require_POST(own.discard)),
    }
    named = {f"actions_messagetemplate_{name}": page for name, page in pages.items()}
    return _patterns(admin, named)


def _patterns(admin: Any, pages: Pages) -> list[URLPattern]:
    wrap = admin.admin_site.admin_view
    return [path(address, wrap(view), name=name) for name, (address, view) in pages.items()]
