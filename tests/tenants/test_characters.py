"""What nobody sees is dropped, and nothing else is."""

import sys
import unicodedata
from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from tenants.core.text.characters import composed, shown, without_invisible

SELECTORS = [*map(chr, range(0xFE00, 0xFE10)), *map(chr, range(0xE0100, 0xE01F0))]
SEEN = "aZ09 @.+-_\u0623\u0660\u00e9\u4e2d\U0001f600"


@cache
def formats():
    return [
        sign for sign in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(sign) == "Cf"
    ]


def test_every_invisible_character_is_dropped():
    assert without_invisible("".join([*formats(), *SELECTORS])) == ""


def test_no_visible_character_is_dropped():
    visible = [
        sign
        for sign in map(chr, range(sys.maxunicode + 1))
        if unicodedata.category(sign)[0] in "LNPSZ"
    ]
    assert without_invisible("".join(visible)) == "".join(visible)


@given(st.lists(st.deferred(lambda: st.sampled_from([*SEEN, *formats(), *SELECTORS]))))
def test_what_is_left_is_what_one_sees_in_its_order(signs):
    seen = [sign for sign in signs if sign in SEEN]
    assert without_invisible("".join(signs)) == "".join(seen)


def test_letters_are_composed_and_the_invisible_can_be_shown():
    assert composed("e\u0301") == "\u00e9"
    assert composed("\u0627\u0653") == "\u0622"
    assert shown("a\u202ab") == "a[U+202A]b"
