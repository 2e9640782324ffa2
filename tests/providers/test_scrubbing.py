"""No part of a secret of eight characters or more comes back, whatever a server made of it."""

import base64
import html
import json
from decimal import Decimal
from difflib import SequenceMatcher
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from actions.scrub import HIDDEN, Scrubber
from tests.support.chatting import SIGNATURE


def _wrapped(text, width):
    return "\n".join(text[at : at + width] for at in range(0, len(text), width))


def _with_lower_codes(coded):
    first, *others = coded.split("%")
    return "%".join([first, *(one[:2].lower() + one[2:] for one in others)])


# What servers and the libraries below them make of a token that they echo.
ENCODINGS = {
    "plain": lambda text: text,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON in UTF-8": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "JSON of PHP": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "escapes": lambda text: "".join(f"\\u{ord(one):04x}" for one in text),
    "HTML": html.escape,
    "HTML, numbers": lambda text: "".join(f"&#{ord(one)};" for one in text),
    "HTML, hexadecimal": lambda text: "".join(f"&#x{ord(one):X};" for one in text),
    "quote": quote,
    "quote, all": lambda text: quote(text, safe=""),
    "quote, plus": quote_plus,
    "quote, lower": lambda text: _with_lower_codes(quote(text, safe="")),
    "quote, each": lambda text: "".join(f"%{one:02X}" for one in text.encode()),
    "hex": lambda text: text.encode().hex(),
    "HEX": lambda text: text.encode().hex().upper(),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64, address": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base32": lambda text: base64.b32encode(text.encode()).decode(),
    "base32, small": lambda text: base64.b32encode(text.encode()).decode().lower().rstrip("="),
    "Basic": lambda text: base64.b64encode(f"user:{text}".encode()).decode(),
    "Basic, first": lambda text: base64.b64encode(f"{text}:".encode()).decode(),
    "wrapped": lambda text: _wrapped(text, 7),
    "wrapped as in mails": lambda text: _wrapped(text, 76).replace("\n", "\r\n "),
    "UTF-16": lambda text: text.encode("utf-16-le").decode("latin-1") if text.isascii() else text,
}
CHAINS = st.lists(st.sampled_from(sorted(ENCODINGS)), min_size=1, max_size=4)
TOKENS = st.text(
    st.sampled_from("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_+/=.&\"' "),
    min_size=16,
    max_size=50,
).filter(lambda token: len(set(token)) > 8 and token == token.strip())
SECRETS = TOKENS | st.sampled_from(['top/secret+"كلمة" 1', "sk-live-0123456789", "1234567890123"])


def encoded(secret, chain):
    for name in chain:
        secret = ENCODINGS[name](secret)
    return secret


def left_of(form, said):
    """Return the longest part of the form that still stands in what is shown."""
    found = SequenceMatcher(None, form, said, autojunk=False).find_longest_match()
    return form[found.a : found.a + found.size]


