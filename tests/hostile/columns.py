"""Every column that can hold what nobody expects, and how that is written past every check."""

import json
from decimal import Decimal

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import DatabaseError, connection, models, transaction

from actions.models.encryption import SealedSecretsField
from tenants.models.api_key import ApiKey
from tenants.models.tenant import Tenant
from tenants.models.user import User
from workflows.models.run import WorkflowRun
from workflows.models.worker import WorkflowWorker

# JSON that Python cannot read, JSON that is no object, and objects that are none of ours.
JSONS = {
    "exponent": '{"a": 1e5000}',
    "digits": json.dumps({"a": "X"}).replace('"X"', "9" * 131_071),
    "fraction": '{"a": 1e-16000}',
    "deep": "[" * 3000 + "]" * 3000,
    "null": "null",
    "number": "7",
    "huge number": "1e5000",
    "text": '"text"',
    "list": '[1, null, "x", {}]',
    "list of objects": '[{"step_name": 7}, {}]',
    "empty object": "{}",
    "strange object": '{"step": [], "step_name": {}, "input": 3, "awaits": "event", "begun": {},'
    ' "match": [], "key": {}, "label": null, "type": 5, "faults": "x", "attempt": "many",'
    ' "children": [], "retry": 3, "resume": [], "not_before": 4, "event": "no id", "host": 4,'
    ' "approval_id": 4, "op": "?", "instructions": 5, "language_version": 2, "base_url": [],'
    ' "newest": 7, "last": "x", "cursor": {}, "draft": 3, "steps": [7], "trigger_type": {}}',
    "control characters": '{"a": "\\u0001\\r\\nBcc: evil@example.com", "\\u001b": "\\u202e"}',
    "addresses": '["\\"\\u0001\\"@example.com", "a\\r\\nb@example.com", "@", "x@", "é@é.example",'
    ' "' + "x" * 5000 + '@example.com", "role:", ""]',
}
TEXTS = {
    "empty": "",
    "control characters": "a\x01b\r\nBcc: evil@example.com\x7f",
    "marks": "\u202e\u2066a\u2028b\u2029c\x85d\"'<b>{{ x }}{% y %}%(z)s%s\\",
    "address": '"\x01"@example.com',
    "long": "x" * 100_000,
    "zone": "../../etc/passwd",
    "folder": "America",
    "cron": "99 99 31 2 *",
    "number": "1e999999999",
    "colons": "event:[:[{]",
}
NUMBERS = {
    "zero": 0,
    "one": 1,
    "many": 30_000,
    "most of 32 bits": 2**31 - 1,
    "most of 64 bits": 2**63 - 1,
    "negative": -(2**31),
    "not a number": "NaN",
    "many digits": Decimal("9" * 9 + ".99"),
}
MOMENTS = {
    "never": "infinity",
    "always": "-infinity",
    "after the calendar": "294276-12-31 00:00:00+00",
    "its last day": "9999-12-31 23:59:59.999999+00",
    "before Christ": "4713-01-01 00:00:00+00 BC",
    "at once": "1970-01-01 00:00:00+00",
}
CLASSES = {
    "json": (models.JSONField, JSONS),
    "text": ((models.CharField, models.TextField, ArrayField, SealedSecretsField), TEXTS),
    "number": ((models.IntegerField, models.DecimalField), NUMBERS),
    "moment": (models.DateTimeField, MOMENTS),
}
COUNTED_HERE = "counted by the database itself from 1, and at no door: 64 bits are not used up"
EXCUSED = {
    (ApiKey, "id"): "the row's own name: what is written there is another key, which nobody has",
    (ApiKey, "hashed_key"): "only ever compared",
    (User, "password"): "only ever compared, by Django's own hashers",
    (WorkflowRun, "lease_token"): COUNTED_HERE,
    (WorkflowWorker, "number"): COUNTED_HERE,
}


def columns(kind):
    """Return (model, field) of every column of a kind: json, text, number, moment."""
    types, _values = CLASSES[kind]
    return [
        (model, field)
        for app in ("tenants", "actions", "workflows")
        for model in apps.get_app_config(app).get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, types) and (model, field.name) not in EXCUSED
    ]


def rows_of(model, tenant):
    """Return the condition for a company's rows of a model, and its values."""
    if model is Tenant:
        return "id = %s", [tenant.pk]
    if model is User:
        return "id IN (SELECT user_id FROM memberships WHERE tenant_id = %s)", [tenant.pk]
    if model is WorkflowWorker:
        return '"group" = %s', [tenant.key]
    return "tenant_id = %s", [tenant.pk]


def poison(model, field, tenant, value):
    """Write a value into a company's rows, else into one of them; False: the table refuses it."""
    where, which = rows_of(model, tenant)
    table = model._meta.db_table
    one = f"ctid = (SELECT min(ctid) FROM {table} WHERE {where})"
    if isinstance(field, ArrayField):
        value = [value, ""]
    elif isinstance(value, str) and getattr(field, "max_length", None):
        value = value[: field.max_length]
    kind = field.db_type(connection)
    for condition in (where, one):
        statement = f'UPDATE {table} SET "{field.column}" = %s::{kind} WHERE {condition}'
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement, [value, *which])
                assert cursor.rowcount > 0, f"{tenant.key} has no {model.__name__}"
                return True
        except DatabaseError:
            continue
    return False
