"""What the tests of web steps share: a connection, and a server that answers by its paths."""

import pytest

from actions.errors import PermanentFailure
from actions.models.connection import Connection

TOKEN = "sk-live-0123456789"


@pytest.fixture
def ask(run, tenant, sandbox):
    """Send a GET to a path below /hook."""

    def send(path="a", **params):
        params = {"method": "GET", "url": f"{sandbox.base_url}/hook/{path}", **params}
        return run("http_request", **params)

    return send


@pytest.fixture
def refused(ask):
    def send(code, kind=PermanentFailure, **params):
        with pytest.raises(kind) as failure:
            ask(**params)
        assert failure.value.code == code
        return failure.value.params

    return send


@pytest.fixture
def crm(tenant, sandbox):
    return Connection.objects.create(
        tenant=tenant,
        key="crm",
        name="CRM",
        kind="http",
        settings={"base_url": f"{sandbox.base_url}/hook/crm"},
        secrets={"token": TOKEN},
    )


@pytest.fixture
def book(sandbox):
    """Answer with these bodies, one per path: `book({"a": {…}, "a?page=2": {…}})`."""

    def answer(pages, **details):
        for path, body in sorted(pages.items(), key=lambda page: len(page[0])):
            sandbox.behave("hook", "answer", path=f"/hook/{path}", body=body, **details)

    return answer
