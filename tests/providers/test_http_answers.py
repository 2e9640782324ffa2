"""What web servers really answer: labels, character sets, compression, and nothing at all."""

import codecs
import gzip
import json
import re
import zlib
from base64 import b64encode
from decimal import Decimal

import pytest
from django.utils.translation import override

from actions import registry
from actions.errors import ActionFailure, PermanentFailure, TemporaryFailure
from actions.outbound.client import send
from actions.outbound.decoding import text_of
from actions.wording import sentence
from tests.support.chatting import Chatting, get

GOOD = {"id": 7, "name": "Müller", "list": [{"id": 1}], "ok": True}
TEXT = json.dumps(GOOD, ensure_ascii=False)
JSON = "application/json"


@pytest.fixture
def server(tenant, outside, settings):
    chatting = Chatting(tenant, outside, settings)
    yield chatting
    chatting.forget()


@pytest.fixture
def ask(server):
    """Let the server answer with these bytes and headers; return the step's output."""

    def request(raw, kind=JSON, coding="", status=200, **params):
        headers = {"Content-Type": kind} | ({"Content-Encoding": coding} if coding else {})
        server.outside.behave(
            "hook", "answer", status=status, base64=b64encode(raw).decode(), headers=headers
        )
        params = {"method": "GET", "url": f"{server.outside.base_url}/hook/a", **params}
        return registry.get("http_request").run(params, server.context())

    return request


def failure_of(ask, *args, **params):
    with pytest.raises(ActionFailure) as failure:
        ask(*args, **params)
    return failure.value


PICK = {"response": {"pick": {"ref": "body.id", "name": "body.name"}}}
FOUND = {"status": 200, "ref": 7, "name": "Müller"}

# Labels and character sets under which the same JSON is found.
LABELLED = {
    "declared latin": (TEXT.encode("iso-8859-15"), f"{JSON};charset=ISO-8859-15"),
    "declared windows": (TEXT.encode("cp1252"), f'{JSON}; charset="windows-1252"'),
    "declared with more": (TEXT.encode("latin-1"), f"{JSON}; charset=latin1; odd=1"),
    "declared ascii": (TEXT.encode(), f"{JSON}; charset=us-ascii"),
    "no such charset": (TEXT.encode(), f"{JSON}; charset=utf8mb4"),
    "a codec that is none": (TEXT.encode(), f"{JSON}; charset=rot13"),
    "a codec of Python's": (TEXT.encode(), f"{JSON}; charset=unicode_escape"),
    "a NUL in the name": (TEXT.encode(), f"{JSON}; charset=utf\\08"),
    "text": (TEXT.encode(), "text/plain"),
    "text with space": (f"\n  {TEXT}\n".encode(), "text/plain; charset=utf-8"),
    "page": (TEXT.encode(), "text/html; charset=UTF-8"),
    "script": (TEXT.encode(), "application/javascript"),
    "bytes": (TEXT.encode(), "application/octet-stream"),
    "no label": (TEXT.encode(), ""),
    "problem": (TEXT.encode(), "application/problem+json"),
    "mark": (codecs.BOM_UTF8 + TEXT.encode(), JSON),
    "mark as text": (codecs.BOM_UTF8 + TEXT.encode(), "text/plain"),
    "mark against the label": (codecs.BOM_UTF8 + TEXT.encode(), f"{JSON};charset=latin1"),
    "UTF-16 with a mark": (TEXT.encode("utf-16"), JSON),
    "UTF-16, big, with a mark": (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "text/plain"),
    "UTF-16 declared": (TEXT.encode("utf-16-le"), f"{JSON}; charset=utf-16le"),
    "UTF-16 undeclared": (TEXT.encode("utf-16-le"), JSON),
    "UTF-16, big, undeclared": (TEXT.encode("utf-16-be"), "text/plain"),
    "UTF-32 with a mark": (TEXT.encode("utf-32"), JSON),
}
PACKED = {
    "gzip": (gzip.compress(TEXT.encode()), "gzip"),
    "x-gzip": (gzip.compress(TEXT.encode()), "x-gzip"),
    "GZIP": (gzip.compress(TEXT.encode()), " GZIP "),
    "deflate": (zlib.compress(TEXT.encode()), "deflate"),
    "deflate, raw": (zlib.compress(TEXT.encode(), wbits=-15), "deflate"),
    "identity": (TEXT.encode(), "identity"),
    "none": (TEXT.encode(), ""),
    "no coding": (TEXT.encode(), "none"),
    "a character set": (TEXT.encode(), "UTF-8"),
    "of mails": (TEXT.encode(), "8bit"),
    "a way to send": (gzip.compress(TEXT.encode()), "gzip, chunked"),
    "in two parts": (
        gzip.compress(TEXT[:20].encode()) + gzip.compress(TEXT[20:].encode()),
        "gzip",
    ),
    "filled up": (gzip.compress(TEXT.encode()) + b"\0" * 20, "gzip"),
    "twice, and says so": (gzip.compress(gzip.compress(TEXT.encode())), "gzip, gzip"),
    "both": (gzip.compress(zlib.compress(TEXT.encode())), "deflate, gzip"),
}


