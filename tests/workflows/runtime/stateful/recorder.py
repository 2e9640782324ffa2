"""The outside world: what the actions of the workflows under test reach, and what it saw.

Nothing here asks the product what it believes. A call is known by its visit: the run a person
started, the way down to the step through lists and called workflows, and which time it is there.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from django.db import DatabaseError

from actions.errors import PermanentFailure, TemporaryFailure
from actions.spec import Effect
from tenants.models.order import Order
from tenants.tracking.signals import silence
from tests.workflows.runtime.fates import Fate
from workflows.models.run import WorkflowRun
from workflows.services.runs.entries import entries_of

# What stands in an idempotency key behind the run: the step, which time, which revision.
KEY = re.compile(r"(\d+)(?:-(\d+))?(?:-r(\d+))?")

# How the next call, or the next write, may fail.
REFUSED, BUSY, LOST, GATEWAY = "refused", "busy", "lost", "gateway"
BROKEN_KEY, DEADLOCK = "broken_key", "deadlock"
OF_CALLS = (REFUSED, BUSY, LOST, GATEWAY)
OF_WRITES = (REFUSED, BROKEN_KEY, DEADLOCK)

ANSWERED, TORN = "answered", "torn"
# Nobody on our side can know what became of these.
OPEN = frozenset({TORN, LOST, GATEWAY})


@dataclass(slots=True)
class Call:
    """One call as it arrived outside."""

    run: object  # the id of the run that made it
    step: str
    visit: tuple[object, ...]
    revision: int  # how often a person had it made with the record's values of that day
    key: str
    content: str
    is_repeatable: bool
    person: int  # how often a person had asked for the whole run to go on, before it
    end: str = TORN

    def __str__(self):
        return f"{self.step} of {self.visit} with key {self.key}, {self.content!r}: {self.end}"


@dataclass(slots=True)
class Recorder:
    """What was reached, and how it is going to behave."""

    fate: Fate = field(default_factory=Fate)
    calls: list[Call] = field(default_factory=list)
    in_hand: Call | None = None  # answered, and not written down by the worker yet
    next_call: str = ""  # how the next one fails; "": not at all
    next_write: str = ""
    down: set[str] = field(default_factory=set)  # addresses that refuse whatever comes
    persons: dict[object, int] = field(default_factory=dict)  # root: times it was let go on
    before_answer: object = None  # what happens while a call is under way
    _above: dict[object, object] = field(default_factory=dict)  # run: its root and the way to it

    def declare(self, library):
        """Let workflows use the actions of this world."""
        library(Effect.REPEATABLE, self._calls(is_repeatable=True), "call")
        library(Effect.NOT_REPEATABLE, self._calls(is_repeatable=False), "send")
        library(Effect.DATABASE, self._mark, "mark")

    def _calls(self, *, is_repeatable):
        def act(params, context):
            self.fate.passes()
            call = self._arrived(params, context, is_repeatable)
            self.fate.passes()
            how, self.next_call = self.next_call, ""
            if (happens := self.before_answer) is not None:
                self.before_answer = None
                happens()
            if call.content[:1] in self.down:
                how = REFUSED
            call.end = how or ANSWERED
            self.in_hand = call
            self._answer(how)
            return {"did": call.content}

        return act

    def _answer(self, how):
        match how:
            case "refused":
                raise PermanentFailure("refused", number=len(self.calls))
            case "busy":
                raise TemporaryFailure("busy", may_have_arrived=False)
            case "lost":
                raise TemporaryFailure("no_answer")
            case "gateway":
                raise TemporaryFailure(
                    "http_504", may_have_arrived=True, status=504, host="x.example", answer=""
                )

    def _mark(self, params, context):
        visit, _ = self._visit(context)
        how, self.next_write = self.next_write, ""
        tenant = context.tenant.id if how != BROKEN_KEY else uuid4()
        with silence():  # no order that a workflow starts on
            Order.objects.create(tenant_id=tenant, number=uuid4().hex, note=f"{visit}")
        if how == REFUSED:
            raise PermanentFailure("refused", number=0)
        if how == DEADLOCK:
            raise DatabaseError("deadlock detected")
        self.fate.passes()
        return {}

    def _arrived(self, params, context, is_repeatable):
        visit, revision = self._visit(context)
        call = Call(
            run=context.run_id,
            step=context.step_name,
            visit=visit,
            revision=revision,
            key=context.idempotency_key,
            content=params["to"],
            is_repeatable=is_repeatable,
            person=self.persons.get(visit[0], 0),
        )
        self.calls.append(call)
        return call

    def _visit(self, context):
        """Return which visit of which step this is, whatever run carries it out; and its revision.

        The key has the number of the visit from the second one on, and that of the revision.
        """
        root, way = self._way_to(context.run_id)
        _step, turn, revision = KEY.fullmatch(
            context.idempotency_key.removeprefix(f"{context.run_id}-")
        ).groups()
        return (str(root), *way, (context.step_name, int(turn or 1))), int(revision or 0)

    def _way_to(self, run_id):
        if run_id not in self._above:
            run = WorkflowRun.objects.get(pk=run_id)
            if run.parent_run is None:
                self._above[run_id] = (run_id, ())
            else:
                root, way = self._way_to(run.parent_run)
                place = _place_in(WorkflowRun.objects.get(pk=run.parent_run), run)
                self._above[run_id] = (root, (*way, (*place, run.item_index)))
        return self._above[run_id]

    def calls_of(self, run_id, step):
        """Return the calls that a step of a run has made."""
        return [one for one in self.calls if (one.run, one.step) == (run_id, step)]

    def root_of(self, run_id):
        """Return the run that a person or an event started."""
        return self._way_to(run_id)[0]


def _place_in(parent, child):
    """Return the step of the parent that started a child, and which time it was there."""
    times = Counter()
    for entry in entries_of(parent):
        times[entry["step_name"]] += 1
        oldest, last = entry.get("children") or (None, None)
        if oldest and UUID(oldest) <= child.pk <= UUID(last):
            return entry["step_name"], times[entry["step_name"]]
    pending = parent.pending or {}
    step = pending.get("resume", pending)["step_name"]
    return step, times[step] + 1
