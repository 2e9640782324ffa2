"""A tenant, its connections, and the sandbox on loopback as the outside world."""

import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from actions import registry
from actions.errors import PermanentFailure
from actions.models.connection import Connection
from actions.models.message_template import MessageTemplate
from actions.sandbox.sandbox import Sandbox
from actions.spec import ActionContext
from tenants.facts import TenantFacts
from tenants.models.order import Order
from tests.support.outside import running_sandbox

LEBANON = TenantFacts(
    id=UUID(int=1),
    key="cedar",
    name="Cedar",
    time_zone="Asia/Beirut",
    language="en",
    currency="USD",
    country="LB",
)


def fill(values: dict[str, str]) -> Any:
    """Stand in for the language: {{ name }} only."""

    def render_text(source: str, *, html: bool = False) -> str:
        def one(found: re.Match[str]) -> str:
            if found[1] not in values:
                raise PermanentFailure("missing_value", path=found[1])
            return values[found[1]]

        return re.sub(r"\{\{\s*([\w.]+)\s*\}\}", one, source)

    return render_text


@pytest.fixture(scope="session", name="running_sandbox")
def running_sandbox_fixture() -> Iterator[Sandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: Sandbox, settings) -> Sandbox:
    """The sandbox, empty, well-behaved, and allowed by the settings."""
    allowed = [running_sandbox.host_and_port, f"127.0.0.1:{running_sandbox.smtp_port}"]
    settings.SAYR = {**settings.SAYR, "ACTIONS": {"ALLOWED_PRIVATE_HOSTS": allowed}}
    running_sandbox.journal.forget()
    running_sandbox.journal.templates.clear()
    for rule in running_sandbox.journal.behaviours():
        running_sandbox.behave(rule.channel, "ok", path=rule.path)
    return running_sandbox


@pytest.fixture
def context() -> ActionContext:
    """A step's context, of a tenant that has no row."""
    run_id = uuid4()
    return ActionContext(
        tenant=LEBANON,
        run_id=run_id,
        step_name="step",
        idempotency_key=f"{run_id}-1",
        timeout_seconds=10,
        render_text=fill({"trigger.order_id": "1001", "trigger.name": "نور"}),
    )


@pytest.fixture
def order(tenant) -> Order:
    return Order.objects.create(tenant=tenant, number="1001", total_amount="149.90")


@pytest.fixture
def as_tenant(context: ActionContext, tenant) -> ActionContext:
    """The context of `tenant`'s step."""
    return replace(context, tenant=tenant.facts())


@pytest.fixture
def run(as_tenant) -> Any:
    """Run an action as `tenant`'s step: `run("webhook", url=…)`."""

    def run_action(name: str, /, *, context: ActionContext = as_tenant, **params: Any) -> Any:
        return registry.get(name).run(params, context)

    return run_action


@pytest.fixture
def whatsapp(tenant, sandbox) -> Connection:
    return Connection.objects.create(
        tenant=tenant,
        key="whatsapp",
        name="WhatsApp",
        kind="whatsapp",
        settings={"base_url": sandbox.base_url, "phone_number_id": "555"},
        secrets={"access_token": "EAAG-very-secret"},
    )


@pytest.fixture
def order_confirmed(tenant) -> MessageTemplate:
    return MessageTemplate.objects.create(
        tenant=tenant,
        key="order_confirmed",
        name="Order confirmed",
        channel="whatsapp",
        provider_name="order_confirmed_v2",
        parameters=["order_id", "total"],
    )


@pytest.fixture
def smtp(tenant, sandbox) -> Connection:
    return Connection.objects.create(
        tenant=tenant,
        key="mail",
        name="Mail",
        kind="smtp",
        settings={
            "host": "127.0.0.1",
            "port": sandbox.smtp_port,
            "sender": "Shop <shop@cedar.example>",
        },
    )


@pytest.fixture
def raw_server(settings) -> Iterator[Any]:
    """Start servers that misbehave below HTTP: `url = raw_server(lambda connection: …)`."""
    listeners = []

    def start(answer: Any, tls: ssl.SSLContext | None = None) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        host_and_port = f"127.0.0.1:{listener.getsockname()[1]}"
        settings.SAYR = {**settings.SAYR, "ACTIONS": {"ALLOWED_PRIVATE_HOSTS": [host_and_port]}}
        threading.Thread(target=_serve, args=(listener, answer, tls), daemon=True).start()
        return f"http://{host_and_port}/"

    yield start
    for listener in listeners:
        listener.close()


def _secured(accepted: socket.socket, tls: ssl.SSLContext | None) -> socket.socket:
    if tls is None:
        return accepted
    with accepted:
        return tls.wrap_socket(accepted, server_side=True)


def _end_politely(connection: socket.socket) -> None:
    # Closing with something unread resets the connection, and the client may lose the answer.
    connection.shutdown(socket.SHUT_WR)
    connection.settimeout(0.05)
    while connection.recv(65536):
        pass


def _serve(listener: socket.socket, answer: Any, tls: ssl.SSLContext | None) -> None:
    with suppress(OSError):
        while True:
            accepted, _ = listener.accept()
            with suppress(OSError), _secured(accepted, tls) as connection:
                connection.recv(65536)
                answer(connection)
                _end_politely(connection)


@pytest.fixture
def raw_mail_server(settings) -> Iterator[Any]:
    """Start a mail server that greets one byte at a time: `port = raw_mail_server(b"220…")`."""
    listeners = []

    def start(greeting: bytes) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        port: int = listener.getsockname()[1]
        allowed = [f"127.0.0.1:{port}"]
        settings.SAYR = {**settings.SAYR, "ACTIONS": {"ALLOWED_PRIVATE_HOSTS": allowed}}
        threading.Thread(target=_greet, args=(listener, greeting), daemon=True).start()
        return port

    yield start
    for listener in listeners:
        listener.close()


def _greet(listener: socket.socket, greeting: bytes) -> None:
    with suppress(OSError):
        connection, _ = listener.accept()
        with connection:
            for place in range(len(greeting)):
                connection.sendall(greeting[place : place + 1])
                threading.Event().wait(0.05)
