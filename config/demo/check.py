"""`--check`: starts all of it on its own, sends one order through it, and says OK or FAILED."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode
from uuid import UUID

from config.demo import addresses
from config.demo.addresses import HOST
from config.demo.database import passing_database
from config.demo.errors import CheckFailed
from config.demo.interruption import DemoInterrupted, Interruption
from config.demo.processes import living
from config.demo.running import Demo, running
from config.demo.visitor import Visitor
from config.demo.welcome import EXAMPLE, EXAMPLE_TYPE
from config.postgres.address import PROJECT_ROOT, running_address

if TYPE_CHECKING:
    from workflows.models.run import WorkflowRun

RUN_SECONDS: Final = 20.0
LAST_SECONDS: Final = 3.0
PHONE: Final = "03 123 456"
PHONE_DIGITS: Final = "9613123456"
TOTAL: Final = "149.90"
ORDER_NUMBER: Final = "CHECK-1"

# What an application would do, in a process of its own.
SAVE_ORDER: Final = f"""
from tenants.models.order import Order
from tenants.models.tenant import Tenant
order = Order(tenant=Tenant.objects.get(key="cedar"), number="{ORDER_NUMBER}",
              customer_name="Rana Aoun", customer_phone="{PHONE}", total_amount="{TOTAL}")
order.save()
print(order.id)
"""


def check(interruption: Interruption) -> int:
    """Do it, print the trace and one last line; return the exit code."""
    begun = time.monotonic()
    interruption.listen()
    code, said = 1, "FAILED interrupted"
    try:
        said = f"OK {_check(interruption)}, in {time.monotonic() - begun:.0f} s"
        code = 0
    except DemoInterrupted:
        pass
    except Exception as error:  # noqa: BLE001 - the last line must be said, whatever it is
        said = f"FAILED {' '.join(str(error).split()) or type(error).__name__}"
    print(said, flush=True)
    return code


def _check(interruption: Interruption) -> str:
    with _own_directory() as directory:
        database = passing_database(interruption)
        with running(addresses.any_free(), database, interruption, lambda _what: None) as demo:
            story = _one_order(demo)
        _see_that_nothing_is_left(str(directory))
    return story


@contextmanager
def _own_directory() -> Iterator[Path]:
    # In /tmp, and open to all: the server's account must get there.
    directory = Path(tempfile.mkdtemp(prefix="sayr-check-"))
    directory.chmod(0o755)
    os.environ["SAYR_DATA_DIR"] = str(directory)
    os.environ["SAYR_POSTGRES_FSYNC"] = "off"  # its data is thrown away
    try:
        yield directory
    finally:
        # Where the server's account cannot enter, its data lies behind a link.
        shutil.rmtree((directory / "postgres").resolve(), ignore_errors=True)
        shutil.rmtree(directory, ignore_errors=True)


def _one_order(demo: Demo) -> str:
    order_id = _save_order(demo)
    run = _ended_run(order_id)
    from config.demo.trace import trace

    print(trace(run), flush=True)
    if run.status != "completed":
        raise CheckFailed(f"the run of order {order_id} is {run.status}: {run.error_message}")
    _see_messages(demo)
    _see_history(demo, order_id, run.id)
    _fire_event(demo)
    return f"order {order_id} was confirmed, the customer and operations were told"


def _save_order(demo: Demo) -> str:
    command = [sys.executable, "manage.py", "shell", "--verbosity=0", "--command", SAVE_ORDER]
    saved = subprocess.run(  # noqa: S603 - our own program
        command, cwd=PROJECT_ROOT, env=demo.environment, capture_output=True, text=True, check=False
    )
    if saved.returncode:
        lines = saved.stderr.strip().splitlines() or ["it gave no reason"]
        raise CheckFailed(f"the order could not be saved: {lines[-1]}")
    return saved.stdout.strip()


def _ended_run(order_id: str) -> "WorkflowRun":
    from workflows.models.run import WorkflowRun

    runs = WorkflowRun.objects.filter(
        trigger_payload__order_id=order_id, definition__key="new-order"
    )
    ended = runs.filter(completed_at__isnull=False).select_related("tenant")
    _wait(lambda: ended.exists(), RUN_SECONDS, f"order {order_id} has no run that ended")
    return ended.get()


def _see_messages(demo: Demo) -> None:
    sandbox = Visitor(HOST, demo.addresses.sandbox_port)
    for channel, values in (
        ("whatsapp", (PHONE_DIGITS, TOTAL)),
        ("smtp", ("ops@example.com", TOTAL)),
    ):
        query = urlencode({"channel": channel, "contains": ORDER_NUMBER})
        messages = sandbox.get(f"/received?{query}").json()["received"]
        if len(messages) != 1:
            raise CheckFailed(f"{len(messages)} messages of the order by {channel} instead of one")
        missing = [value for value in values if value not in str(messages[0])]
        if missing:
            raise CheckFailed(f"the message by {channel} lacks {', '.join(missing)}")


def _see_history(demo: Demo, order_id: str, run_id: UUID) -> None:
    """Find the run as a supporter would: by the order's id."""
    from django.urls import reverse

    visitor = Visitor(HOST, demo.addresses.web_port)
    if visitor.log_in(reverse("admin:login"), "support").status != 302:
        raise CheckFailed("support cannot log in")
    address = reverse("admin:workflows_workflowrun_changelist")
    found = visitor.get(f"{address}?{urlencode({'q': order_id})}")
    link = re.search(rf'href="({address}{run_id}/[^"]*)"', found.text)
    if found.status != 200 or link is None:
        raise CheckFailed(f"the list of runs ({found.status}) does not find order {order_id}")
    page = visitor.get(link[1].replace("&amp;", "&"))
    if page.status != 200 or order_id not in page.text:
        raise CheckFailed(f"the page of the run ({page.status}) does not name order {order_id}")


def _fire_event(demo: Demo) -> None:
    visitor = Visitor(HOST, demo.addresses.web_port)
    key = {"Authorization": f"Api-Key {demo.seeded.api_key}"}
    answer = visitor.post_json(f"/api/v1/triggers/{EXAMPLE_TYPE}/", EXAMPLE, key)
    if answer.status != 202:
        raise CheckFailed(f"the API answered {answer.status} to an event: {answer.text[:200]}")


def _see_that_nothing_is_left(mark: str) -> None:
    _wait(lambda: not living(mark), LAST_SECONDS, "processes are left behind")
    if running_address() is not None:
        raise CheckFailed("PostgreSQL still runs")


def _wait(happened: Callable[[], bool], seconds: float, failure: str) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            raise CheckFailed(f"{failure} after {seconds:.0f} seconds")
        time.sleep(0.05)  # noqa: TID251 - a person's command, not a worker
