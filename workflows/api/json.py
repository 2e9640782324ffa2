"""JSON in and out: strictly read, exactly written."""

from collections.abc import Mapping
from typing import IO, Any, Final

from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from tenants.core.json import Json
from tenants.core.json.faults import BadJson, JsonFault
from tenants.core.json.jsontext import dumps
from tenants.core.json.strict_json import MAX_BYTES, loads_object
from workflows.api.refusals import ApiProblem

MEDIA_TYPE: Final = "application/json"


class JsonRenderer(BaseRenderer):
    """Writes JSON. A Decimal is a number with all its digits."""

    media_type = MEDIA_TYPE
    format = "json"
    charset = None  # JSON is UTF-8, and its media type takes no such parameter

    def render(
        self,
        data: Json,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Return the answer's body; empty for None."""
        return b"" if data is None else dumps(data).encode()


class StrictJsonParser(BaseParser):
    """Reads a JSON object, never more of the body than is accepted."""

    media_type = MEDIA_TYPE

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Json]:
        """Return the object. Raises BadJson, or ApiProblem if the body broke off."""
        body = read_limited(stream)
        # What is cut off may still be JSON: `{"a": 1}` of a body that promised more.
        if parser_context and len(body) < _promised(parser_context["request"]):
            raise ApiProblem("request_interrupted")
        return loads_object(body)


def read_limited(stream: IO[Any]) -> bytes:
    """Return the whole body. Raises BadJson when it is larger than accepted, without reading on."""
    parts: list[bytes] = []
    left = MAX_BYTES + 1
    # One read may return less than asked for: what has arrived by then.
    while left and (part := stream.read(left)):
        parts.append(part)
        left -= len(part)
    if not left:
        raise BadJson(JsonFault.TOO_LARGE, limit_bytes=MAX_BYTES)
    return b"".join(parts)


def body_of(request: Request) -> dict[str, Json]:
    """Return the object in the request's body. Raises BadJson or ApiProblem.

    Stricter than `request.data`, which takes a body of unknown length (and none at all) for `{}`:
    an event with an empty payload would be accepted in place of the one that was sent.
    """
    if request.stream is not None:
        payload: dict[str, Json] = request.data
        return payload
    if "chunked" not in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
        raise BadJson(JsonFault.EMPTY)
    # Only a server that marks the end of a chunked body can be asked for it.
    if not request.META.get("wsgi.input_terminated"):
        raise ApiProblem("length_required")
    negotiator, parsers = request.negotiator, request.parsers or ()
    if negotiator is None or negotiator.select_parser(request, parsers) is None:
        raise UnsupportedMediaType(request.content_type)
    return loads_object(_read_chunks(request.META["wsgi.input"]))


def _promised(request: Request) -> int:
    length: str = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isdecimal() else 0


def _read_chunks(stream: IO[Any]) -> bytes:
    try:
        return read_limited(stream)
    except BadJson:
        raise
    except Exception as broken:  # every server names a bad chunk in its own way
        raise ApiProblem("request_interrupted") from broken
