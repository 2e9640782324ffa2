"""Every door by which a value comes in, as a function that pushes one through.

A door returns the code or the words with which it refused, or None if it took the value. It raises
if the door broke.
"""

import json
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse

from tenants.core.json.faults import BadJson
from tenants.core.text.names import BadName, name_fault
from tests.hostile.site import refusal_in, step
from tests.support.approvals import FORM, ask
from workflows.admin.editor.form.shape import to_form
from workflows.models.approval import WorkflowApproval
from workflows.models.rehearsal import WorkflowRehearsal
from workflows.models.run import WorkflowRun
from workflows.models.schedule import WorkflowSchedule
from workflows.services.approvals.links import link_for
from workflows.services.events.fire import fire

SCHEDULE = {
    "name": "S",
    "event_type": "hostile",
    "cron": "0 8 * * *",
    "missed_policy": "latest",
    "payload": "{}",
    "time_zone": "",
}
DOCUMENT = {"name": "W", "trigger_type": "hostile", "steps": [step("a", "log_note", text="x")]}
# Stands in a document where the hostile text is put, which nothing could write.
PLACE = '"the place of the value"'


def with_value(document, text):
    """Return a JSON text with the hostile one in it."""
    return json.dumps(document).replace(PLACE, text)


def refused(answer):
    """Return the refusal in an answer, which is never the server's fault."""
    assert answer.status_code < 500, (answer.status_code, answer.content[:300])
    return refusal_in(answer)


def address(name, *args):
    return reverse(f"admin:{name}", args=args)


# --- JSON as text -------------------------------------------------------------------------------


def api_fire(site, text):
    return refused(site.caller.fire("hostile", body=f'{{"v": {text}}}'))


# A key decides only where it is named.
THE_KEY = ["key:shop"]


def api_retry(site, text):
    body = f'{{"from": "start", "payload": {{"v": {text}}}}}'
    return refused(_api(site, f"runs/{site.world.run.pk}/retry/", body))


def api_decide(site, text):
    made = ask(site.tenant, form=FORM, approvers=THE_KEY)
    body = f'{{"choice": "refund", "answers": {{"amount": {text}, "reason": {text}}}}}'
    return refused(_api(site, f"approvals/{made.pk}/decide/", body))


def _api(site, path, body):
    return site.caller.http.generic(
        "POST", f"/api/v1/{path}", body, "application/json", headers=site.caller._headers({})
    )


def correct_as_json(site, text):
    page = address("workflows_workflowrun_correct", site.world.run.pk) + "?as=json"
    return refused(site.web.post(page, {"whole": f'{{"v": {text}}}', "from": "start"}))


def correct_a_field(site, text):
    WorkflowRun.objects.filter(pk=site.world.run.pk).update(
        trigger_payload={"object": {"a": 1}, "number": 1, "list": [1], "text": "x"}
    )
    page = address("workflows_workflowrun_correct", site.world.run.pk)
    form = site.web.get(page).context["form"]
    values = {name: form[name].value() for name in form.fields}
    for name, key in form.keys.items():
        if key in {"object", "number"}:
            values[name] = f'{{"v": {text}}}' if key == "object" else text
    return refused(site.web.post(page, {**values, "from": "start"}))


def schedule_payload(site, text):
    return _add_schedule(site, payload=f'{{"v": {text}}}')


def _add_schedule(site, **values):
    number = WorkflowSchedule.objects.count()
    form = {"tenant": site.tenant.pk, **SCHEDULE, "key": f"s{number}", **values}
    return refused(site.web.post(address("workflows_workflowschedule_add"), form))


def test_page(site, text):
    begun = site.web.post(
        address("workflows_workflowdefinition_try"), {"document": json.dumps(DOCUMENT), "_try": ""}
    )
    page = begun["Location"]
    for values in ({"payload": f'{{"v": {text}}}'}, {"payload": "{}", "previous": text}):
        refused(site.web.post(page, values))
        assert site.web.get(page).status_code == 200
    assert WorkflowRehearsal.objects.exists()
    return "a page"


def test_of_a_document(site, text):
    document = with_value({**DOCUMENT, "values": {"v": json.loads(PLACE)}}, text)
    page = address("workflows_workflowdefinition_try")
    return refused(site.web.post(page, {"document": document, "_try": ""}))


