"""Who a mail is for, as people write and copy it: read as one address, or refused in words."""
# ruff: noqa: RUF001 - Arabic letters and digits are no slips here

import sys
import unicodedata

import pytest
from django.core.mail import EmailMultiAlternatives
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from actions.errors import PermanentFailure
from actions.mail.composing import compose
from actions.mail.mailboxes import each_once, mailbox_of
from actions.providers.smtp import row_of
from tenants.core.text.addresses import (
    compared,
    for_server,
    is_international_address,
    needs_smtputf8,
)
from tests.support.disguised import invisible_signs
from workflows.presentation.runs.errors import sentence

SIGNS = st.deferred(lambda: st.sampled_from(invisible_signs()))
WRITTEN = {
    "a@example.com": ("", "a@example.com"),
    "<a@example.com>": ("", "a@example.com"),
    "Rana <a@example.com>": ("Rana", "a@example.com"),
    '"Haddad, Rana" <a@example.com>': ("Haddad, Rana", "a@example.com"),
    '"Haddad; Rana: <VIP> @home" <a@example.com>': (
        "Haddad; Rana: <VIP> @home",
        "a@example.com",
    ),
    '"Rana \\"R\\" Haddad" <a@example.com>': ('Rana "R" Haddad', "a@example.com"),
    '"back\\\\slash" <a@example.com>': ("back\\slash", "a@example.com"),
    "a@example.com (Rana Haddad)": ("Rana Haddad", "a@example.com"),
    "<a@example.com> (at work)": ("", "a@example.com"),
    '"Haddad, Rana" (at work) <a@example.com>': ("Haddad, Rana", "a@example.com"),
    "Cedar (KSA) <a@example.com>": ("Cedar (KSA)", "a@example.com"),
    "متجر (١) <a@example.com>": ("متجر (١)", "a@example.com"),
    "=?utf-8?B?2YbZiNixLCDYrQ==?= <a@example.com>": ("نور, ح", "a@example.com"),
    "=?utf-8?q?Zo=C3=AB?= <a@example.com>": ("Zoë", "a@example.com"),
    "=?nonsense?q?Zo=C3?= <a@example.com>": ("=?nonsense?q?Zo=C3?=", "a@example.com"),
    "Nour\nTrading <a@example.com>": ("Nour Trading", "a@example.com"),
    '"Nour\t\r\n Trading" <a@example.com>': ("Nour Trading", "a@example.com"),
    " \t a@example.com \n": ("", "a@example.com"),
    "نور <نور@example.com>": ("نور", "نور@example.com"),
    "josé@exämple.com": ("", "josé@exämple.com"),
    # As mail programs, lists, links and lines of code write it.
    "a@example.com <a@example.com>": ("", "a@example.com"),
    "'a@example.com' <a@example.com>": ("", "a@example.com"),
    "نور@example.com <نور@example.com>": ("", "نور@example.com"),
    "\u202aa@example.com\u202c <a@example.com>": ("", "a@example.com"),
    "mailto:a@example.com": ("", "a@example.com"),
    "Rana <MAILTO:a@example.com>": ("Rana", "a@example.com"),
    "a@example.com;": ("", "a@example.com"),
    "a@example.com ,": ("", "a@example.com"),
    "a@example.com.": ("", "a@example.com"),
    "Rana <a@example.com>;": ("Rana", "a@example.com"),
    '"a@example.com"': ("", "a@example.com"),
    "'a@example.com'": ("", "a@example.com"),
    "'a@example.com',": ("", "a@example.com"),
    "o'brien@example.com": ("", "o'brien@example.com"),
}
NOT_ONE = [
    "Haddad, Rana <a@example.com>",
    '"a" <a@b.example>, evil@x.example',
    '"a" <a@b.example> <evil@x.example>',
    '"a" b@b.example <evil@x.example>',
    "a@b.example,c@b.example",
    '"unclosed <a@b.example>',
    "a@b.example\nBcc: evil@x.example",
    '"Nour" <a@b.example\nBcc: evil@x.example>',
    "Name\r\nBcc: evil@x.example <a@b.example>",
    "group: a@b.example;",
    "a b@example.com",
    "a@b.example;c@b.example;",
    "a@b.example <evil@x.example>",
    "a@b.example, evil@x.example <evil@x.example>",
    "<a@b.example>,,",
    "a@b.example;;",
    "mailto:",
    "\"'",
    "<>",
    "نو ر@example.com",
    "☃@example.com",
    "\u200f",
    "",
]


@pytest.mark.parametrize("text", WRITTEN)
def test_as_people_write_it(text):
    found = mailbox_of(text, "to")

    assert (found.name, found.address) == WRITTEN[text]
    # What is written from it is read alike, and the mail library can carry it.
    assert mailbox_of(str(found), "to") == found
    compose(EmailMultiAlternatives("S", "T", "s@example.com", [str(found)], cc=[str(found)]))


@pytest.mark.parametrize("text", NOT_ONE)
def test_what_is_not_exactly_one_address_is_refused(text):
    with pytest.raises(PermanentFailure, match="bad_mail_address") as failure:
        mailbox_of(text, "to")

    assert failure.value.params["field"] == "to"


