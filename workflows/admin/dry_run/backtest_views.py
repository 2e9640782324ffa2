"""The pages of a backtest: how far back, how far it has come, what it found, one event."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from tenants.admin import access
from tenants.core.json import Json
from workflows.addresses import admin_path, page_of
from workflows.admin.definitions.problem_lines import problem_lines
from workflows.admin.dry_run.presentation import Teller, about
from workflows.admin.dry_run.start import dry_run_of, dry_run_page, refuse_readers
from workflows.definition.errors import InvalidDocument
from workflows.definition.programs.compiler import compile_document
from workflows.event_types import label_of
from workflows.models.definition import WorkflowVersion
from workflows.models.event import WorkflowEvent
from workflows.models.rehearsal import DryRunKind, DryRunStatus, WorkflowRehearsal
from workflows.presentation import badges, dry_runs, values
from workflows.presentation.runs.control_flow import case_label
from workflows.presentation.times import short_moment
from workflows.presentation.vocabulary import step_title
from workflows.services.definitions.catalogue import validated
from workflows.services.dry_run import backtest
from workflows.services.dry_run.backtest_tally import differences
from workflows.services.dry_run.run import DryRun
from workflows.services.dry_run.test_runs import as_json, problems_in

DAYS: Final = (1, 7, 30)
LASTS: Final = (100, 1_000, 10_000)
MAX_LISTED: Final = 10  # recipients, and events of a kind
_ENDED: Final = {DryRunStatus.DONE, DryRunStatus.CANCELLED, DryRunStatus.FAILED}


def page(admin: Any, request: HttpRequest, pk: Any) -> HttpResponse:
    """Ask how far back, or show how far it has come and what it found."""
    made = dry_run_of(request, pk, DryRunKind.BACKTEST)
    if request.method == "POST":
        refuse_readers(request, made)
        _start(request, made)
        return HttpResponseRedirect(dry_run_page(made))
    shown: HttpResponse = admin.show(
        request,
        "admin/workflows/trying/backtest.html",
        _("What would “%(workflow)s” have done?") % {"workflow": _name(made)},
        may_test=access.may_edit(request, made.tenant_id),
        days=DAYS,
        lasts=LASTS,
        **progress(made),
    )
    return shown


def live(request: HttpRequest, pk: Any) -> HttpResponse:
    """Return the changing part of the page, or nothing if it is as it was seen."""
    made = dry_run_of(request, pk, DryRunKind.BACKTEST)
    context = progress(made)
    if request.GET.get("seen") == context["seen"]:
        return HttpResponse(status=204)
    context["may_test"] = access.may_edit(request, made.tenant_id)
    html = render_to_string("admin/workflows/trying/backtest_live.html", context, request)
    return JsonResponse({"seen": context["seen"], "ended": context["has_ended"], "html": html})


def cancel(request: HttpRequest, pk: Any) -> HttpResponse:
    """End a backtest; what it has counted stays."""
    made = dry_run_of(request, pk, DryRunKind.BACKTEST)
    refuse_readers(request, made)
    backtest.cancel(made)
    return HttpResponseRedirect(dry_run_page(made))


def event_page(admin: Any, request: HttpRequest, pk: Any, event: UUID) -> HttpResponse:
    """Show what both sides would do with one event."""
    made = dry_run_of(request, pk, DryRunKind.BACKTEST)
    try:
        pair = backtest.pair_of(made, event)
        program = compile_document(validated(made.tenant, made.document, _key(made)))
    except InvalidDocument:
        raise Http404 from None
    if pair is None:
        raise Http404
    sides = [_side(made, _("The draft"), pair.draft, program, pair.event, "d-")]
    if pair.published is not None:
        published = _program(made)
        title = _("Version %(number)s") % {"number": made.version}
        sides.append(_side(made, title, pair.published, published, pair.event, "p-"))
    kinds = differences(pair.draft, pair.published) if pair.published else []
    shown: HttpResponse = admin.show(
        request,
        "admin/workflows/trying/backtest_event.html",
        label_of(pair.event.type),
        backtest=made,
        back=dry_run_page(made),
        when=short_moment(pair.event.created_at),
        event_url=page_of(pair.event),
        sides=sides,
        kinds=[dry_runs.kind_of_difference(kind) for kind in kinds],
        payload=_payload(pair.event),
        raw_payload=values.raw(pair.event.payload),
    )
    return shown


def progress(made: WorkflowRehearsal) -> dict[str, Any]:
    """Return what the changing part of the page shows."""
    status = DryRunStatus(made.status)
    result = made.result or {}
    context = {
        "backtest": made,
        "definition": made.definition,
        "is_prepared": status is DryRunStatus.PREPARED,
        "has_ended": status in _ENDED,
        "status": status,
        "seen": f"{status}-{made.done}",
        "percent": round(100 * made.done / made.total) if made.total else 0,
        "problems": problem_lines(problems_in(result), made.document),
        "live_url": admin_path("workflows_workflowdefinition_backtest_live", made.pk),
    }
    return {**context, **_found(made, result)} if made.done else context


def _start(request: HttpRequest, made: WorkflowRehearsal) -> None:
    asked = request.POST.get("range", "")
    number = int(asked[1:]) if asked[1:].isdecimal() else 0
    if asked.startswith("d") and number in DAYS:
        backtest.start(made, days=number)
    else:
        backtest.start(made, last=number if number in LASTS else LASTS[0])


def _found(made: WorkflowRehearsal, result: Mapping[str, Json]) -> dict[str, Any]:
    labels = _labels(made)
    sides = [{"title": _("The draft"), **_tally(made, result["draft"], labels)}]
    if made.version:
        title = _("Version %(number)s, published") % {"number": made.version}
        sides.append({"title": title, **_tally(made, result["published"], labels)})
    kinds = [
        {
            "title": dry_runs.kind_of_difference(kind),
            "count": count,
            "events": _links(made, events[:MAX_LISTED]),
        }
        for kind, count, events in backtest.differing(result)
    ]
    compared = result["compared"]
    return {
        "sides": sides,
        "differences": kinds,
        "compared": compared,
        "same": result["same"],
        "differ": compared - result["same"],
    }


def _tally(
    made: WorkflowRehearsal, tally: Mapping[str, Json], labels: Mapping[str, str]
) -> dict[str, Any]:
    """Return one side's counts, worded."""
    return {
        "starts": tally["starts"],
        "reasons": [(dry_runs.reason(code), n) for code, n in _sorted(tally["reasons"])],
        "statuses": [
            (badges.run_badge("waiting" if name == "stopped" else name), n)
            for name, n in _sorted(tally["statuses"])
        ],
        "branches": [
            (step_title(labels.get(step), step), [(_case(c), n) for c, n in _sorted(cases)])
            for step, cases in sorted(tally["branches"].items())
        ],
        "sends": [
            {
                "step": step_title(labels.get(one["step"]), one["step"]),
                "channel": dry_runs.channel(one["kind"]),
                "count": one["count"],
                "to": _sorted(one["to"])[:MAX_LISTED],
                "more": max(len(one["to"]) - MAX_LISTED, 0),
            }
            for one in sorted(tally["sends"].values(), key=lambda one: -one["count"])
        ],
        "failures": [
            {
                "step": step_title(labels.get(one["step"]), one["step"]),
                "why": dry_runs.failure(one["code"], one["params"]),
                "count": one["count"],
                "events": _links(made, one["events"][:MAX_LISTED]),
            }
            for one in sorted(tally["failures"].values(), key=lambda one: -one["count"])
        ],
    }


