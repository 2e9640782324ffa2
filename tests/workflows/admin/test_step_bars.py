"""Steps as bars on one line of time."""

from datetime import UTC, datetime, timedelta

from workflows.admin.runs.bars import FULL, THINNEST, Bar, bars_of, span_of
from workflows.presentation.runs.lines import Attempt, StepLine, StepState

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def line(after_ms, took_ms, error="", attempts=()):
    """Return a step that began so long after noon."""
    started = NOON + timedelta(milliseconds=after_ms)
    state = StepState.FAILED if error else StepState.COMPLETED
    return StepLine(1, "a", "A", "webhook", state, started, took_ms, error, attempts=attempts)


def test_bars_lie_where_their_time_lies():
    lines = [line(0, 500), line(500, 250, "boom"), line(750, 250)]
    span = span_of(lines)

    assert [bars_of(one, span) for one in lines] == [
        (Bar(0, 500, "good"),),
        (Bar(500, 250, "bad"),),
        (Bar(750, 250, "good"),),
    ]


def test_each_try_is_a_bar_and_the_wait_between_them_too():
    first = Attempt(1, NOON, 100, "busy")
    second = Attempt(2, NOON + timedelta(milliseconds=900), 100, "")
    one = line(900, 100, attempts=(first, second))

    assert bars_of(one, span_of([one])) == (
        Bar(0, 900, "wait"),
        Bar(0, 100, "bad"),
        Bar(900, 100, "good"),
    )


def test_a_short_step_of_a_long_run_is_still_to_be_seen_and_inside():
    lines = [line(0, 1), line(86_400_000, 0)]

    for one in lines:
        [bar] = bars_of(one, span_of(lines))
        assert bar.width == THINNEST
        assert 0 <= bar.offset <= FULL - THINNEST


def test_a_step_that_was_not_begun_has_no_bar():
    one = StepLine(1, "a", "A", "webhook", StepState.NOT_REACHED)

    assert span_of([one]) is None
    assert bars_of(one, None) == ()
