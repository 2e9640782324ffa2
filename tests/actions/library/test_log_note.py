"""A note in the history."""

import pytest


@pytest.mark.parametrize("details", [{}, {"level": "warning"}])
def test_the_note_is_the_result(run, tenant, details):
    assert run("log_note", text="تم التأكيد", **details) == {"text": "تم التأكيد"}
