"""Published workflows for tests that need one to listen."""

from workflows.models.definition import WorkflowDefinition
from workflows.services.definitions.publish import publish


def publish_log(tenant, key, trigger_type, **more):
    """Publish a small workflow that posts to a web address."""
    document = {
        "name": f"Workflow {key}",
        "trigger_type": trigger_type,
        "steps": [
            {
                "name": "call",
                "action": "webhook",
                "params": {"url": "https://example.com/hook", "body": {"hello": "world"}},
            }
        ],
        **more,
    }
    definition = WorkflowDefinition(tenant=tenant, key=key, is_active=True)
    publish(tenant, "tester", definition, document)
    return definition
