"""Actions that tests declare, and workflows that use them."""

from threading import Event

import pytest
from django.db import connection

from actions import registry
from actions.registry import action
from actions.spec import Effect
from tests.support.machine import Machine
from workflows.models.definition import WorkflowDefinition
from workflows.services.definitions.publish import publish

PARAMS = {
    "type": "object",
    "properties": {"from": {"type": "string"}, "to": {"type": "string"}},
    "additionalProperties": False,
}


@pytest.fixture
def library():
    """Let a test declare actions of its own; forget them afterwards."""
    registry.load()
    known = set(registry._specs)

    def declare(effect, function, name="probe"):
        action(name, label=name, description=name, params=PARAMS, effect=effect)(function)

    yield declare
    for name in set(registry._specs) - known:
        del registry._specs[name]


@pytest.fixture
def machine(db):
    """A worker in the test's own process."""
    worker = Machine()
    yield worker
    worker.close()


@pytest.fixture
def gate(library):
    """Calls of the action `probe` hang until the test opens the gate."""
    opened = Event()

    def wait(params, context):
        connection.close()  # this thread's own
        opened.wait(60)
        return {}

    library(Effect.REPEATABLE, wait)
    yield opened
    opened.set()


@pytest.fixture(name="publish_steps")
def publish_steps_fixture():
    """Let a test publish a workflow of steps."""
    return publish_steps


def publish_steps(tenant, *steps, **more):
    document = {"name": "W", "trigger_type": "x", "steps": list(steps), **more}
    definition = WorkflowDefinition(tenant=tenant, key="w", is_active=True)
    publish(tenant, "tester", definition, document)
    return definition
