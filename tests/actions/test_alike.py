"""Texts that look the same are the same: in the language, in actions, in waits for an event."""
# ruff: noqa: RUF001 - Arabic letters are no slips here

from datetime import UTC, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.tables import rows
from tenants.core.values import comparison
from tenants.core.values.comparison import Incomparable
from tenants.core.values.numbers import as_number
from tenants.core.values.written import as_moment
from tests.support.disguised import disguised
from workflows.definition.errors import ExpressionError
from workflows.definition.operators import OPERATORS, Sides
from workflows.definition.scope import NameScope
from workflows.definition.templates import compile_template
from workflows.engine.progress import AwaitedEvent
from workflows.runtime.waits.wait_keys import answers, is_answer, question

WRITTEN = [
    *("Müller", "Crème brûlée", "آدم", "رئيس", "+961 3 123 456", "SO-2024-001", "نور", "Å", "ΐ"),
    *("150", "-3.50", "0", "2026-11-30", "2026-11-30T10:15:00+02:00", "true", "", "a", "007"),
]
# Those of which one begins, contains or is another, differ; the rest have nothing in common.
texts = st.sampled_from(WRITTEN) | st.text("aeé\u0301اآ\u0653-1", max_size=4)


def holds(operator, left, right):
    return OPERATORS[operator].holds(Sides("x", left, right, now=None, zone=UTC))


@given(data=st.data(), text=texts)
def test_a_text_is_equal_to_itself_however_it_is_written(data, text):
    one, other = data.draw(disguised(text)), data.draw(disguised(text))

    for left, right in product((one, other, text), repeat=2):
        assert comparison.equal(left, right, UTC)
        assert comparison.equal([{left: left}], [{right: right}], UTC)
        assert comparison.order(left, right, UTC) == 0
        assert holds("equals_ignoring_case", left.upper(), right.upper())
        assert comparison.contains({left: 1}, right, UTC)
    assert as_number(one) == as_number(other) == as_number(text)
    assert as_moment(one, UTC) == as_moment(text, UTC) == as_moment(other, UTC)


@given(data=st.data(), left=texts, right=texts)
def test_and_every_question_about_two_texts_is_answered_alike(data, left, right):
    one, other = data.draw(disguised(left)), data.draw(disguised(right))
    pairs = [(left, right), (one, other), (left, other)]

    for operator in rows.OPERATORS:
        asked = [(a, [b]) if operator == "in" else (a, b) for a, b in pairs]
        found = [outcome(rows.holds, a, operator, b, UTC) for a, b in asked]
        found += [outcome(holds, operator, a, b) for a, b in asked]
        assert len(set(found)) == 1, (operator, found)
    for operator in ("starts_with", "ends_with", "contains_ignoring_case"):
        assert holds(operator, left, right) == holds(operator, one, other)
    template = compile_template("{% if trigger.a == trigger.b %}same{% endif %}")
    shown = {template.text(NameScope(trigger={"a": a, "b": b})) for a, b in pairs}
    assert len(shown) == 1


def outcome(ask, *sides):
    try:
        return ask(*sides)
    except (Incomparable, ExpressionError) as refused:
        return str(refused.code)


def test_a_letter_without_its_accent_is_another_one():
    assert not comparison.contains("cafe\u0301", "cafe", UTC)
    assert not holds("ends_with", "caf\u00e9", "\u0301")


def test_lists_know_the_same_texts():
    names = ["Mu\u0308ller", "M\u00fcller", "\u200fM\u00fcller", "Mueller"]
    scope = NameScope(trigger={"names": names})

    assert compile_template("{{ trigger.names | uniq | size }}").value(scope) == 2
    assert comparison.key_of("Mu\u0308ller", UTC) == comparison.key_of("M\u00fcller", UTC)


@pytest.mark.parametrize("nothing", ["\u200f", " \ufeff\n", "\u202a\u202c"])
def test_what_nobody_sees_is_empty(nothing):
    assert comparison.is_empty(nothing)


@given(data=st.data(), text=texts)
def test_an_event_finds_the_run_that_waits_for_such_a_text(data, text):
    asked, came = data.draw(disguised(text)), data.draw(disguised(text))
    waiting = question(AwaitedEvent("paid", {"order": asked}, timedelta(0), None))[1]

    assert waiting in answers(["order"], {"order": came})
    assert is_answer({"order": asked}, {"order": came})


def test_and_the_run_that_an_older_release_parked_letter_by_letter():
    older = question(AwaitedEvent("paid", {"order": "x"}, timedelta(0), None))[1]

    assert older in answers(["order"], {"order": "x"})
    assert len(answers(["order"], {"order": "M\u00fcller"})) == 1
    assert len(answers(["order"], {"order": "Mu\u0308ller"})) == 2
