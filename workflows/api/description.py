"""What drf-spectacular cannot see by itself: the key, the headers, the problems."""

from typing import Any, Final

from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerFieldExtension,
)
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import build_basic_type
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from workflows.api.codes import KINDS
from workflows.api.problems import MEDIA_TYPE, ProblemSerializer
from workflows.api.serializers.requests import ChoiceParameter, TextParameter

_ANYWHERE: Final = (
    "internal_error",
    "database_unavailable",
    "database_busy",
    "took_too_long",
    "too_many_at_once",
)
_WITH_KEY: Final = ("not_authenticated", "missing_scope", "maker_may_not", *_ANYWHERE)


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # untyped base
    """Describes `Authorization: Api-Key …`."""

    target_class = "workflows.api.authentication.ApiKeyAuthentication"
    name = "ApiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Api-Key <key>`. The key says which company is meant.",
        }


class ParameterDescription(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Describes a parameter of an address."""

    target_class = TextParameter
    match_subclasses = True

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:
        schema = build_basic_type(self.target.kind) or {}
        if isinstance(self.target, ChoiceParameter):
            return {**schema, "enum": sorted(map(str, self.target.choices))}
        return schema


def problems(*codes: str, with_key: bool = True) -> dict[tuple[int, str], OpenApiResponse]:
    by_status: dict[int, list[str]] = {}
    for code in (*codes, *(_WITH_KEY if with_key else _ANYWHERE)):
        by_status.setdefault(KINDS[code].status, []).append(code)
    return {
        (status, MEDIA_TYPE): OpenApiResponse(
            ProblemSerializer, description=", ".join(f"`{code}`" for code in found)
        )
        for status, found in sorted(by_status.items())
    }


TRIGGER_TYPE: Final = OpenApiParameter(
    "trigger_type",
    {"type": "string", "pattern": "^[a-z][a-z0-9_.]{0,99}$"},
    OpenApiParameter.PATH,
    description="The type of the event, e.g. `new_order`.",
)
IDEMPOTENCY_KEY: Final = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$"},
    OpenApiParameter.HEADER,
    description="Repeat a request with the same key, and the event is stored once. Kept 72 hours.",
)
REPLAYED: Final = OpenApiParameter(
    "Idempotency-Replayed",
    {"type": "string", "enum": ["true"]},
    OpenApiParameter.HEADER,
    response=[202],
    description="The event was stored by an earlier request with this key.",
)
RETRY_AFTER: Final = OpenApiParameter(
    "Retry-After",
    OpenApiTypes.INT,
    OpenApiParameter.HEADER,
    response=[429, 503],
    description="Seconds.",
)
_EVENT: Final = "0198c0de-0000-7000-8000-000000000001"
_RUN: Final = "0198c0de-0000-7000-8000-000000000002"
NEW_ORDER: Final = OpenApiExample(
    "A new order",
    value={"order_id": "123e4567-e89b-12d3-a456-426614174000", "total_amount": "149.90"},
    request_only=True,
)
STARTED: Final = OpenApiExample(
    "One workflow started",
    value={
        "event_id": _EVENT,
        "trigger_type": "new_order",
        "listeners": 1,
        "runs": [{"id": _RUN, "url": f"https://sayr.example.com/api/v1/runs/{_RUN}/"}],
        "evaluations": [{"workflow": "New Order Processing", "started": True, "reason": "started"}],
    },
    response_only=True,
    status_codes=["202"],
)
