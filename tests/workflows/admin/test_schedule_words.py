"""Common times are said in words; all others as they were written."""

import pytest

from workflows.admin.schedule_words import schedule_words


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("* * * * *", "Every minute"),
        ("*/1 * * * *", "Every minute"),
        ("*/15 * * * *", "Every 15 minutes"),
        ("0 * * * *", "Every hour, on the hour"),
        ("1 * * * *", "Every hour, 1 minute past"),
        ("5 * * * *", "Every hour, 5 minutes past"),
        ("0 8 * * *", "Every day at 08:00"),
        ("5 8,14,20 * * *", "Every day at 08:05, 14:05 and 20:05"),
        ("30 9 * * 0-4", "From Sunday to Thursday at 09:30"),
        ("30 9 * * sun-thu", "From Sunday to Thursday at 09:30"),
        ("30 9 * * 1,7", "Every Monday and Sunday at 09:30"),
        ("30 9 * * FRI", "Every Friday at 09:30"),
        ("0 9 1 * *", "On day 1 of every month at 09:00"),
        ("0 9 l * *", "On the last day of every month at 09:00"),
        ("0 9 31 12 *", "Every year on 31 December at 09:00"),
    ],
)
def test_common_times(expression, words):
    assert schedule_words(expression) == words


@pytest.mark.parametrize(
    "expression",
    [
        "*/7 * * * *",
        "0 */2 * * *",
        "0-30 8 * * *",
        "0 8-18 * * *",
        "0 9 1,15 * *",
        "0 9 * JAN *",
        "0 9 * * 5#1",
        "0 9 * * 5L",
        "0 9 1 * 5",
        "0 9 * 1 5",
        "soon",
    ],
)
def test_all_others(expression):
    assert schedule_words(expression) == expression
