"""Where to go after an error: the page on which it can be put right."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from actions import records, registry
from actions.models.connection import Connection
from actions.models.message_template import MessageTemplate
from tenants.core.json import Json
from workflows.addresses import page_of, path_to
from workflows.definition.schemas import reference
from workflows.engine.statuses import StepStatus
from workflows.models.run import WorkflowRun
from workflows.services.runs.summaries import Subject

# Codes that a connection's settings or secrets put right.
OF_CONNECTIONS: Final = frozenset(
    {"whatsapp_access_refused", "slack_access_refused", "slack_channel_refused"}
    | {"http_401", "http_403", "encryption_required", "certificate_refused"}
    | {"mail_login_refused", "mail_not_supported", "mail_server_unreachable"}
)
OF_TEMPLATES: Final = frozenset(
    {"template_unknown", "template_values_differ", "template_value_empty"}
    | {"whatsapp_template_unknown", "whatsapp_values_refused", "mail_is_empty"}
)
# Codes that the record itself puts right.
OF_RECORDS: Final = frozenset(
    {"bad_phone", "bad_mail_address", "mail_recipients_refused", "whatsapp_undeliverable"}
    | {"mail_partly_refused", "mail_partly_deferred", "mail_needs_smtputf8"}
    | {"record_not_found", "invalid_value", "missing_value"}
)
# Nobody can put these right by changing something: the other side has to be looked at.
OF_NOBODY: Final = frozenset(
    {"outcome_unknown", "poisoned", "engine_error", "timed_out", "connection_lost"}
)


@dataclass(frozen=True, slots=True)
class WayOut:
    """A page to go to."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class _Failure:
    code: str
    action: str
    input: Mapping[str, Json]


def ways_out(
    run: WorkflowRun, entries: Iterable[Mapping[str, Json]], subject: Subject | None
) -> list[WayOut]:
    """Return where to go for the run's errors, the likeliest first, each place once."""
    found: dict[str, WayOut] = {}
    different = {_answered_by(one): one for one in _failures(run, entries)}
    for failure in different.values():
        for way in _ways(run, failure, subject):
            found.setdefault(way.url, way)
    # The list it leads to has whole runs.
    if run.error_fingerprint and run.parent_run is None:
        url = path_to("workflows_workflowrun", mistake=run.error_fingerprint)
        found[url] = WayOut(_("All runs with the same mistake"), url)
    return list(found.values())


def _answered_by(failure: _Failure) -> tuple[str, ...]:
    """Return what its way out depends on: a loop may have failed a thousand times alike."""
    named = (str(failure.input.get(name)) for name in ("connection", "template"))
    return failure.code, failure.action, *named


def _failures(run: WorkflowRun, entries: Iterable[Mapping[str, Json]]) -> Iterator[_Failure]:
    for entry in entries:
        is_wrong = entry["status"] in {StepStatus.FAILED, StepStatus.UNKNOWN}
        # Of one done in part the rest is left to do; of a list, the page of each item says how.
        if entry.get("error") and (is_wrong or "so_far" in entry):
            yield _Failure(entry["error"]["code"], entry["action"], _members(entry.get("input")))
    pending = run.pending or {}
    last = (pending.get("attempts") or [{}])[-1]
    if last.get("error"):
        action = str(pending.get("action", ""))
        yield _Failure(last["error"]["code"], action, _members(pending.get("input")))


def _ways(run: WorkflowRun, failure: _Failure, subject: Subject | None) -> Iterator[WayOut]:
    code = failure.code
    if code in OF_NOBODY:
        return
    if code.startswith("connection_") or code in OF_CONNECTIONS:
        yield _connection(run, failure)
        return
    if code in OF_TEMPLATES:
        yield _template(run, failure)
        return
    if code == "no_record_found" and (list_page := _list_of(failure.input.get("table"))):
        yield list_page
        return
    page = path_to(subject.model, subject.key) if subject is not None else ""
    if code in OF_RECORDS and subject is not None and page:
        yield WayOut(subject.label, page)
    else:
        url = path_to("workflows_workflowdefinition", run.definition_id)
        yield WayOut(_("Workflow “%(name)s”") % {"name": run.definition}, url)


def _list_of(table: Json) -> WayOut | None:
    """Return the list of the records among which a step looked for one."""
    known = next((one for one in records.all_records() if one.alias == table), None)
    meta = known.model._meta if known else None
    url = path_to(f"{meta.app_label}_{meta.model_name}") if meta else ""
    return WayOut(str(known.label), url) if known and url else None


def _connection(run: WorkflowRun, failure: _Failure) -> WayOut:
    own = Connection.objects.of(run.tenant_id)
    key = failure.input.get("connection")
    kinds = _kinds(failure.action, "connection")
    rows = own.filter(key=key) if isinstance(key, str) and key else own.filter(kind__in=kinds)
    found = list(rows[:2])
    if len(found) != 1:
        return WayOut(_("Connections"), path_to("actions_connection"))
    return WayOut(_("Connection “%(name)s”") % {"name": found[0]}, page_of(found[0]))


def _template(run: WorkflowRun, failure: _Failure) -> WayOut:
    key = failure.input.get("template")
    found = MessageTemplate.objects.of(run.tenant_id).filter(key=str(key)).first()
    if found is None:
        return WayOut(_("Message templates"), path_to("actions_messagetemplate"))
    return WayOut(_("Message template “%(name)s”") % {"name": found}, page_of(found))


def _kinds(action: str, param: str) -> tuple[str, ...]:
    """Return the kinds of a stored thing that a parameter of the action may name."""
    try:
        known = registry.get(action).params.get("properties", {}).get(param, {})
    except registry.UnknownAction:
        return ()
    return reference(known.get("x-reference"))[1]


def _members(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}
