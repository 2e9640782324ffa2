"""Names and addresses: what gets in can be carried by a mail's header and a line of a log."""

import re

import pytest
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from hypothesis import given
from hypothesis import strategies as st

from tenants.core.text.names import NameFault, name_fault, one_line
from tenants.core.validators import is_address, validate_name

HOSTILE = {
    "a carriage return": "Evil\rName",
    "a line feed": "Evil\nBcc: all@example.com",
    "NUL": "a\0b",
    "escape": "\x1b[2J",
    "delete": "a\x7f",
    "next line": "a\x85b",
    "line separator": "a\u2028b",
    "paragraph separator": "a\u2029b",
    "right-to-left override": "invoice\u202efdp.exe",
    "an embedding": "\u202bx",
    "an isolate": "\u2067x",
    "half a character": "a\ud800",
    "no character": "a\ufffe",
}
GOOD = [
    "",
    "New order",
    "طلب جديد",
    "نیم\u200cفاصله",  # noqa: RUF001
    "x\u200fy",
    "Ünïcode “quoted”",
    "😀",
    "a" * 200,
]


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_name_is_refused_with_a_code(name):
    assert name_fault(name) is NameFault.CHARACTERS
    with pytest.raises(ValidationError) as refused:
        validate_name(name)
    assert refused.value.code == "name_has_control_characters"


@pytest.mark.parametrize("name", GOOD)
def test_an_honest_name_is_taken(name):
    assert name_fault(name) is None
    validate_name(name)


def test_a_long_name_is_refused():
    assert name_fault("a" * 201) is NameFault.TOO_LONG


@given(st.text(st.characters(exclude_categories=())))
def test_any_hostile_text_that_is_a_name_can_be_a_subject(text):
    if name_fault(text) is None:
        EmailMessage(text, "x", "a@example.com", ["b@example.com"]).message().as_bytes()


@given(st.text(st.characters(exclude_categories=())))
def test_any_stored_text_becomes_a_name(text):
    assert name_fault(one_line(text)) is None


ADDRESSES = {
    "a control character in quotes": '"\x01"@example.com',
    "an escaped one": '"\\\x01"@example.com',
    "a line break": "a@example.com\nBcc: b@example.com",
    "two": "a@example.com,b@example.com",
    "a name": "A <a@example.com>",
    "brackets": "<a@example.com>",
    "no local part": "@example.com",
    "no domain": "a@",
    "dots": "a..b@example.com",
    "a space": "a b@example.com",
    "an override": "a\u202e@example.com",
    "long": f"{'a' * 250}@example.com",
    "a long label": f"a@{'b' * 300}.com",
    "another alphabet": "جوزيف@example.com",
    "nothing": "",
    "none": None,
    "a number": 7,
    "a list": ["a@example.com"],
}


@pytest.mark.parametrize("address", ADDRESSES.values(), ids=ADDRESSES)
def test_a_hostile_address_is_refused(address):
    assert not is_address(address)


@pytest.mark.parametrize(
    "address", ["a@example.com", "a+b@sub.example.com", "a@münchen.example", "a@موقع.example"]
)
def test_an_honest_address_is_taken(address):
    assert is_address(address)
    assert EmailMessage("s", "x", "a@example.com", [address]).message().as_bytes()


LOCAL = st.text(st.characters(max_codepoint=0x300), min_size=1, max_size=12)


@given(
    LOCAL | LOCAL.map(lambda text: f'"{text}"'), st.sampled_from(["example.com", "x.co", "é.de"])
)
def test_any_hostile_address_is_refused_or_can_be_carried(local, domain):
    address = f"{local}@{domain}"
    if is_address(address):
        EmailMessage("s", "x", address, [address], cc=[f"N <{address}>"]).message().as_bytes()
        assert re.fullmatch(r"[\x20-\x7e]+", local)
