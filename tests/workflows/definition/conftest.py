"""A small catalogue, the first workflow, and the values of one event."""

from datetime import UTC, datetime

import pytest

from workflows.definition.catalogue import ActionSignature, Catalogue, TableSignature
from workflows.definition.scope import NameScope
from workflows.definition.validate import validate
from workflows.presentation.documents.problems import sentence

TEXT = {"type": "string"}

CATALOGUE = Catalogue(
    actions={
        "update_record": ActionSignature(
            params={
                "type": "object",
                "properties": {
                    "table": {**TEXT, "x-table": True},
                    "id": {**TEXT, "x-text": "plain"},
                    "fields": {"type": "object", "x-fields-of": "table", "minProperties": 1},
                },
                "required": ["table", "id", "fields"],
                "additionalProperties": False,
            },
            output={"type": "object", "properties": {"updated": {"type": "integer"}}},
        ),
        "whatsapp_notify": ActionSignature(
            params={
                "type": "object",
                "properties": {
                    "phone": {**TEXT, "x-text": "plain"},
                    "template": {
                        **TEXT,
                        "x-reference": "message_template:whatsapp",
                        "x-no-template": True,
                    },
                    "template_vars": {"type": "object", "additionalProperties": TEXT},
                },
                "required": ["phone", "template"],
                "additionalProperties": False,
            }
        ),
        "send_email": ActionSignature(
            params={
                "type": "object",
                "properties": {
                    "to": {"type": "array", "items": {**TEXT, "minLength": 3}, "minItems": 1},
                    "subject": TEXT,
                    "template": {**TEXT, "x-reference": "message_template:email"},
                    "html": {**TEXT, "x-text": "html", "title": "The body"},
                    "priority": {"enum": ["low", "high"]},
                },
                "required": ["to", "subject"],
                "additionalProperties": False,
            }
        ),
        "webhook": ActionSignature(
            params={
                "type": "object",
                "properties": {
                    "url": TEXT,
                    "body": {},
                    "seconds": {"type": "integer", "minimum": 1},
                    "rate": {"type": "number"},
                    "verbose": {"type": "boolean"},
                    "channel": {**TEXT, "x-reference": "connection:slack,teams"},
                },
                "required": ["url"],
                "additionalProperties": False,
            }
        ),
    },
    events={
        "new_order": {
            "type": "object",
            "properties": {
                "order_id": TEXT,
                "customer_id": TEXT,
                "customer_phone": TEXT,
                "total_amount": TEXT,
            },
        },
        "anything": None,
    },
    references={
        "message_template:whatsapp": frozenset({"order_confirmed"}),
        "message_template:email": frozenset({"ops_new_order_summary"}),
        "connection:slack": frozenset({"ops"}),
        "connection:teams": frozenset({"sales"}),
    },
    workflows={"refunds": "Refunds"},
    tables={"orders": TableSignature(frozenset({"id", "status", "notes"}), frozenset({"status"}))},
)


@pytest.fixture(scope="session")
def catalogue():
    return CATALOGUE


@pytest.fixture(scope="session")
def found(catalogue):
    """Return where and what the problems of a document are; each has a sentence."""

    def find(document):
        problems = validate(document, catalogue)
        for problem in problems:
            # The facts fill the sentence.
            assert not sentence(problem.code, problem.params).startswith(problem.code)
        return [(problem.path, problem.code) for problem in problems]

    return find


@pytest.fixture
def order_document():
    """The first workflow that must run: cases/seed_new_order.json."""
    return {
        "name": "New Order Processing",
        "trigger_type": "new_order",
        "steps": [
            {
                "name": "confirm_order",
                "action": "update_record",
                "params": {
                    "table": "orders",
                    "id": "{{trigger.order_id}}",
                    "fields": {"status": "confirmed"},
                },
            },
            {
                "name": "notify_customer",
                "action": "whatsapp_notify",
                "params": {
                    "phone": "{{trigger.customer_phone}}",
                    "template": "order_confirmed",
                    "template_vars": {
                        "order_id": "{{trigger.order_id}}",
                        "total": "{{trigger.total_amount}}",
                    },
                },
                "on_error": "continue",
            },
            {
                "name": "alert_operations",
                "action": "send_email",
                "params": {
                    "to": ["ops@example.com"],
                    "subject": "New Order: {{trigger.order_id}}",
                    "template": "ops_new_order_summary",
                },
            },
        ],
    }


@pytest.fixture
def document_with():
    """Make a document of one webhook step, changed as named."""

    def make(*, steps=None, **changes):
        step = {"name": "call", "action": "webhook", "params": {"url": "https://example.com"}}
        document = {"name": "A", "trigger_type": "anything", "steps": steps or [step]}
        return {**document, **changes}

    return make


@pytest.fixture
def scope_of():
    """Make a scope of a tenant in Riyadh, at noon there on 22 November 2026."""

    def make(trigger=None, **changes):
        values = {
            "trigger": {} if trigger is None else trigger,
            "tenant": {
                "key": "nour",
                "name": "Nour",
                "time_zone": "Asia/Riyadh",
                "language": "en",
                "currency": "SAR",
                "country": "SA",
            },
            "now": datetime(2026, 11, 22, 9, 0, tzinfo=UTC),
        }
        return NameScope(**{**values, **changes})

    return make
