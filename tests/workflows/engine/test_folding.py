"""What moves to a run's history is missed by nobody: every question has its answer as before."""

from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflows.engine.walking import program_of, say
from workflows.engine.decide import Then
from workflows.engine.history import folding
from workflows.engine.history.entries import (
    error_to_tell,
    has_errors,
    latest_handled,
    stopping_entry,
)
from workflows.engine.history.results import Results
from workflows.engine.statuses import RunStatus, StepStatus
from workflows.services.runs.entries import joined

NAMES = ("a", "b", "c")
# The last of them stands under `on_failure`.
PROGRAM = program_of(say("a"), say("b"), on_failure=[say("c")])
BROKEN = {"error": {"code": "broken", "params": {}}}
ENDS = [
    {"status": StepStatus.COMPLETED, "output": {"ok": True}},
    {"status": StepStatus.COMPLETED, "output": {"event_id": "e"}},
    {"status": StepStatus.COMPLETED, "output": {"round": 3, "done": False}},
    {"status": StepStatus.COMPLETED, "output": {"round": 3, "done": True}},
    {"status": StepStatus.COMPLETED, "output": {"reminder": 1}, "waiting": {"reminders": 1}},
    {"status": StepStatus.COMPLETED, "output": {}, **BROKEN},
    {"status": StepStatus.SKIPPED, "reason": "condition_not_met"},
    *({"status": StepStatus.FAILED, **BROKEN, "then": then} for then in Then),
    {"status": StepStatus.UNKNOWN, **BROKEN, "then": Then.CONTINUE},
]
HISTORIES = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(ENDS)), max_size=40)


class Story:
    """A run's entries as the engine writes them: whole, and divided again and again."""

    def __init__(self, older=0):
        self.older = older  # so many entries were written by a release that knew no turns
        self.whole, self.kept, self.numbered, self.chunks = [], [], 0, []

    def write(self, name, end):
        turn = Results(self.kept, self.numbered).turns_of(name) + 1
        entry = {"step_name": name, "action": "say", **end, "mark": len(self.whole)}
        entry |= {"turn": turn} if turn > 1 and len(self.whole) >= self.older else {}
        self.whole.append(entry)
        self.kept.append(entry)

    def divide(self):
        fold = folding.fold(Results(self.kept, self.numbered))
        if fold is not None:
            self.kept, self.numbered = fold.kept, fold.numbered
            self.chunks += fold.chunks()

    def forget(self, entry):
        """Let a retry take an entry away."""
        self.whole = [one for one in self.whole if one["mark"] != entry["mark"]]
        self.kept = [one for one in self.kept if one["mark"] != entry["mark"]]


@contextmanager
def moving_at_once():
    """Move whatever may be moved."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folding, "MAX_SUPERSEDED", 0)
        patch.setattr(folding, "MAX_SUPERSEDED_BYTES", 0)
        yield


def plain(found):
    """Return entries without what dividing adds."""
    if isinstance(found, list):
        return [plain(one) for one in found]
    return found and {key: value for key, value in found.items() if key not in {"number", "turn"}}


def answers(entries, numbered=0):
    """Return everything that is asked of a run's entries."""
    results = Results(entries, numbered)
    own = {
        name: (
            plain(results.latest.get(name)),
            results.turns_of(name),
            results.rounds_of(name),
            results.steps.get(name),
        )
        for name in NAMES
    }
    whole = (
        results.had_errors,
        set(results.wrong_steps),
        results.ever,
        plain(results.last_handled),
        has_errors(entries, PROGRAM),
    )
    return (
        own,
        whole,
        [
            of_errors([one for one in entries if one["step_name"] in steps])
            for steps in ({"a"}, {"a", "b"}, set(NAMES))
        ],
    )


def of_errors(entries):
    """Return what is asked about errors; who asks leaves out some steps."""
    ends = (RunStatus.FAILED, RunStatus.COMPLETED_WITH_ERRORS)
    found = [stopping_entry(entries, PROGRAM), latest_handled(entries)]
    return plain([*found, *(error_to_tell(entries, end, PROGRAM) for end in ends)])


@given(HISTORIES, st.sets(st.integers(0, 40)), st.integers(0, 40))
def test_no_answer_changes_and_nothing_is_lost(history, divided_after, older):
    story = Story(older)
    with moving_at_once():
        for number, (name, end) in enumerate(history):
            story.write(name, end)
            if number in divided_after:
                story.divide()
                assert answers(story.kept, story.numbered) == answers(story.whole)

    found = plain(joined(story.kept, [one["entries"] for one in story.chunks]))
    assert found == plain(story.whole)
    seqs = [one["seq"] for one in story.chunks]
    assert len(seqs) == len(set(seqs))


@given(HISTORIES)
def test_a_retry_finds_what_stood_before_the_step_that_stopped_the_run(history):
    story = Story()
    with moving_at_once():
        for name, end in history:
            story.write(name, end)
            story.divide()
        stopped = stopping_entry(story.kept, PROGRAM)
        last = stopped is not None and Results(story.whole).latest[stopped["step_name"]]
        if not stopped or last["mark"] != stopped["mark"]:
            return
        story.forget(stopped)

        kept, whole = Results(story.kept, story.numbered), Results(story.whole)
        name = stopped["step_name"]
        assert kept.turns_of(name) == whole.turns_of(name) == stopped.get("turn", 1) - 1
        assert kept.steps.get(name) == whole.steps.get(name)

        story.write(name, ENDS[0])
        story.divide()
    entries = plain(joined(story.kept, [one["entries"] for one in story.chunks]))
    assert entries == plain(story.whole)


@given(HISTORIES)
def test_what_stays_depends_on_the_steps_and_not_on_the_rounds(history):
    stops = {Then.STOP, Then.ON_FAILURE}
    with moving_at_once():
        story = Story()
        for name, end in history:
            story.write(name, end)
            story.divide()
            kept = [one for one in story.kept if one.get("then") not in stops]
            # The last, the one before, the last event, and four that tell of errors.
            assert len(kept) <= 7 * len(NAMES)


def test_entries_of_an_older_release_are_counted():
    old = [{"step_name": "a", "action": "say", "status": "completed"} for _ in range(3)]

    assert Results(old).turns_of("a") == 3
    assert Results([*old, {**old[0], "turn": 4}]).turns_of("a") == 4


def test_a_copy_does_not_change_what_it_was_copied_from():
    results = Results([{"step_name": "a", "action": "say", "status": "completed"}])

    copy = Results.of(results)
    copy.add({"step_name": "b", "action": "say", "status": "failed", **BROKEN})

    assert (len(results), results.had_errors, set(results.steps)) == (1, False, {"a"})
    assert (len(copy), copy.had_errors, set(copy.steps)) == (2, True, {"a", "b"})
    assert copy.total_bytes > results.total_bytes > 0


def test_a_run_without_loops_is_never_weighed(monkeypatch):
    monkeypatch.setattr("workflows.engine.history.results.bytes_of", None)
    results = Results([{"step_name": "a", "action": "say", "status": "completed"}])

    more = {"step_name": "b", "action": "say", "status": "completed"}
    assert folding.due(results, [more]) is None
