"""A JSON number leaves with all its digits: real actions, a real server, the bytes it got."""

from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tenants.core.json.jsontext import loads
from tests.support.machine import Machine
from workflows.models.definition import WorkflowVersion
from workflows.models.run import WorkflowRun
from workflows.services.events.drafts import EventDraft
from workflows.services.events.fire import fire_all

pytestmark = pytest.mark.django_db(transaction=True)

DIGITS = "0.1234567890123456789012345678901234567890"
PAYLOAD = (
    f'{{"amount": 149.9, "fee": 0.10, "long": {DIGITS}, "money": "149.90",'
    ' "lines": [{"price": 12.50}, {"price": 2}]}'
)
ANSWER = b'{"rate": 3.750, "list": [0.5, "0.5"]}'


@contextmanager
def listening(settings):
    """Serve HTTP; yield the address and the bodies that came."""
    bodies = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(ANSWER)))
            self.end_headers()
            self.wfile.write(ANSWER)

        def log_message(self, *_arguments):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    place = f"127.0.0.1:{server.server_port}"
    settings.SAYR = {**settings.SAYR, "ACTIONS": {"ALLOWED_PRIVATE_HOSTS": [place]}}
    try:
        yield f"http://{place}", bodies
    finally:
        server.shutdown()
        server.server_close()


def send(name, url, body, action="webhook"):
    params = {"url": url, "body": body}
    extra = {"method": "POST"} if action == "http_request" else {}
    return {"name": name, "action": action, "params": {**params, **extra}}


def run_through(tenant, publish_steps, steps, *, language=None, **more):
    definition = publish_steps(tenant, *steps, **more)
    if language is not None:
        version = WorkflowVersion.objects.get(definition=definition)
        WorkflowVersion.objects.filter(pk=version.pk).update(
            program={**version.program, "language_version": language}
        )
    machine = Machine()
    fire_all(tenant.facts(), [EventDraft("x", loads(PAYLOAD))])
    machine.work()
    machine.close()
    run = WorkflowRun.objects.get(definition=definition, parent_run=None)
    assert (run.status, run.error_code) == ("completed", None)
    return run


BODY = {
    "amount": "{{ trigger.amount }}",
    "fee": ["{{ trigger.fee }}"],
    "long": "{{ trigger.long }}",
    "money": "{{ trigger.money }}",
    "half": "{{ trigger.amount | divided_by: 2 }}",
    "lines": "{{ trigger.lines }}",
    "text": "{{ trigger.amount }} SAR",
}
SENT = (
    f'{{"amount":149.9,"fee":[0.10],"long":{DIGITS},"money":"149.90","half":74.95,'
    '"lines":[{"price":12.50},{"price":2}],"text":"149.9 SAR"}'
)


def as_text(body):
    """Return what version 1 of the language sends: decimals in quotes."""
    for number in ("149.9", "0.10", DIGITS, "74.95", "12.50"):
        body = body.replace(f":{number},", f':"{number}",').replace(f"[{number}]", f'["{number}"]')
        body = body.replace(f":{number}}}", f':"{number}"}}')
    return body


@pytest.mark.parametrize("action", ["webhook", "http_request"])
def test_a_body_carries_numbers_with_all_their_digits(tenant, publish_steps, settings, action):
    with listening(settings) as (url, bodies):
        run_through(tenant, publish_steps, [send("a", url, BODY, action)])

    # jsonb keeps no order of members.
    assert [sorted_members(body) for body in bodies] == [sorted_members(SENT)]


def test_a_program_of_the_first_language_still_sends_text(tenant, publish_steps, settings):
    with listening(settings) as (url, bodies):
        run_through(tenant, publish_steps, [send("a", url, BODY)], language=1)

    assert [sorted_members(body) for body in bodies] == [sorted_members(as_text(SENT))]


def test_answers_items_and_results_keep_their_numbers(tenant, publish_steps, settings):
    with listening(settings) as (url, bodies):
        each = {
            "items": "{{ trigger.lines }}",
            "steps": [send("one", url, {"price": "{{ item.price }}"})],
            "result": "{{ item.price }}",
        }
        steps = [
            send("first", url, "{{ trigger.fee }}"),
            send("again", url, "{{ steps.first.output.body }}"),
            {"name": "each", "action": "for_each", "params": each},
            send("last", url, "{{ steps.each.output.results }}"),
            {
                "name": "tell",
                "action": "emit_event",
                "params": {"type": "told", "payload": {"fee": "{{ trigger.fee }}"}},
            },
        ]
        run_through(tenant, publish_steps, steps)

    assert bodies[0] == "0.10"
    assert sorted_members(bodies[1]) == sorted_members(ANSWER.decode())
    assert sorted(bodies[2:4]) == ['{"price":12.50}', '{"price":2}']
    assert bodies[4:] == ["[12.50,2]"]
    told = WorkflowRun.objects.get(parent_run=None).step_results[-1]["input"]
    assert str(told["payload"]["fee"]) == "0.10"


def sorted_members(body):
    """Return the JSON with its members in order, its numbers as written."""
    return repr(in_order(loads(body)))


def in_order(value):
    if isinstance(value, dict):
        return {key: in_order(value[key]) for key in sorted(value)}
    return [in_order(one) for one in value] if isinstance(value, list) else value
