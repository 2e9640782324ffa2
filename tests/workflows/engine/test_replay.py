"""A run's entries tell the way it came, and no other: random programs, random fates."""

from datetime import timedelta

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.workflows.engine.walking import NOW, kind, program_of, say, walker
from workflows.definition.errors import InvalidDocument
from workflows.engine.history.entries import Timing
from workflows.engine.history.replay import passed, visits
from workflows.engine.outcomes import StepCompleted, StepFailed
from workflows.engine.progress import WaitType
from workflows.engine.statuses import RunStatus

ENDED_WELL = {RunStatus.COMPLETED, RunStatus.COMPLETED_WITH_ERRORS}
LONGEST = 60  # steps of one run


def when(value):
    return {"all": [{"field": "trigger.a", "operator": "equals", "value": value}]}


@st.composite
def steps(draw, depth=0):
    """A few steps; their names are given afterwards."""
    return draw(st.lists(step(depth), min_size=1, max_size=3))


@st.composite
def step(draw, depth):
    names = ["say", "say", "approval", "approval", "wait_for_event"]
    names += ["branch", "branch", "repeat"] if depth < 2 else []
    condition = draw(st.sampled_from([None, None, None, when(0), when(1)]))
    match draw(st.sampled_from(names)):
        case "say":
            made = say("")
            error = draw(st.sampled_from(["", "", "continue", "steps"]))
            if error == "steps" and depth < 2:
                then = draw(st.sampled_from(["stop", "continue"]))
                made["on_error"] = {"steps": draw(steps(depth + 1)), "then": then}
            elif error == "continue":
                made["on_error"] = "continue"
        case "approval":
            made = kind("approval", title="?", approvers=["a"], timeout="1h")
            reminder = {"after": "1m", "steps": [say("")]}
            made["params"] |= draw(
                st.sampled_from([{}, {"timeout_choice": "reject"}, {"reminders": [reminder]}])
            )
            if draw(st.booleans()) and draw(st.booleans()):
                made["on_error"] = "continue"
        case "wait_for_event":
            made = kind("wait_for_event", type="y", match={"id": 1}, timeout="1h")
            if draw(st.booleans()):
                made["params"]["on_timeout"] = draw(steps(depth + 1))
        case "branch":
            # The same label twice, and one that is called as what is left.
            labels = draw(st.sampled_from([("A", "B"), ("A", "A"), ("otherwise", "B")]))
            cases = [
                {"label": label, "when": when(number), "steps": draw(steps(depth + 1))}
                for number, label in enumerate(labels)
            ]
            made = kind("branch", cases=cases, otherwise=draw(st.one_of(st.just([]), steps(2))))
        case _:
            made = kind(
                "repeat", steps=draw(steps(depth + 1)), until=when(1), every="1s",
                at_most=draw(st.integers(1, 3)),
            )  # fmt: skip
    return {**made, **({"condition": condition} if condition else {})}


def named(document):
    """Give every step a name of its own, wherever it stands."""
    count = iter(range(10_000))

    def name(value):
        if isinstance(value, list):
            return [name(one) for one in value]
        if not isinstance(value, dict):
            return value
        found = {key: name(one) for key, one in value.items()}
        return {**found, "name": f"s{next(count)}"} if "action" in value else found

    return name(document)


class Run:
    """A run that the engine itself walks, with what it came to noted by whoever drives it."""

    def __init__(self, program, value, fate):
        self.program, self.fate = program, fate
        self.trigger, self.entries, self.now, self.stands = {"a": value}, [], NOW, 0

    def walker(self):
        return walker(self.program, self.entries, trigger=self.trigger)

    def go(self):
        """Carry it to its end, or into the middle of something; return its status."""
        progress = self.note(self.walker().begin(0, None, self.now))
        for _ in range(LONGEST):
            if progress.status is RunStatus.WAITING:
                if self.fate() == "cancel":
                    return RunStatus.CANCELLED
                progress = self.note(self.wake(progress))
            elif progress.job is not None:
                progress = self.note(self.do(progress.job))
            else:
                return progress.status
        return RunStatus.CANCELLED

    def note(self, progress):
        self.entries.extend(progress.entries)
        self.stands = progress.next_step
        return progress

    def do(self, job):
        good = self.fate() != "fail"
        outcome = StepCompleted({"ok": True}) if good else StepFailed("away")
        return self.walker().settle(job, outcome, Timing(self.now, 1), now=self.now, jitter=0)

    def wake(self, parked):
        fate, arrival = self.fate(), None
        self.now += timedelta(minutes=2)
        if parked.wait_type is WaitType.APPROVAL and fate != "late":
            arrival = {"choice": "approve", "answers": {}, "decided_by": "a", "decided_at": "",
                       "decided_via": "admin"}  # fmt: skip
        elif parked.wait_type is WaitType.EVENT and fate != "late":
            arrival = {"event_id": "1", "payload": {}}
        elif fate == "late" and self.fate() == "late":
            self.now += timedelta(hours=2)
        walking = self.walker()
        return walking.begin(parked.next_step, parked.pending, self.now, arrival)


FATES = st.sampled_from(["go", "go", "go", "fail", "late", "late", "cancel"])


@st.composite
def runs(draw):
    """A run of a random program with a random fate, and how it ended."""
    document = named({"steps": draw(steps())})
    try:
        program = program_of(*document["steps"])
    except InvalidDocument:
        assume(False)
    run = Run(program, draw(st.integers(0, 2)), lambda: draw(FATES))
    return run, run.go()


@settings(max_examples=150)
@given(runs())
def test_what_was_come_to_is_what_the_engine_came_to(made):
    run, status = made

    entries = passed(run.program, run.entries, ended_well=status in ENDED_WELL)
    way = list(visits(run.program, entries))

    # An entry for each step that the engine ended, in its order; what it stands at has none.
    ended = [one for one in way if one.entry is not None]
    assert [one.instruction.name for one in ended] == [one["step_name"] for one in run.entries]
    assert [one.before for one in way] == list(range(len(way)))
    stands = [one.instruction.index for one in way if one.entry is None]
    # Of several cases with one label nobody can say which it was, until a step of one has ended.
    is_unclear = run.entries and run.entries[-1]["action"] == "branch" and not stands
    assert is_unclear or stands == ([run.stands] if status is RunStatus.CANCELLED else [])


@settings(max_examples=150)
@given(runs())
def test_behind_a_question_nothing_is_come_to_without_its_answer(made):
    run, _status = made
    own = [one["step_name"] for one in run.entries]

    for number, entry in enumerate(run.entries):
        if entry["action"] != "approval" or "timed_out" not in entry.get("output", {}):
            continue
        # It is gone; or an action left it, which had the question's name in an earlier version.
        for instead in ([], [{**entry, "action": "say"}]):
            for behind in ([], run.entries[number + 1 :]):
                entries = [*run.entries[:number], *instead, *behind]
                way = list(visits(run.program, entries))
                ended = [one.instruction.name for one in way if one.entry is not None]
                if _may_be_another_case(run, number) and not instead and behind:
                    continue
                assert ended == own[:number]
                assert way[-1].entry is not None or way[-1].instruction.name == own[number]


def _may_be_another_case(run, number):
    """Whether the label before an entry names two ways: without the entry, the other one is told."""
    before = run.entries[number - 1] if number else {"action": ""}
    if before["action"] != "branch":
        return False
    branch = next(one for one in run.program.instructions if one.name == before["step_name"])
    labels = [case.label for case in branch.cases] + ["otherwise"]
    return labels.count(before.get("output", {}).get("case")) > 1