def _case(label: str) -> str:
    return _("Otherwise") if label == "otherwise" else case_label(label)


def _sorted(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))


def _links(made: WorkflowRehearsal, ids: list[str]) -> list[tuple[str, str]]:
    """Return the address of each event in this backtest, and how people know it."""
    rows = WorkflowEvent.objects.of(made.tenant).filter(pk__in=ids)
    known = {str(event.pk): event for event in rows}
    name = "workflows_workflowdefinition_backtest_event"
    return [
        (admin_path(name, made.pk, one), about(known[one], 1) or short_moment(moment))
        for one in ids
        if one in known
        for moment in (known[one].created_at,)
    ]


def _labels(made: WorkflowRehearsal) -> dict[str, str]:
    """Return what the steps of both sides are called."""
    program = _program(made) if made.version else {}
    stored = {one["name"]: _called(one) for one in program.get("instructions", ()) if one["name"]}
    try:
        own = compile_document(validated(made.tenant, made.document, _key(made)))
    except InvalidDocument:
        return stored
    return {**stored, **{one["name"]: _called(one) for one in own["instructions"] if one["name"]}}


def _called(instruction: Mapping[str, Json]) -> str:
    return step_title(
        instruction.get("label"), instruction["name"], instruction.get("action") or ""
    )


def _side(  # noqa: PLR0913, PLR0917  # one side of a page
    made: WorkflowRehearsal,
    title: str,
    found: DryRun,
    program: Json,
    event: WorkflowEvent,
    prefix: str,
) -> dict[str, Any]:
    result = as_json(found)
    return {
        "title": title,
        "shown": Teller(made.tenant, program).show(result, prefix),
        "not_started": dry_runs.not_started(_why(result), event.type),
        "halt": dry_runs.halted(result["halt"]) if result["halt"] else "",
    }


def _why(result: Mapping[str, Json]) -> Json:
    return result.get("verdict")


def _program(made: WorkflowRehearsal) -> Json:
    rows = WorkflowVersion.objects.of(made.tenant).filter(definition=made.definition_id)
    return rows.filter(version=made.version).values_list("program", flat=True).first() or {}


def _key(made: WorkflowRehearsal) -> str:
    return made.definition.key if made.definition else ""


def _name(made: WorkflowRehearsal) -> str:
    return str(made.document.get("name") or made.definition or _("Workflow without a name"))


def _payload(event: WorkflowEvent) -> values.ShownValue:
    labels, words = values.payload_fields(event.type), values.payload_words(event.type)
    return values.show(event.payload, labels=labels, words=words)