def document_form(site, text):
    document = with_value({**DOCUMENT, "values": {"v": json.loads(PLACE)}}, text)
    page = address("workflows_workflowdefinition_add")
    form = {"tenant": site.tenant.pk, "key": "", "document": document, "_draft": ""}
    return refused(site.web.post(page, form))


def editor_body(site, text):
    about = f'"tenant": "{site.tenant.pk}", "definition": ""'
    asked = {
        "check": "form",
        "preview": "texts",
        "values": "form",
        "copy": "steps",
        "paste": "text",
    }
    for name, part in asked.items():
        refused(site.ask_editor(name, f'{{{about}, "{part}": {text}}}'))
    refused(site.ask_editor("check", text))
    return "a page"


def editor_form(site, text):
    """In every text of the form that is JSON in turn."""
    form = to_form({**DOCUMENT, "values": {"n": 5}, "other": 1, "output": {"a": {"b": 1}}})
    own = form["steps"][0]
    for part in ("others", "settings"):
        form["head"][part] = text
    form["head"]["was"] = {"settings": text, "trigger_filter": text}
    form["head"]["values"].append({"k": "v", "v": "1", "was": text})
    own |= {"others": text, "was": {"retry": text}, "kept": {"/text": text, "": text}}
    form["head"]["filter"] = {"mode": "raw", "rows": [], "was": text}
    about = {"tenant": str(site.tenant.pk), "definition": ""}
    refused(site.ask_editor("check", json.dumps({**about, "form": form})))
    one = to_form(DOCUMENT)
    one["head"]["output"] = text
    refused(site.ask_editor("values", json.dumps({**about, "form": one})))
    return "a page"


def editor_text(site, text):
    about = {"tenant": str(site.tenant.pk), "definition": ""}
    document = with_value({**DOCUMENT, "values": {"v": json.loads(PLACE)}}, text)
    refused(site.ask_editor("check", json.dumps({**about, "text": document})))
    refused(site.ask_editor("paste", json.dumps({**about, "text": document})))
    return "a page"


def import_of_a_file(site, text):
    document = with_value({**DOCUMENT, "values": {"v": json.loads(PLACE)}}, text)
    content = f'{{"sayr_workflows": 1, "workflows": [{{"key": "w", "workflow": {document}}}]}}'
    form = {
        "tenant": site.tenant.pk,
        "file": SimpleUploadedFile("w.json", content.encode("utf-8", "surrogatepass")),
        "take": ["w"],
        "mark-w": "",
        "_import": "1",
    }
    return refused(site.web.post(address("workflows_workflowdefinition_import"), form))


def import_by_command(site, text):
    document = with_value({**DOCUMENT, "values": {"v": json.loads(PLACE)}}, text)
    content = f'{{"sayr_workflows": 1, "workflows": [{{"key": "c", "workflow": {document}}}]}}'
    with TemporaryDirectory() as folder:
        (Path(folder) / "c.json").write_bytes(content.encode("utf-8", "surrogatepass"))
        said = StringIO()
        try:
            where = ("--tenant", site.tenant.key, "--dir", folder)
            call_command("workflows", "import", *where, stdout=said, stderr=said)
        except CommandError as mistake:
            return str(mistake)
    return None


def step_that_reads_json(site, text):
    """A text that a step parses, as of nine characters."""
    answer = site.caller.fire("hostile", {"v": 1, "s": text})
    if said := refused(answer):
        return said
    run = site.ended(answer.json()["runs"][0]["id"])
    assert run.status in {"completed", "completed_with_errors"}, run.error_message
    return "a failed step" if run.status == "completed_with_errors" else None


def approval_link(site, text):
    made = ask(site.tenant, form=FORM)
    person = Client()
    page = urlsplit(link_for(made, "user:ops")).path
    person.get(page)
    form = {"choice": "refund", "field_amount": text, "field_reason": text, "field_goods": text}
    return refused(person.post(page, form))


def approval_page(site, text):
    made = ask(site.tenant, form=FORM)
    page = address("workflows_workflowapproval_change", made.pk)
    form = {"choice": "refund", "field_amount": text, "field_reason": text, "field_account": text}
    answer = refused(site.web.post(page, form))
    assert WorkflowApproval.objects.filter(pk=made.pk).exists()
    return answer


