"""Durations in text, and the waits between tries."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.definition.catalogue import ActionSignature, Catalogue
from workflows.definition.programs.compiler import compile_document
from workflows.definition.programs.program import load_program
from workflows.definition.retry import RetryPolicy, load_retry
from workflows.definition.validate import ValidDocument
from workflows.definition.values.windows import parse_duration

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("0s", timedelta(0)),
        ("30s", timedelta(seconds=30)),
        ("15m", timedelta(minutes=15)),
        ("2h", timedelta(hours=2)),
        ("7d", timedelta(days=7)),
        ("3650d", timedelta(days=3650)),
    ],
)
def test_durations(text, duration):
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "s",
        "1 h",
        "1.5h",
        "-1h",
        "1w",
        "1H",
        "1h30m",
        "٣h",
        "9999999999s",
        "9999d",
        30,
        None,
    ],
)
def test_what_is_no_duration(text):
    assert parse_duration(text) is None


def test_waits_grow_up_to_the_cap():
    policy = RetryPolicy(attempts=5, delay=10 * SECOND, backoff=3, max_delay=60 * SECOND)

    waits = [policy.delay_after(attempt, 0) for attempt in range(1, 6)]

    assert waits == [10 * SECOND, 30 * SECOND, 60 * SECOND, 60 * SECOND, None]


@given(
    attempt=st.integers(1, 10_000),
    jitter=st.floats(0, 1, exclude_max=True),
    backoff=st.floats(1, 10),
)
def test_a_wait_is_within_a_tenth_below_the_cap(attempt, jitter, backoff):
    policy = RetryPolicy(attempts=20_000, delay=SECOND, backoff=backoff, max_delay=600 * SECOND)

    wait = policy.delay_after(attempt, jitter)

    assert 0.9 * SECOND <= wait <= 600 * SECOND


def test_one_attempt_means_no_retry():
    assert RetryPolicy(attempts=1).delay_after(1, 0) is None


@pytest.mark.parametrize(
    ("written", "policy"),
    [
        ({}, RetryPolicy()),
        ({"attempts": 1}, RetryPolicy(attempts=1)),
        (
            {"attempts": 3, "delay": "30s", "backoff": 2, "max_delay": "1h"},
            RetryPolicy(3, 30 * SECOND, 2, 3600 * SECOND),
        ),
        # A delay above the usual cap is meant.
        ({"delay": "2h"}, RetryPolicy(delay=7200 * SECOND, max_delay=7200 * SECOND)),
    ],
)
def test_what_retry_leaves_out_is_the_default(written, policy):
    assert load_retry(written) == policy


SENDING = ActionSignature({"type": "object", "additionalProperties": True}, retry={"attempts": 14})
PATIENT = Catalogue(actions={"send": SENDING, "call": ActionSignature(SENDING.params)})


def retries(*steps):
    document = {"name": "W", "trigger_type": "x", "steps": list(steps)}
    program = compile_document(ValidDocument(document, PATIENT))
    stored = {one["name"]: one["retry"] for one in program["instructions"] if "retry" in one}
    loaded = {one.name: one.retry.attempts for one in load_program(program).instructions}
    return stored, loaded


def one_step(name="a", action="send", **more):
    return {"name": name, "action": action, "params": {}, **more}


@pytest.mark.parametrize(
    ("written", "stored", "attempts"),
    [
        ({}, {"attempts": 14}, 14),
        ({"retry": None}, {"attempts": 14}, 14),
        ({"retry": {"attempts": 2}}, {"attempts": 2}, 2),
        ({"retry": {"delay": "1m"}}, {"attempts": 14, "delay": "1m"}, 14),
    ],
)
def test_an_actions_own_default_is_stored_with_the_version(written, stored, attempts):
    found, loaded = retries(one_step(**written))

    assert (found["a"], loaded["a"]) == (stored, attempts)


def test_an_action_without_one_says_nothing():
    assert retries(one_step(action="call"))[0] == {"a": None}


def test_a_reminder_does_not_keep_its_wait_for_hours():
    reminder = {"after": "1d", "steps": [one_step("remind")]}
    params = {"type": "paid", "match": {"id": "1"}, "reminders": [reminder]}
    wait = {"name": "wait", "action": "wait_for_event", "params": params}

    found, _loaded = retries(wait, one_step("behind"))

    assert found == {"remind": None, "behind": {"attempts": 14}}
