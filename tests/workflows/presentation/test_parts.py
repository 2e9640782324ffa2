"""Parts of a run, in words."""

from datetime import timedelta
from decimal import Decimal

import pytest

from workflows.definition.programs.instructions import Reminder
from workflows.presentation.runs.children import item_words, place_words, way_title
from workflows.presentation.runs.plans import PlannedStep, PlannedWay, WayKind

STEP = PlannedStep("remind", "Send reminders", "for_each")


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ("TS-M", "TS-M"),
        (7, "7"),
        (Decimal("149.90"), "149.90"),
        (None, ""),
        ({}, ""),
        ({"id": 9, "name": "Rami", "phone": "03 123 456"}, "Rami · 03 123 456"),
        ({"quantity": 2, "sku": "TS-M"}, "TS-M"),
        ({"quantity": 2, "paid": True, "price": "9.90"}, "2 · 9.90"),
        ({"lines": [1, 2]}, ""),
        (["a", 1, {"b": 2}], "a, 1"),
        ("x" * 100, "x" * 59 + "…"),
    ],
)
def test_an_item_in_short(item, words):
    assert item_words(item) == words


@pytest.mark.parametrize(
    ("way", "count", "words"),
    [
        (PlannedWay(WayKind.ITEMS, ()), 5, "Item 3 of 5 of “Send reminders”"),
        (PlannedWay(WayKind.ITEMS, ()), 0, "Item 3 of “Send reminders”"),
        (PlannedWay(WayKind.ARM, (), key="by_mail"), 2, "“By mail” of “Send reminders”"),
        (None, 1, "Started by the step “Send reminders”"),
    ],
)
def test_the_place_of_a_part(way, count, words):
    assert place_words(STEP, way, 2, count) == words


def test_a_part_whose_version_is_gone():
    assert place_words(None, None, 0, 0) == "Part of a run"


@pytest.mark.parametrize(
    ("way", "title"),
    [
        (PlannedWay(WayKind.CASE, (), label="High"), "High"),
        (PlannedWay(WayKind.CASE, (), label="2"), "Case 2"),
        (PlannedWay(WayKind.REMINDER, ()), "Reminder"),
        (
            PlannedWay(WayKind.REMINDER, (), reminder=Reminder(timedelta(days=2), None, 1, 0)),
            "Reminder after 2 days",
        ),
        (
            PlannedWay(
                WayKind.REMINDER,
                (),
                reminder=Reminder(timedelta(hours=1), timedelta(minutes=90), 3, 0),
            ),
            "Reminder after 1 hour, then every 90 minutes",
        ),
    ],
)
def test_when_the_steps_of_a_way_are_done(way, title):
    assert way_title(way) == title


@pytest.mark.parametrize("kind", WayKind)
def test_every_kind_of_way_has_a_title(kind):
    assert way_title(PlannedWay(kind, (), label="x", key="x"))
