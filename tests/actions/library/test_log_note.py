"""A note in the history."""

import pytest


@pytest.mark.parametrize("details", [{}, {"level": "warning"}])
def test_the_note_is_the_result(run, tenant, details):
    assert run("log_note", text="تم التأكيد", **details) == {"text": "تم التأكيد"}


@pytest.mark.parametrize(("length", "left_out"), [(10_000, 0), (10_001, 1), (200_000, 190_000)])
def test_a_long_note_is_shortened_and_says_so(run, tenant, length, left_out):
    found = run("log_note", text="س" * length)

    whole = {"text": "س" * length}
    short = {"text": "س" * 10_000 + "…", "left_out": left_out}
    assert found == (short if left_out else whole)