@settings(max_examples=300)
@example("0000000012345678", ["wrapped", "wrapped as in mails", "UTF-16"])
@example("0000000012345678", ["wrapped", "wrapped as in mails", "quote, plus"])
@example("4qk5m-xTY3B/iXi7", ["escapes", "wrapped", "JSON in UTF-8"])
@example("4qk5m-xTY3B/iXi7", ["escapes", "wrapped", "JSON", "JSON of PHP"])
@example("0000000/12345678", ["wrapped as in mails", "wrapped", "quote, all", "quote, plus"])
@given(SECRETS, CHAINS)
def test_no_part_of_a_secret_survives_any_chain_of_encodings(secret, chain):
    form = encoded(secret, chain)

    said = Scrubber([secret]).text(f"bad token: {form}. Ask somebody")

    # So many signs of the form stand for eight characters; what a Basic token begins with, too.
    most = max(12, 8 * len(form) // len(secret) + 8)
    assert HIDDEN in said
    assert len(left_of(form, said)) < most, chain


CASES = {"capitals": str.upper, "small": str.lower, "title": str.title, "swapped": str.swapcase}


@example("4qk5m-xTY3B/iXi7", "capitals", ["base32", "base64"])
@given(SECRETS, st.sampled_from(sorted(CASES)), CHAINS)
def test_nor_one_whose_case_was_changed(secret, case, chain):
    form = encoded(CASES[case](secret), chain)

    said = Scrubber([secret]).text(f"bad token: {form}. Ask somebody")

    assert HIDDEN in said
    assert len(left_of(form, said)) < max(12, 8 * len(form) // len(secret) + 8), chain


ONCE = ["plain", "hex", "base64", "base64, address", "base32", "Basic"]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("encoding", ONCE)
def test_nor_an_encoded_one(encoding, case):
    secret = "xoxb-Kx9Zq7-aBcDefGhIJKL"

    said = Scrubber([secret]).text(f"no {CASES[case](ENCODINGS[encoding](secret))}!")

    assert len(left_of(CASES[case](ENCODINGS[encoding](secret)), said)) < 20
    assert HIDDEN in said


LISTS = {
    "JSON": lambda raw: json.dumps([*raw]),
    "JSON, short": lambda raw: json.dumps([*raw], separators=(",", ":")),
    "Go": lambda raw: " ".join(map(str, raw)),
    "Node": lambda raw: f"<Buffer {raw.hex(' ')}>",
    "colons": lambda raw: raw.hex(":").upper(),
    "C": lambda raw: "{" + ", ".join(f"0x{one:02x}" for one in raw) + "}",
    "wrapped": lambda raw: json.dumps([*raw], indent=2),
    "in JSON": lambda raw: json.dumps(json.dumps([*raw])),
    "in base64": lambda raw: base64.b64encode(json.dumps([*raw]).encode()).decode(),
}


@given(TOKENS, st.sampled_from(sorted(LISTS)))
def test_nor_its_bytes_one_by_one(secret, way):
    listed = LISTS[way](secret.encode())

    said = Scrubber([secret]).text(f"no: {listed}.")

    assert HIDDEN in said
    assert len(left_of(listed, said)) < 30


def test_nor_its_bytes_as_a_list_of_json():
    secret = "xoxb-Kx9Zq7-aBcDefGhIJKL"

    said = Scrubber([secret]).json({"data": [*f"Bearer {secret}".encode()], "days": [*range(20)]})

    assert said == {"data": HIDDEN, "days": [*range(20)]}


def test_a_secret_in_one_answer_of_many_texts_leaves_the_others():
    secret = "xoxb-Kx9Zq7-aBcDefGhIJKL"
    answer = [{"name": f"n{one}", "note": "a%20b\nc &amp; d"} for one in range(50)]

    said = Scrubber([secret]).json([*answer, {"name": html.escape(secret), secret: 1}])

    assert said == [*answer, {"name": HIDDEN, HIDDEN: 1}]


@given(SECRETS, CHAINS)
def test_nor_in_json(secret, chain):
    form = encoded(secret, chain)

    said = Scrubber([secret]).json({"a": [{form: form}], "n": None})

    assert HIDDEN in said["a"][0] or any(HIDDEN in key for key in said["a"][0])
    assert all(HIDDEN in value for value in said["a"][0].values())


@given(TOKENS, st.integers(8, 16), st.sampled_from(["plain", "base64", "hex", "quote, all"]))
def test_nor_does_a_beginning(secret, length, encoding):
    beginning = secret[:length]

    said = Scrubber([secret]).text(f"token {ENCODINGS[encoding](beginning)}…")

    if encoding == "base64" and length < 11:
        return  # fewer than eight characters can be told from an encoded beginning
    assert HIDDEN in said


@given(TOKENS, st.data())
def test_nor_does_any_part(secret, data):
    start = data.draw(st.integers(0, len(secret) - 8))
    part = secret[start : start + 8]

    said = Scrubber([secret]).text(f'{{"x":"{part}"}}')

    assert part not in said


@given(st.text(max_size=200))
def test_ordinary_text_stays_as_it_is(text):
    kept = text.replace("\0", "\N{REPLACEMENT CHARACTER}")

    assert Scrubber(["xoxb-Kx9Zq7-aBcDefGhIJKL"]).text(text) == kept


def test_texts_that_look_like_codes_stay_as_they_are():
    text = (
        'a%20b &amp; c\\n "d" 0f8fad5b-d9cb-469f-a165-70867728950e SGVsbG8gd29ybGQsIGhlbGxv '
        "48656c6c6f20776f726c642c2068656c6c6f https://x.example/workflows/1?api-version=2016-06-01"
    )

    assert Scrubber(["xoxb-Kx9Zq7-aBcDefGhIJKL"]).text(text) == text


@pytest.mark.parametrize(
    "form",
    [
        "Pä$$wörd.9/x",
        "Pa\u0308$$wo\u0308rd.9/x",
        "PÃ¤$$wÃ¶rd.9/x",
        r"P\xc3\xa4$$w\xc3\xb6rd.9/x",
        r"Pä\$\$wörd\.9/x",
    ],
)
def test_a_password_with_accents_and_signs_is_found_as_programs_write_it(form):
    assert Scrubber(["Pä$$wörd.9/x"]).text(f"no: {form}!") == f"no: {HIDDEN}!"


# An address that is a secret.

PATH = "/workflows/86ffea6392fe4f3f9555f5e8f9b1f06e/triggers/manual/paths/invoke"
QUERY = f"api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={SIGNATURE}"
ADDRESS = f"https://prod-03.westus.logic.azure.com:443{PATH}?{QUERY}"
CONNECTOR = (
    "https://cedar.webhook.office.com/webhookb2/892e8ed3-997c-4b6e-8f8a-7f32728a8a87@f7322380-f203"
    "-42ff-93e8-66e266f6d2e4/IncomingWebhook/fcc6565ec7a944928bd43d6fc193b258/0a1b2c3d-4e5f"
)


@given(
    st.sampled_from([ADDRESS, f"{PATH}?{QUERY}", QUERY, f"sig={SIGNATURE}", SIGNATURE]),
    st.lists(st.sampled_from(sorted(ENCODINGS)), max_size=2),
)
def test_no_part_of_an_address_that_is_a_secret(part, chain):
    said = Scrubber([ADDRESS]).text(f"no flow at {encoded(part, chain)} now")

    assert HIDDEN in said
    for at in range(len(SIGNATURE) - 7):
        assert SIGNATURE[at : at + 8] not in said


@pytest.mark.parametrize(
    "part",
    [
        CONNECTOR,
        "fcc6565ec7a944928bd43d6fc193b258",
        "892e8ed3-997c-4b6e-8f8a-7f32728a8a87",
        "fcc6565ec7a9",
        "FCC6565EC7A9".lower(),
    ],
)
def test_the_connectors_before_them(part):
    assert part not in Scrubber([CONNECTOR]).text(f"gone: {part}")


@pytest.mark.parametrize(
    "text",
    [
        "https://docs.example/a",
        "IncomingWebhook",
        "The trigger manual of the workflow: invoke triggers paths",
        "api-version 2016-06-01",
        "WorkflowTriggerIsNotEnabled",
        "cedar.webhook.office.com",
    ],
)
def test_what_everybody_knows_of_such_an_address_stays(text):
    assert Scrubber([ADDRESS, CONNECTOR]).text(text) == text


# Secrets of digits, and short ones.


@pytest.mark.parametrize(
    "number",
    [
        1234567890123,
        Decimal("1234567890123"),
        Decimal("1.234567890123E+12"),
        12345678901,
        -12345678,
    ],
)
def test_a_secret_that_is_echoed_as_a_number(number):
    assert Scrubber(["1234567890123"]).json({"n": number}) == {"n": HIDDEN}


@pytest.mark.parametrize("number", [0, 7, 149.9, Decimal("149.90"), 20261130, True, 99999999999])
def test_other_numbers_stay_numbers(number):
    assert Scrubber(["1234567890123"]).json([number]) == [number]


@pytest.mark.parametrize("secret", ["s3cret", "passw0r"])
def test_a_short_secret_goes_as_a_whole(secret):
    for name in ("plain", "HEX", "hex", "base64", "HTML, numbers", "escapes", "quote, each"):
        assert HIDDEN in Scrubber([secret]).text(f"x {ENCODINGS[name](secret)} y"), name


def test_a_header_goes_with_its_scheme_and_its_token_alone():
    scrub = Scrubber(["Bearer sk-live-0123456789"])

    assert scrub.text("you sent Bearer sk-live-0123456789") == f"you sent {HIDDEN}"
    assert scrub.text("you sent sk-live-0123456789") == f"you sent {HIDDEN}"
    assert scrub.text("a Bearer token") == "a Bearer token"