@pytest.mark.django_db
def test_json_is_found_whatever_its_label(ask):
    for name, (raw, kind) in LABELLED.items():
        assert ask(raw, kind, **PICK) == FOUND, name


@pytest.mark.django_db
def test_json_is_found_however_it_is_packed(ask):
    for name, (raw, coding) in PACKED.items():
        assert ask(raw, coding=coding, **PICK) == FOUND, name


@pytest.mark.django_db
def test_json_in_a_text_is_a_text_where_no_step_looks_into_it(ask):
    assert ask(TEXT.encode(), "text/plain")["body"] == TEXT
    picked = {"response": {"pick": {"all": "body"}}}
    assert ask(TEXT.encode(), "text/plain", **picked)["all"] == TEXT


@pytest.mark.django_db
def test_failing_and_pages_look_into_it_too(ask):
    rule = {"field": "body.ok", "operator": "equals", "value": True}
    assert failure_of(ask, TEXT.encode(), "text/plain", fail_when=[rule]).code == (
        "answer_means_failure"
    )
    pages = {"pages": {"next": "headers.link", "items": "body.list"}}
    assert ask(TEXT.encode(), "text/plain", **pages)["items"] == [{"id": 1}]
    pages = {"pages": {"next": "headers.link", "items": "body"}}
    assert ask(b'[{"id": 1}]', "text/plain", **pages)["items"] == [{"id": 1}]


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (codecs.BOM_UTF8, "empty"),
        (b"<!DOCTYPE html><p>Log in", "html"),
        (b"created", "text"),
        (b'{"id": 1}\n{"id": 2}\n', "text"),
        (b'{"id": 7,', "text"),
        (b"7", "text"),
        (b'{"other": 1}', "json"),
        (b"[]", "json"),
    ],
)
@pytest.mark.django_db
def test_where_nothing_is_found_that_is_said(ask, raw, kind):
    output = ask(raw, "text/plain", **PICK)

    told = {"paths": ["body.id", "body.name"], "body": kind}
    assert output == {"status": 200, "nothing_found": told}


@pytest.mark.django_db
def test_of_what_is_found_in_part_the_rest_is_left_out_as_before(ask):
    assert ask(b'{"id": 7}', **PICK) == {"status": 200, "ref": 7}


@pytest.mark.parametrize(
    ("raw", "came", "english", "arabic"),
    [
        (b"<p>Log in</p>", "html", "an HTML page", "صفحة HTML"),
        (b"created", "text", "a text that is no JSON", "نص ليس بصيغة JSON"),
        (b"", "empty", "an empty answer", "رد فارغ"),
    ],
)
@pytest.mark.django_db
def test_a_rule_on_what_is_no_json_says_what_came(ask, raw, came, english, arabic):
    rule = {"field": "body.ok", "operator": "equals", "value": False}

    failure = failure_of(ask, raw, "text/plain", fail_when=[rule])

    assert (failure.code, failure.params["came"]) == ("answer_lacks_field", came)
    assert english in sentence(failure.code, failure.params)
    with override("ar"):
        assert arabic in sentence(failure.code, failure.params)


# Compression.

PLAIN = TEXT.encode()
CUT = {
    "half of gzip": (gzip.compress(PLAIN)[:-20], "gzip"),
    "gzip without its sum": (gzip.compress(PLAIN)[:-8], "gzip"),
    "only its head": (gzip.compress(PLAIN)[:10], "gzip"),
    "half of deflate": (zlib.compress(PLAIN)[:-10], "deflate"),
    "half of raw deflate": (zlib.compress(PLAIN, wbits=-15)[:-10], "deflate"),
    "the second part": (gzip.compress(PLAIN) + gzip.compress(PLAIN)[:-9], "gzip"),
    "the inner one": (gzip.compress(gzip.compress(PLAIN)[:-9]), "gzip, gzip"),
}
UNREADABLE = {
    "br": (b"\x8b\x02\x80{}\x03", "br", "coding"),
    "zstd": (b"\x28\xb5\x2f\xfd\x04", "zstd", "coding"),
    "compress": (b"\x1f\x9d\x90", "compress", "coding"),
    "gzip in br": (gzip.compress(PLAIN), "gzip, br", "coding"),
    "no gzip": (PLAIN, "gzip", "damaged"),
    "no deflate": (b"\xff\xff\xff" + PLAIN, "deflate", "damaged"),
    "a wrong sum": (gzip.compress(PLAIN)[:-8] + b"\0" * 8, "gzip", "damaged"),
    "broken in the middle": (gzip.compress(PLAIN)[:10] + b"\x07" * 40, "gzip", "damaged"),
    "twice, said once": (gzip.compress(gzip.compress(PLAIN)), "gzip", "undeclared"),
    "a lie": (gzip.compress(PLAIN), "identity", "undeclared"),
    "undeclared": (gzip.compress(PLAIN), "", "undeclared"),
    "again and again": (PLAIN, "gzip," * 9, "damaged"),
}