def message_template_preview(site, text):
    page = address("actions_messagetemplate_preview")
    form = {
        "tenant": site.tenant.pk,
        "channel": "email",
        "subject": "x",
        "text": "{{ trigger.v }}" + text[:1000],
        "values": text,
        "choice": text,
        "event": text,
    }
    return refused(site.web.post(page, form))


def message_template(site, text):
    page = address("actions_messagetemplate_add")
    form = {
        "tenant": site.tenant.pk,
        "name": "M",
        "key": f"m{abs(hash(text))}",
        "channel": "whatsapp",
        "language": "en",
        "parameters": text,
    }
    return refused(site.web.post(page, form))


def connection_settings(site, text):
    page = address("actions_connection_add") + "?kind=smtp"
    form = {
        "tenant": site.tenant.pk,
        "name": "C",
        "key": f"c{abs(hash(text))}",
        **dict.fromkeys(("host", "port", "sender", "username", "password"), text),
    }
    return refused(site.web.post(page, form))


TEXT_DOORS = (
    api_fire,
    api_retry,
    api_decide,
    correct_as_json,
    correct_a_field,
    schedule_payload,
    test_page,
    test_of_a_document,
    document_form,
    editor_body,
    editor_form,
    editor_text,
    import_of_a_file,
    import_by_command,
    step_that_reads_json,
    approval_link,
    approval_page,
    message_template,
    message_template_preview,
    connection_settings,
)


# --- values of Python code ----------------------------------------------------------------------


def fire_by_code(site, value):
    try:
        fire(site.tenant, "hostile", {"v": value})
    except (BadJson, BadName, TypeError) as wrong:
        return str(wrong)[:100]
    return None


def schedule_of_code(site, value):
    """A schedule that code has stored, which no form has seen."""
    try:
        made = WorkflowSchedule.objects.create(
            tenant=site.tenant, key="x", name="x", event_type="hostile", cron="* * * * *",
            payload={"v": value},
        )  # fmt: skip
    except Exception as wrong:  # noqa: BLE001  # the column's own
        return type(wrong).__name__
    made.delete()
    return None


VALUE_DOORS = (fire_by_code, schedule_of_code)


# --- names --------------------------------------------------------------------------------------


def name_of_a_workflow(site, name):
    for document in ({**DOCUMENT, "name": name}, {**DOCUMENT, "trigger_type": name}):
        for how in ({"_draft": ""}, {"_save": ""}):
            page = address("workflows_workflowdefinition_add")
            form = {"tenant": site.tenant.pk, "key": "", "document": json.dumps(document), **how}
            refused(site.web.post(page, form))
    return "a page"


def name_of_an_imported_workflow(site, name):
    content = {"key": "named", "workflow": {**DOCUMENT, "name": name, "trigger_type": name}}
    form = {
        "tenant": site.tenant.pk,
        "file": SimpleUploadedFile(
            "w.json", json.dumps({"sayr_workflows": 1, "workflows": [content]}).encode()
        ),
        "take": ["named"],
        "mark-named": "",
        "_import": "1",
    }
    return refused(site.web.post(address("workflows_workflowdefinition_import"), form))


def name_of_a_schedule(site, name):
    return _add_schedule(site, name=name)


def event_of_a_schedule(site, name):
    return _add_schedule(site, event_type=name)


def name_of_a_connection(site, name):
    page = address("actions_connection_add") + "?kind=slack"
    form = {"tenant": site.tenant.pk, "name": name, "key": f"n{abs(hash(name))}", "bot_token": "x"}
    return refused(site.web.post(page, form))


def name_of_a_message_template(site, name):
    page = address("actions_messagetemplate_add")
    form = {
        "tenant": site.tenant.pk,
        "name": name,
        "key": f"n{abs(hash(name))}",
        "channel": "email",
        "language": "en",
        "text": "x",
    }
    return refused(site.web.post(page, form))


def name_of_an_api_key(site, name):
    page = address("tenants_apikey_add")
    form = {"tenant": site.tenant.pk, "name": name, "scopes": ["events:fire"]}
    return refused(site.web.post(page, form))


def title_of_an_approval(site, name):
    return refused(_asking(site, title=name, approvers=["ops"]))


