"""Every code of the language has a sentence, and showing one never fails."""

# ruff: noqa: E501 -- a row of a table is one line

import pytest

from workflows.definition.codes import Code
from workflows.presentation.documents.problems import SENTENCES, sentence


def test_every_code_has_a_sentence():
    assert set(SENTENCES) == set(Code)


@pytest.mark.parametrize(
    ("code", "params", "expected"),
    [
        (
            "missing_value",
            {"path": "trigger.customer_phone"},
            "“trigger.customer_phone” has no value. "
            "Correct the record or the event, or give the field a default.",
        ),
        (
            "unknown_operator",
            {"operator": "equls", "suggestion": "equals"},
            "There is no comparison “equls”. Choose one from the list. Did you mean “equals”?",
        ),
        (
            "wrong_type",
            {"expected": ["array", "null"], "found": "text"},
            "This has to be a list, empty value, but it is a text.",
        ),
        ("not_a_choice", {"value": "x", "choices": ["a", "b"]}, "“x” is not one of the choices. Choose from: a, b."),
        ("not_a_number", {"value": "x", "place": "/seconds"}, "“x” is not a number (in “/seconds”). Correct the value."),
        ("empty", {}, "This is empty. Fill it in."),
        ("empty", None, "This is empty. Fill it in."),
        ("limit_reached", {}, "limit_reached"),
        ("limit_reached", {"limit": 5}, "limit_reached {'limit': 5}"),
        ("brand_new", {"a": 1}, "brand_new {'a': 1}"),
        ("brand_new", None, "brand_new"),
    ],
)  # fmt: skip
def test_sentences(code, params, expected):
    assert sentence(code, params) == expected
