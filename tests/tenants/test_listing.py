"""Words one after the other."""

from django.utils.translation import override

from tenants.core.text.listing import bare, listed


def test_words_stand_one_after_the_other():
    assert listed(["cancelled", 2]) == "cancelled, 2"


def test_arabic_has_its_own_comma_and_each_word_its_own_direction():
    with override("ar"):
        assert listed(["cancelled", "مؤكد"]) == "\u200f\u2068cancelled\u2069، \u2068مؤكد\u2069"
        assert listed([]) == ""


def test_what_is_pasted_loses_the_signs_of_direction_and_nothing_else():
    assert bare("\u20660 8 * * *\u2069 \u200fمؤكد") == "0 8 * * * مؤكد"
