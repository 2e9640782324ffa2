"""Every failure has a sentence, and a sentence can always be made."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from django.utils.translation import override

import actions
from actions import wording
from actions.providers.sentences import TABLES
from tenants.core.text.listing import END, ISOLATE

FAILURES = {"PermanentFailure", "TemporaryFailure", "SecretsUnreadable"}
MADE_BY = {"_not_sent", "_perhaps_sent", "_refused", "refused"}


def codes_in(tree):
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        first = node.args[0] if node.args else None
        if node.func.id in FAILURES | MADE_BY and isinstance(first, ast.Constant):
            yield first.value


def parsed(file):
    """Return the tree of a source, if it can hold a code at all: most cannot."""
    text = file.read_text()
    return ast.parse(text if any(name in text for name in FAILURES | MADE_BY) else "")


@cache
def codes():
    sources = Path(actions.__file__).parent.rglob("*.py")
    found = {code for file in sources for code in codes_in(parsed(file))}
    documented = {row.failure for answers in TABLES.values() for row in answers.values()}
    return sorted(found | documented)


@pytest.mark.parametrize("code", codes())
def test_every_code_has_a_sentence(code):
    assert code in wording.SENTENCES


def test_no_sentence_is_left_over():
    dynamic = {code for code in wording.SENTENCES if code.startswith("http_")}

    assert set(wording.SENTENCES) - dynamic == set(codes()) - dynamic


@pytest.mark.parametrize("code", sorted(wording.SENTENCES))
def test_a_sentence_needs_no_parameter_and_leaves_no_placeholder(code):
    for params in (None, {}, {"host": None, "answer": {"a": 1}, "missing": ["x", "y"], "z": b"%s"}):
        sentence = wording.sentence(code, params)
        assert sentence
        assert "%(" not in sentence
        assert sentence != code


def test_the_facts_stand_in_the_sentence():
    assert wording.sentence("connection_ambiguous", {"kind": "smtp", "choices": ["a", "b"]}) == (
        "There are several connections for smtp. Choose one in the step: a, b."
    )
    assert wording.sentence("http_418", {"host": "x.example", "status": 418, "answer": "tea"}) == (
        "x.example refused the request with status 418. The same request would be refused again:"
        " change the step. It says: tea"
    )


def test_an_unknown_code_is_shown_with_its_facts():
    assert wording.sentence("new_code", {"a": 1}) == "new_code (a: 1)"
    assert wording.sentence("new_code") == "new_code"


@pytest.mark.parametrize("broken", ["%(host)", "%(host)d", "100 %", "%s %s"])
def test_a_slip_in_a_translation_never_breaks_a_page(monkeypatch, broken):
    monkeypatch.setattr(wording, "SENTENCES", {"unreachable": broken})

    assert wording.sentence("unreachable", {"host": "x"}) in {"unreachable", broken}


@pytest.mark.parametrize("code", sorted(wording.SENTENCES))
def test_in_arabic_no_fact_is_read_from_the_wrong_side(code):
    """A phone, an address or an answer keeps its direction, whichever sentence it stands in."""
    names = re.findall(r"%\((\w+)\)s", str(wording.SENTENCES[code]))
    names = set(names) - {"each", "field"}  # sentences and words of our own
    with override("ar"):
        said = wording.sentence(code, {name: f"+1 ({name})" for name in names})

    assert [name for name in names if f"{ISOLATE}+1 ({name}){END}" not in said] == []
