"""How far a reader has to go to follow one thing: the own code that five flows cross.

`make trace FLOW=run` prints the figures of a flow (save, run, page, publish, check; without a name
of all), its files and its statements. `test_flows.py` holds the limits.

What counts:

- **files**: modules of `workflows`, `actions`, `tenants` and `config` in which any function ran,
  once each: signal handlers and template tags too, templates, tests and libraries not, nor what
  only runs when a module is imported.
- **functions**: those with a name, once each.
- **deepest**: the most of them that stood on one another.
- **queries**: statements that went to PostgreSQL on any connection of the thread, without those
  that only begin or end a savepoint.

What every page of the admin crosses and asks (middleware, session, person, rights, frame of the
page) is left out of files and queries: it is what the page does that shows nothing, the one to
change a password. How many files there are with them stands beside.

Each flow is done once before it is traced: what a process keeps is there, as in service.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, Final

import psycopg
from django.test import Client
from django.urls import reverse

from tests.support.machine import Machine
from tests.support.people import make_member
from workflows.admin.editor.form.shape import to_form
from workflows.models.run import WorkflowRun
from workflows.services.definitions.publish import publish as publish_document

# A flow makes ready, and yields what is to be traced, again and again.
Flow = Generator[Callable[[], object], None, None]
ROOT = Path(__file__).resolve().parents[2]
PACKAGES = tuple(f"{ROOT / name}{os.sep}" for name in ("workflows", "actions", "tenants", "config"))
_NUMBERS = itertools.count(1)
EXECUTES = {psycopg.Cursor.execute.__code__, psycopg.Cursor.executemany.__code__}
SAVEPOINT = re.compile(r"\s*(SAVEPOINT|RELEASE|ROLLBACK)\b")

STEPS = [
    {
        "name": "prepare",
        "label": "Prepare the order",
        "action": "set_values",
        "params": {"values": {"total": "{{ trigger.total_amount }}"}},
    },
    {
        "name": "note",
        "label": "Leave a note",
        "action": "log_note",
        "params": {"text": "Order of {{ steps.prepare.output.total }}"},
        "condition": {
            "all": [{"field": "trigger.total_amount", "operator": "greater_than", "value": 1}]
        },
    },
]
DOCUMENT = {"name": "Two steps", "trigger_type": "new_order", "steps": STEPS}


@dataclass
class Trace:
    """What a flow came across."""

    files: set[str] = field(default_factory=set)
    functions: set[tuple[str, str]] = field(default_factory=set)
    queries: Counter[str] = field(default_factory=Counter)
    everywhere: set[str] = field(default_factory=set)  # files of every page
    deepest: int = 0
    _depth: int = 0

    def note(self, frame: FrameType, event: str, _argument: object) -> None:
        """Take down one call or return of a Python function."""
        code = frame.f_code
        if code in EXECUTES and event == "call":
            text = _text(frame.f_locals["query"])
            if not SAVEPOINT.match(text):
                self.queries[text] += 1
        if not code.co_filename.startswith(PACKAGES) or code.co_name == "<module>":
            return
        if event == "return":
            self._depth -= 1
        elif event == "call":
            self._depth += 1
            self.deepest = max(self.deepest, self._depth)
            file = code.co_filename.removeprefix(f"{ROOT}{os.sep}")
            self.files.add(file)
            if not code.co_name.startswith("<"):
                self.functions.add((file, code.co_qualname))

    def __str__(self) -> str:
        in_all = len(self.files | self.everywhere)
        return (
            f"{len(self.files)} files ({in_all} with those of every page), "
            f"{len(self.functions)} functions, {self.deepest} deep, {self.queries.total()} queries"
        )

    def without(self, every_page: Trace) -> Trace:
        """Leave out what every page crosses and asks."""
        files, everywhere = self.files - every_page.files, self.files & every_page.files
        queries = self.queries - every_page.queries
        return replace(self, files=files, everywhere=everywhere, queries=queries)


def _text(query: Any) -> str:
    return query if isinstance(query, str) else str(getattr(query, "_obj", query))


@contextmanager
def traced() -> Iterator[Trace]:
    """Take down what the block crosses."""
    trace = Trace()
    sys.setprofile(trace.note)
    try:
        yield trace
    finally:
        sys.setprofile(None)


def save(world: Any) -> Flow:
    """`Order.save()` → event and run written."""
    while True:
        yield lambda: world.make_order(_name())


def run(world: Any) -> Flow:
    """Claim → end of a run of two steps: one works out values, the other reads them."""
    publish_document(world.tenant, "user:x", world.definition, DOCUMENT)
    WorkflowRun.objects.update(due_at=None, status="completed")
    machine = Machine()

    def carry_out() -> None:
        [claim] = machine.session.claim(4)
        machine.execute(claim)

    try:
        while True:
            order = world.make_order(_name())
            yield carry_out
            assert WorkflowRun.objects.get(subject_id=str(order.pk)).status == "completed"
    finally:
        machine.close()


def page(world: Any) -> Flow:
    """The page of a run that has ended, for somebody who may not change it."""
    client = _browser(world, "support")
    address = reverse("admin:workflows_workflowrun_change", args=[world.end_run(world.run).pk])
    while True:
        yield lambda: _answered(client.get(address), 200)


def publish(world: Any) -> Flow:
    """A person changes the label of a step in the editor, and publishes."""
    client = _browser(world, "operations")
    address = reverse("admin:workflows_workflowdefinition_change", args=[world.definition.pk])
    while True:
        world.definition.refresh_from_db()
        posted = {
            "document": json.dumps(_form()),
            "note": "A change",
            "is_active": "on",
            "version_seen": world.definition.version,
            "draft_seen": str(world.definition.version),
        }
        yield partial(_post, client, address, posted, 302)


def check(world: Any) -> Flow:
    """The editor asks what is wrong with what a person has typed."""
    client = _browser(world, "operations")
    address = reverse("admin:workflows_editor_check")
    while True:
        asked = json.dumps({"definition": str(world.definition.pk), "form": _form()})
        yield partial(_post, client, address, asked, 200, content_type="application/json")


def every_page(world: Any) -> Flow:
    """A page of the admin that shows nothing."""
    client = _browser(world, "operations")
    while True:
        yield lambda: _answered(client.get(reverse("admin:password_change")), 200)


PAGES: Final = {"page", "publish", "check"}
FLOWS: Final = {"save": save, "run": run, "page": page, "publish": publish, "check": check}


def trace_of(name: str, world: Any) -> Trace:
    """Do a flow twice, and return the trace of the second."""
    trace = _second(FLOWS[name](world))
    return trace.without(_second(every_page(world))) if name in PAGES else trace


def _second(flow: Flow) -> Trace:
    next(flow)()
    again = next(flow)
    with traced() as trace:
        again()
    next(flow)  # what the flow has to say of how it ended
    flow.close()
    return trace


def _name() -> str:
    return f"T-{next(_NUMBERS)}"


def _form() -> Any:
    first, second = STEPS
    return to_form({**DOCUMENT, "steps": [{**first, "label": f"Prepare {_name()}"}, second]})


def _browser(world: Any, role: str) -> Client:
    client = Client()
    client.force_login(make_member(world.tenant, f"{role}-{_name()}", role))
    return client


def _post(client: Client, address: str, body: Any, status: int, **more: Any) -> None:
    _answered(client.post(address, body, **more), status)


def _answered(answer: Any, status: int) -> None:
    assert answer.status_code == status, answer.content.decode()[:2000]