@pytest.mark.django_db
def test_a_stream_without_its_end_is_a_lost_connection(ask):
    for name, (raw, coding) in CUT.items():
        for kind in (JSON, "text/csv"):
            failure = failure_of(ask, raw, kind, coding=coding)

            assert isinstance(failure, TemporaryFailure), name
            assert (failure.code, failure.params["may_have_arrived"]) == ("connection_lost", True)


@pytest.mark.django_db
def test_what_cannot_be_unpacked_is_unreadable_with_words(ask):
    for name, (raw, coding, fault) in UNREADABLE.items():
        failure = failure_of(ask, raw, coding=coding)

        assert isinstance(failure, PermanentFailure), name
        assert (failure.code, failure.params["fault"]) == ("answer_unreadable", fault), name
        english = sentence(failure.code, failure.params)
        with override("ar"):
            arabic = sentence(failure.code, failure.params)
        assert "compress" in english
        assert re.search("[\u0621-\u064a]", arabic)


@pytest.mark.parametrize("coding", ["br", "gzip"])
@pytest.mark.parametrize("status", [404, 429, 503])
@pytest.mark.django_db
def test_the_status_of_a_refusal_says_enough(ask, status, coding):
    assert failure_of(ask, gzip.compress(PLAIN)[:-9], coding=coding, status=status).code == (
        f"http_{status}"
    )


@pytest.mark.django_db
def test_a_compressed_file_is_what_it_is(ask):
    assert isinstance(ask(gzip.compress(PLAIN), "application/gzip")["body"], str)


@pytest.mark.django_db
def test_the_limit_holds_for_what_is_unpacked(ask):
    for raw, coding in (
        (gzip.compress(b"x" * 2_000_000), "gzip"),
        (gzip.compress(gzip.compress(b"x" * 50_000_000)), "gzip, gzip"),
        (zlib.compress(b"x" * 2_000_000), "deflate"),
        (gzip.compress(b"x" * 600_000) * 2, "gzip"),
        (b"x" * 1_100_000, ""),
    ):
        assert failure_of(ask, raw, "text/plain", coding=coding).code == "answer_too_large"


# Numbers and names that parsers read differently.


@pytest.mark.django_db
def test_numbers_keep_their_digits_and_no_number_breaks_a_step(ask):
    raw = b'{"id": 149.90, "long": 1e5000, "whole": 12345678901234567890}'
    pick = {"id": "body.id", "long": "body.long", "whole": "body.whole"}

    output = ask(raw, "text/plain", response={"pick": pick})

    assert output["id"] == Decimal("149.90")
    assert output["whole"] == 12345678901234567890
    assert output["long"] == "1E+5000"


@pytest.mark.django_db
def test_what_only_looks_like_json_is_a_text(ask):
    for raw in (b'{"id": NaN}', b"{id: 7}", b"[" * 100_000, b"[1, 2", b"{'id': 7}"):
        assert ask(raw, "text/plain", **PICK)["nothing_found"]["body"] == "text"


def test_a_text_is_decoded_whatever_stands_in_the_label():
    for charset in ("\0", "a" * 10_000, "../x", "hex", "zlib", "idna", "undefined", "mbcs"):
        assert text_of("é".encode(), f"text/plain; charset={charset}") == "é"


@pytest.mark.django_db
def test_other_callers_see_the_text_as_it_came(server):
    headers = {"Content-Type": "text/plain"}
    server.outside.behave("hook", "answer", base64=b64encode(PLAIN).decode(), headers=headers)

    answer = send(get(server.outside), idempotency_key="a", timeout_seconds=5)
    looked_into = send(
        get(server.outside, json_by_content=True), idempotency_key="b", timeout_seconds=5
    )

    assert (answer.body, answer.kind) == (TEXT, "text")
    assert (looked_into.body, looked_into.kind) == (GOOD, "json")
