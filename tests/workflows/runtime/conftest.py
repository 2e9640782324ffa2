"""Actions that tests declare, and workflows that use them."""

import pytest

from actions import registry
from actions.registry import action
from workflows.models.definition import WorkflowDefinition
from workflows.services.publish import publish

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


@pytest.fixture(name="publish_steps")
def publish_steps_fixture():
    """Let a test publish a workflow of steps."""
    return publish_steps


def publish_steps(tenant, *steps, **more):
    document = {"name": "W", "trigger_type": "x", "steps": list(steps), **more}
    definition = WorkflowDefinition(tenant=tenant, key="w", is_active=True)
    publish(tenant, "tester", definition, document)
    return definition