FIELDS = {
    "to": ("“To”", "«\u2068إلى\u2069»"),
    "cc": ("“Copy to”", "«\u2068نسخة إلى\u2069»"),
    "bcc": ("“Hidden copy to”", "«\u2068نسخة مخفية إلى\u2069»"),
    "reply_to": ("“Answers go to”", "«\u2068الرد إلى\u2069»"),
    "from": ("“From”", "«\u2068من\u2069»"),
}


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nobody", ("is not one mail address", "ليس عنوان بريد إلكتروني واحدًا")),
        ("", ("There is no mail address in", "لا يوجد عنوان بريد إلكتروني في")),
        (" \u200f", ("[U+200F]", "[U+200F]")),
    ],
)
def test_the_sentence_names_the_field_as_the_step_does(field, text, words):
    with pytest.raises(PermanentFailure) as failure:
        mailbox_of(text, field)

    for language, said, named in zip(("en", "ar"), words, FIELDS[field], strict=True):
        with override(language):
            told = sentence(failure.value.code, failure.value.params)
        assert said in told
        assert named in told


def test_the_invisible_is_shown_where_a_text_is_refused():
    with pytest.raises(PermanentFailure) as failure:
        mailbox_of("\u202aa b@example.com", "to")

    assert failure.value.params["address"] == "[U+202A]a b@example.com"


def test_all_invisible_characters_are_known():
    formats = {
        chr(one) for one in range(sys.maxunicode + 1) if unicodedata.category(chr(one)) == "Cf"
    }
    assert formats <= set(invisible_signs())


def test_each_invisible_character_around_and_inside():
    for one in invisible_signs():
        text = f"{one}Rana <{one}a@exam{one}ple.com{one}>{one}"

        assert mailbox_of(text, "to") == mailbox_of("Rana <a@example.com>", "to"), ascii(one)


@given(
    st.sampled_from(["a@example.com", "نور@example.com", "a.b+c@sub.example.com"]),
    st.lists(st.tuples(st.integers(0, 30), SIGNS), max_size=8),
)
def test_any_invisible_characters_anywhere_read_as_without(address, added):
    text = address
    for place, character in added:
        text = text[:place] + character + text[place:]

    assert mailbox_of(text, "to").address == address


@given(st.text(max_size=60))
def test_any_text_is_one_address_or_refused(text):
    for written in (text, f"{text}@example.com", f'"{text}" <a@example.com>', f"{text} <a@b.co>"):
        try:
            found = mailbox_of(written, "to")
        except PermanentFailure:
            continue
        assert is_international_address(found.address)
        mime = compose(EmailMultiAlternatives("S", "T", "s@example.com", [str(found)]))
        head = mime.in_ascii.partition(b"\r\n\r\n")[0].decode()
        assert head.lower().count("\nto: ") == 1
        assert "bcc" not in head.lower().replace(text.lower(), "")


def boxes(*texts):
    return [mailbox_of(one, "to") for one in texts]


def test_the_first_of_to_cc_and_bcc_has_an_address():
    to, cc, bcc = each_once(
        boxes("Rana <rana@example.com>", "rana@EXAMPLE.com", "Nour@example.com"),
        boxes("nour@example.com", "RANA <rana@Example.Com>", "a@münchen.example"),
        boxes("a@xn--mnchen-3ya.example", "b@example.com", "nour@example.com"),
    )

    assert [str(one) for one in to] == ["Rana <rana@example.com>", "Nour@example.com"]
    # Before the @ case may count: only its server knows.
    assert [str(one) for one in cc] == ["nour@example.com", "a@münchen.example"]
    assert [str(one) for one in bcc] == ["b@example.com"]


@pytest.mark.parametrize(
    ("address", "asked", "needs"),
    [
        ("a@example.com", "a@example.com", False),
        ("a@münchen.example", "a@xn--mnchen-3ya.example", False),
        ("نور@example.com", "نور@example.com", True),
    ],
)
def test_what_a_server_is_asked_for(address, asked, needs):
    assert (for_server(address), needs_smtputf8(address)) == (asked, needs)


def test_letters_and_their_accents_are_one():
    assert compared("jose\u0301@example.com") == compared("jos\u00e9@example.com")
    assert row_of(553, "5.6.7 x").code == "5.6.7"


UNQUOTED = {
    "Haddad, Rana <a@example.com>": '"Haddad, Rana" <a@example.com>',
    "Haddad; Rana <a@example.com>": '"Haddad; Rana" <a@example.com>',
    "Sales: Rana <a@example.com>": '"Sales: Rana" <a@example.com>',
    '"Haddad, Rana <a@example.com>': '"Haddad, Rana" <a@example.com>',
    'Rana "R" Haddad <a@example.com>': '"Rana \\"R\\" Haddad" <a@example.com>',
}


@pytest.mark.parametrize("text", UNQUOTED)
def test_a_name_that_lacks_its_quotes_is_told_so(text):
    with pytest.raises(PermanentFailure) as failure:
        mailbox_of(text, "to")

    facts = failure.value.params
    assert (facts["quoted"], str(mailbox_of(facts["quoted"], "to"))) == (UNQUOTED[text],) * 2
    for language, words in (("en", "Put the name in quotes"), ("ar", "بين علامتي اقتباس")):
        with override(language):
            said = sentence("bad_mail_address", facts)
        assert words in said
        assert UNQUOTED[text] in said


@pytest.mark.parametrize(
    "text",
    ["a@b.example, Rana <c@d.example>", '"a" <a@b.example>, evil@x.example', "a b@c.example"],
)
def test_what_may_be_two_addresses_is_not(text):
    with pytest.raises(PermanentFailure) as failure:
        mailbox_of(text, "to")

    assert "quoted" not in failure.value.params
