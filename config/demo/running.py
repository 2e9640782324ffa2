"""Starts everything in the right order, and knows where it answers."""

import http.client
import os
import smtplib
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.db import connections

from config.demo.addresses import HOST, Addresses
from config.demo.interruption import Interruption
from config.demo.processes import Children, DemoProcess
from config.postgres.address import PROJECT_ROOT, DatabaseAddress, data_root

if TYPE_CHECKING:
    from config.demo.seed import Seeded

WEB_THREADS: Final = 8

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo that runs."""

    addresses: Addresses
    environment: Mapping[str, str]  # of a process that uses the same database
    logs: Path
    seeded: "Seeded"
    children: Children


@contextmanager
def running(
    addresses: Addresses,
    database: AbstractContextManager[DatabaseAddress],
    interruption: Interruption,
    progress: Progress,
) -> Iterator[Demo]:
    """Start all of it; stop all of it afterwards, whatever happened.

    Raises DemoError, PostgresError, OSError and errors of the database.
    """
    logs = data_root() / "logs"
    with ExitStack() as stack:
        progress("database")
        address = stack.enter_context(database)
        environment = _environment(address, addresses)
        stack.callback(connections.close_all)
        children = stack.enter_context(Children(logs, str(data_root()), interruption))
        sandbox = children.start("sandbox", _sandbox(addresses), environment)
        progress("tables")
        _migrate(children, {**environment, "DATABASE_URL": address.owner_url})
        web = children.start("web", _web(addresses), {**environment, "SAYR_PROCESS": "web"})
        group = f"demo:{os.getpid()}"
        worker = children.start("worker", _worker(), {**environment, "SAYR_WORKER_GROUP": group})
        progress("sandbox")
        children.wait_for(sandbox, lambda: _sandbox_answers(addresses))
        progress("companies")
        seeded = _seed(addresses)
        progress("web")
        children.wait_for(web, lambda: _web_answers(addresses.web_port))
        progress("worker")
        children.wait_for(worker, lambda: _works(group))
        yield Demo(addresses, environment, logs, seeded, children)


def _environment(address: DatabaseAddress, addresses: Addresses) -> dict[str, str]:
    allowed = [os.environ.get("SAYR_ALLOWED_PRIVATE_HOSTS", ""), addresses.private_hosts]
    os.environ["DATABASE_URL"] = address.app_url
    os.environ["SAYR_ALLOWED_PRIVATE_HOSTS"] = ",".join(filter(None, allowed))
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    # Approvers are told by mail: it goes to the sandbox, and its links lead to these pages.
    os.environ["EMAIL_HOST"], os.environ["EMAIL_PORT"] = HOST, str(addresses.mail_port)
    os.environ["SAYR_PUBLIC_URL"] = addresses.web
    os.environ["SAYR_SANDBOX_URL"] = addresses.sandbox
    # Only migrations may act as the tables' owner.
    os.environ.pop("DATABASE_OWNER_URL", None)
    return {**os.environ, "PYTHONUNBUFFERED": "1"}


def _sandbox(addresses: Addresses) -> list[str]:
    http_address = f"{HOST}:{addresses.sandbox_port}"
    smtp_address = f"{HOST}:{addresses.mail_port}"
    command = [sys.executable, "-m", "actions.sandbox"]
    return [*command, "--http", http_address, "--smtp", smtp_address]


def _web(addresses: Addresses) -> list[str]:
    # The configuration that deployments use, so that it is proven as well.
    configuration = PROJECT_ROOT / "config" / "deploy" / "gunicorn.conf.py"
    return [
        *(sys.executable, "-m", "gunicorn", "--config", str(configuration)),
        *("--bind", f"{HOST}:{addresses.web_port}", "--workers", "1"),
        *("--threads", str(WEB_THREADS), "config.wsgi"),
    ]


def _worker() -> list[str]:
    return [sys.executable, "manage.py", "run_worker"]


def _migrate(children: Children, environment: Mapping[str, str]) -> None:
    command = [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity=0"]
    migration: DemoProcess = children.start("migrate", command, environment)
    # Takes about as long as the migrations, which run beside it.
    import django

    django.setup()
    children.finish(migration)


def _seed(addresses: Addresses) -> "Seeded":
    # Models can be imported only now: django.setup() needs the database's address.
    from actions.models.message_template import MessageTemplate
    from actions.sandbox.registration import register
    from config.demo.seed import Outside, seed

    outside = Outside(addresses.sandbox, HOST, addresses.mail_port)
    seeded = seed(outside, data_root() / "demo-api-key")
    # It keeps nothing: what was registered before the demo was stopped is registered again.
    register(addresses.sandbox, MessageTemplate.objects.all())
    return seeded


def _sandbox_answers(addresses: Addresses) -> bool:
    try:
        with smtplib.SMTP(HOST, addresses.mail_port, timeout=5):
            return _status(addresses.sandbox_port, "/received") == 200
    except OSError:
        return False


def _web_answers(port: int) -> bool:
    return _status(port, "/api/v1/health/") == 200 and _status(port, "/admin/login/") == 200


def _status(port: int, path: str) -> int | None:
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _works(group: str) -> bool:
    from django.conf import settings

    from workflows.models.worker import WorkflowWorker

    wanted: int = settings.Q_CLUSTER["ALT_CLUSTERS"]["runs"]["workers"]  # type: ignore[index]
    return WorkflowWorker.objects.filter(group=group).count() >= wanted