def type_of_an_event(site, name):
    try:
        fire(site.tenant, name, {})
    except BadName as wrong:
        return wrong.fault
    return None


def name_of_who_decides(site, name):
    made = ask(site.tenant, approvers=THE_KEY)
    body = json.dumps({"choice": "refund", "as": name})
    return refused(_api(site, f"approvals/{made.pk}/decide/", body))


def name_of_a_person(site, name):
    found = _change_person(site, first_name=name, last_name=name)
    site.user.refresh_from_db()
    assert not name_fault(f"{site.user.first_name} {site.user.last_name}", 1000)
    return found


def _change_person(site, **values):
    """As a superuser does."""
    page = address("tenants_user_change", site.user.pk)
    form = site.superuser.get(page).context["adminform"].form
    # The texts of the form as it stands; a member's other rows are left alone.
    kept = {name: form[name].value() for name in ("username", "language", "time_zone", "email")}
    inline = {f"memberships-{name}_FORMS": "0" for name in ("TOTAL", "INITIAL")}
    sent = {**{k: v or "" for k, v in kept.items()}, "is_staff": "on", "is_active": "on"}
    when = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    return refused(site.superuser.post(page, {**sent, **when, **inline, **values}))


def name_of_a_company(site, name):
    page = address("tenants_tenant_add")
    form = {
        "name": name,
        "key": f"t{abs(hash(name))}",
        "language": "en",
        "country": "LB",
        "currency": "USD",
        "time_zone": "Asia/Beirut",
    }
    return refused(site.superuser.post(page, form))


def name_in_a_record(site, name):
    """A host's own record: its save never fails because of what stands in it."""
    site.world.make_order(f"h{abs(hash(name))}"[:40], customer_name=name.replace("\0", "")[:200])
    site.machine.work()
    return "kept"


NAME_DOORS = (
    name_of_a_person,
    name_of_a_company,
    name_in_a_record,
    name_of_a_workflow,
    name_of_an_imported_workflow,
    name_of_a_schedule,
    event_of_a_schedule,
    name_of_a_connection,
    name_of_a_message_template,
    name_of_an_api_key,
    title_of_an_approval,
    type_of_an_event,
    name_of_who_decides,
)


# --- addresses, crons and time zones ------------------------------------------------------------


def _asking(site, **payload):
    answer = site.caller.fire("hostile_question", payload)
    if answer.status_code == 202:
        site.machine.work()
    return answer


def address_of_an_approver(site, text):
    type(site.tenant).objects.filter(pk=site.tenant.pk).update(
        approver_addresses=["head@example.com"]
    )
    answer = _asking(site, title="?", approvers=[text])
    if said := refused(answer):
        return said
    run = WorkflowRun.objects.get(pk=answer.json()["runs"][0]["id"])
    assert run.status in {"waiting", "failed"}
    return run.error_code


def address_in_a_mail(site, text):
    answer = site.caller.fire("hostile_mail", {"to": text})
    if said := refused(answer):
        return said
    return site.ended(answer.json()["runs"][0]["id"]).error_code


def address_on_whose_behalf(site, text):
    made = ask(site.tenant, approvers=THE_KEY)
    body = json.dumps({"choice": "refund", "on_behalf_of": text})
    return refused(_api(site, f"approvals/{made.pk}/decide/", body))


def address_of_a_person(site, text):
    return _change_person(site, email=text)


ADDRESS_DOORS = (
    address_of_a_person,
    address_of_an_approver,
    address_in_a_mail,
    address_on_whose_behalf,
)


def cron_of_a_schedule(site, text):
    return _add_schedule(site, cron=text)


def zone_of_a_schedule(site, text):
    return _add_schedule(site, time_zone=text)


def zone_of_a_person(site, text):
    return _change_person(site, time_zone=text)


def zone_of_a_company(site, text):
    page = address("tenants_tenant_change", site.tenant.pk)
    form = {"name": "C", "key": site.tenant.key, "language": "en", "country": "LB"}
    return refused(site.superuser.post(page, {**form, "currency": "USD", "time_zone": text}))


CRON_DOORS = (cron_of_a_schedule,)
ZONE_DOORS = (zone_of_a_schedule, zone_of_a_person, zone_of_a_company)
