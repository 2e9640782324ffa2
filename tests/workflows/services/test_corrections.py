"""What a person writes in the place of a number is read as numbers are everywhere."""

from decimal import Decimal

import pytest

from workflows.models.run import WorkflowRun
from workflows.services.events.fire import fire
from workflows.services.runs.corrections import BadCorrection, Correction, fresh_with

pytestmark = pytest.mark.django_db
NOTE = {"name": "a", "action": "log_note", "params": {"text": "x"}}


@pytest.fixture
def written(tenant, publish_steps):
    """Return a function: what becomes of a text in the place of a quantity of 3."""
    publish_steps(tenant, NOTE)
    fire(tenant, "x", {"quantity": 3, "rate": 1.5})
    run = WorkflowRun.objects.get()

    def write(text, key="quantity"):
        correction = Correction(key, text)
        fresh = fresh_with([run], None, "user:rana", with_record=False, correction=correction)
        return fresh.payload[key]

    return write


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("5", 5),
        (" 5.0 ", 5),
        ("-7", -7),
        ("\u0665", 5),
        ("\u06f5", 5),
        ("2.5", Decimal("2.5")),
        ("+4", 4),
    ],
)
def test_a_number_is_read(written, text, number):
    assert written(text) == number
    assert type(written(text)) is type(number)


@pytest.mark.parametrize(
    "text",
    ["NaN", "-nan", "sNaN", "Infinity", "-inf", "1e999999", "5e3", "five", "1_000", "9" * 200],
)
@pytest.mark.parametrize("key", ["quantity", "rate"])
def test_what_is_no_number_is_refused_at_its_field(written, text, key):
    with pytest.raises(BadCorrection) as refused:
        written(text, key)

    assert refused.value.said == "Write a number."
