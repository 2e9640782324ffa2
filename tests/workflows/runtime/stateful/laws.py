"""The promises of the engine. Each law yields a sentence for everything that breaks it."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import timedelta

from tenants.models.order import Order
from tests.support.approvals import NEVER
from tests.workflows.runtime.stateful.documents import TELLING
from tests.workflows.runtime.stateful.recorder import ANSWERED, OPEN
from tests.workflows.runtime.stateful.world import asked_by, moment
from workflows.models.approval import WorkflowApproval
from workflows.models.definition import WorkflowLane
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.runtime.database import database_now
from workflows.runtime.runs.programs import program_of
from workflows.services.approvals.decide import open_ones
from workflows.services.runs.entries import entries_of

WELL = frozenset({"completed", "reused"})
FATAL = frozenset({"stop", "on_failure", "error_block"})
# An entry's end is its start by one clock and its length by another.
ROUNDING = timedelta(milliseconds=2)
LAWS = {}


def law(function):
    """Make a law known under its function's name."""
    LAWS[function.__name__] = function
    return function


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything there is at a moment between two things that happen."""

    world: object
    runs: list[WorkflowRun]
    approvals: list[WorkflowApproval]
    open_questions: set[object]  # ids of those that somebody could answer
    lanes: list[WorkflowLane]
    entries: dict[object, list[dict[str, object]]]  # run: all that it ever did
    events: list[WorkflowEvent]  # what runs may wait for
    now: object

    @classmethod
    def taken(cls, world):
        """Read everything."""
        runs = list(WorkflowRun.objects.order_by("id"))
        return cls(
            world,
            runs,
            list(WorkflowApproval.objects.order_by("id")),
            set(open_ones(WorkflowApproval.objects.all()).values_list("pk", flat=True)),
            list(WorkflowLane.objects.order_by("id")),
            {run.pk: entries_of(run) for run in runs},
            list(WorkflowEvent.objects.filter(type="paid").order_by("id")),
            database_now(),
        )

    @property
    def live(self):
        """The runs that have not ended."""
        return [run for run in self.runs if run.due_at is not None]

    def is_due(self, run):
        """Whether a worker has it, or will take it up by the clock."""
        return run.status == "running" or run.due_at < NEVER

    def children_of(self, run):
        """The runs that a run has started."""
        return [one for one in self.runs if one.parent_run == run.pk]


def broken(world, without=(), *, is_quiet=False):
    """Return a sentence for each law that does not hold now. `is_quiet`: nothing is due."""
    snapshot = Snapshot.taken(world)
    laws = {**LAWS, **(LAWS_OF_QUIET if is_quiet else {})}
    return [
        f"{name}: {sentence}"
        for name, check in laws.items()
        if name not in without
        for sentence in check(snapshot)
    ]


@law
def no_effect_twice(now):
    """What one visit of a step writes to the database is there once at most."""
    notes = Counter(Order.objects.exclude(note="").values_list("note", flat=True))
    for visit, times in notes.items():
        if times > 1:
            yield f"{visit} was written {times} times"


@law
def no_answered_call_again(now):
    """A call whose answer a living worker had is never made again, whatever its key."""
    for first, second in again(now):
        if first.end == ANSWERED:
            yield f"{second}, after {first}"


@law
def nothing_unrepeatable_again_by_itself(now):
    """A call that must not be repeated, and may have arrived, is repeated by a person alone."""
    for first, second in again(now):
        if not first.is_repeatable and first.end in OPEN and first.person == second.person:
            yield f"{second}, after {first}"


@law
def a_call_again_has_its_key_and_content(now):
    """A call that is made again is the same call to whoever receives it."""
    for first, second in again(now):
        if first.revision == second.revision:
            is_lawful = (first.key, first.content) == (second.key, second.content)
        else:
            # With what the record says by then it is another call, and a person wanted that.
            is_lawful = first.revision < second.revision and first.key != second.key
        if not is_lawful:
            yield f"{second}, after {first}"


@law
def no_two_visits_share_a_key(now):
    """A key tells one visit of one step from every other."""
    visits = defaultdict(set)
    for call in now.world.recorder.calls:
        visits[call.key].add(call.visit)
    for key, found in visits.items():
        if len(found) > 1:
            yield f"{key} was used for {sorted(map(str, found))}"


@law
def the_error_shown_is_the_last(now):
    """The error columns of a failed run name what ended this attempt."""
    for run in now.runs:
        if run.status != "failed" or run.error_code == "poisoned" or is_settled(run):
            continue
        since = now.world.revived.get(run.pk)
        fatal = [
            entry
            for entry in now.entries[run.pk]
            # What went wrong while people were told of it is not why it failed.
            if entry.get("then") in FATAL and not entry["step_name"].startswith(TELLING)
            # In the steps under an error, a retry goes on: the error still counts.
            if since is None or ended(entry) >= since or entry["then"] == "error_block"
        ]
        told = {(entry["step_name"], entry["error"]["code"]) for entry in fatal[-1:]}
        if (run.error_step, run.error_code) not in told:
            yield f"{name_of(run)} shows {run.error_step}, {run.error_code}; it was {told}"


@law
def every_live_run_is_woken(now):
    """A run that has not ended is due at a moment, or somebody who lives will wake it."""
    for run in now.live:
        if now.is_due(run):
            continue
        problem = _asleep(now, run)
        if problem:
            yield f"{name_of(run)} sleeps: {problem}"


def _asleep(now, run):
    pending = run.pending or {}
    if run.status == "queued":
        return _asleep_in_queue(now, run)
    match run.wait_type:
        case "children":
            live = [one for one in now.children_of(run) if one.due_at is not None]
            return "" if live and run.children_open else "it waits for children, and none lives"
        case "approval":
            is_open = pending.get("approval_id") in {str(one) for one in now.open_questions}
            return "" if is_open else "it waits for a decision, and no question is open"
        case text if text and text.startswith("event:"):
            return "" if run.wait_match else "it waits for an event, and says not which"
    return f"nobody knows of it ({run.status}, {run.wait_type})"


def _asleep_in_queue(now, run):
    if run.wait_type != "lane":
        elder = [
            one
            for one in now.live
            if one.parent_run == run.parent_run and run.parent_run and one.item_index is not None
            if one.item_index < run.item_index
        ]
        # A sibling that failed tells its parent, which ends the others.
        parent = next((one for one in now.live if one.pk == run.parent_run), None)
        is_looked_after = elder or (parent is not None and now.is_due(parent))
        return "" if is_looked_after else "it waits for its turn, and no sibling lives before it"
    limited = settings_of(run).max_running is not None
    for other in now.live:
        if other.definition_id != run.definition_id or other.pk == run.pk:
            continue
        if other.holds_lane and (limited or other.lane == run.lane):
            return ""
        if other.status in {"queued", "running"} and now.is_due(other) and other.lane is not None:
            return ""
    return "it waits for its lane, and nobody is in it or on the way into it"


@law
def a_deadline_is_kept(now):
    """A run that waits is due at its deadline at the latest, unless it has failed already."""
    for run in now.live:
        if run.deadline_at is None or run.status != "waiting" or is_handling_failure(run):
            continue
        if run.due_at > max(run.deadline_at, now.now):
            yield f"{name_of(run)} has to end by {run.deadline_at}, and is due at {run.due_at}"


@law
def children_are_counted(now):
    """A run that waits for children counts those that live, each once."""
    for run in now.live:
        if run.status == "waiting" and run.wait_type == "children":
            live = sum(one.due_at is not None for one in now.children_of(run))
            if live != run.children_open:
                yield f"{name_of(run)} counts {run.children_open} children, and {live} live"


@law
def no_child_outlives_its_parent(now):
    """What an ended run has started ends with it: nobody waits for it any more."""
    ended_ids = {run.pk for run in now.runs if run.due_at is None}
    for run in now.live:
        if run.parent_run in ended_ids and not run.cancel_requested_at:
            yield f"{name_of(run)} lives, and the run that started it has ended"


@law
def lanes_hold_the_living(now):
    """A lane counts the runs that are in it, and none that has ended."""
    held = Counter()
    for run in now.live:
        if run.holds_lane:
            if run.lane:
                held[run.definition_id, run.lane] += 1
            if settings_of(run).max_running is not None:
                held[run.definition_id, ""] += 1
    counted = {(one.definition_id, one.key): one.holders for one in now.lanes}
    for place in sorted({*held, *counted}, key=str):
        if held[place] != counted.get(place, 0):
            yield f"lane {place[1]!r} counts {counted.get(place, 0)}, {held[place]} are in it"
        if place[1] and held[place] > 1:
            yield f"lane {place[1]!r} has {held[place]} runs in it"


@law
def open_questions_are_waited_for(now):
    """A question that can be answered belongs to a run that waits at this very visit."""
    runs = {run.pk: run for run in now.runs}
    for approval in now.approvals:
        if approval.pk not in now.open_questions:
            continue
        run = runs[approval.run_id]
        # While a worker has it, what it waits for stands in what it was handed.
        if run.status != "running" and str(approval.pk) not in asked_by(run):
            yield f"{approval.step_name} of {name_of(run)} can be answered for nothing"


@law
def decisions_stand(now):
    """What a person decided is what counts; time closes a question only when it has come."""
    for approval in now.approvals:
        taken = now.world.decided.get(approval.pk)
        if taken is not None and approval.choice != taken:
            yield f"{approval.pk}: {taken} was taken, and it says {approval.choice}"
        has_come = approval.expires_at is not None and approval.expires_at <= now.now
        closed_by_time = approval.decided_via == "timeout"
        if closed_by_time and not has_come and approval.run_id not in now.world.timed:
            yield f"{approval.step_name} of {approval.run_id} was closed before its time"


@law
def an_event_in_time_counts(now):
    """A wait is not over in vain if its event came before its time did."""
    for run in now.runs:
        for entry in first_visits(now.entries[run.pk]):
            # What is reused was waited for by the run before this one.
            is_own = entry["action"] == "wait_for_event" and entry["status"] != "reused"
            if not is_own or not went_in_vain(entry):
                continue
            up = [at for at in now.world.timed.get(run.pk, ()) if at <= ended(entry)]
            order = entry["input"]["match"]["order"]
            if any(to == order and run.created_at <= at <= max(up) for to, at in now.world.paid):
                yield f"{entry['step_name']} of {name_of(run)} was not heard, though in time"


@law
def only_death_is_a_death(now):
    """That a worker died is said, and counted, only where one did."""
    for run in now.runs:
        if run.pk in now.world.touched:
            continue
        if run.crashes:
            yield f"{name_of(run)} counts {run.crashes} deaths, and nobody died"
        if run.error_code == "poisoned":
            yield f"{name_of(run)} is poisoned, and nobody died"


@law
def unknown_is_what_nobody_knows(now):
    """A step's outcome is unknown only if its worker died or its answer did not come."""
    open_ends = {(one.run, one.step) for one in now.world.recorder.calls if one.end in OPEN}
    for run in now.runs:
        if run.pk in now.world.touched:
            continue
        for entry in now.entries[run.pk]:
            # One from before was taken over from another run.
            is_unknown = entry["status"] == "unknown" and ended(entry) >= run.created_at
            if is_unknown and (run.pk, entry["step_name"]) not in open_ends:
                yield f"{entry['step_name']} of {name_of(run)}: its answer was there"


@law
def a_failed_run_can_go_on(now):
    """A person who lets a failed run go on is not told that nothing has failed."""
    for run_id, code in now.world.refusals:
        if code == "nothing_failed":
            yield f"{run_id} cannot be retried: {code}"


@law
def an_unclear_part_can_be_settled(now):
    """What became of a step can be said wherever it stands, by whoever has looked."""
    for run_id, code in now.world.unsettled:
        yield f"{run_id} cannot be settled: {code}"


@law
def what_was_done_stays_written(now):
    """The entries of steps that ended well stay, in their order, each once."""
    for run in now.runs:
        done = [mark_of(entry) for entry in now.entries[run.pk] if entry["status"] in WELL]
        before = now.world.written.get(run.pk, [])
        kept = [mark for mark in done if mark in before]
        if kept != before:
            yield f"{name_of(run)} had {before}, and has {kept}"
        if len(set(done)) < len(done):
            yield f"{name_of(run)} has an entry twice: {done}"
        now.world.written[run.pk] = done


def an_event_that_came_is_heard(now):
    """A run does not go on waiting for an event that is there already."""
    for run in now.live:
        if run.status != "waiting" or run.due_at <= now.now:
            continue
        if not (run.wait_type or "").startswith("event:"):
            continue
        step, order = run.pending["step_name"], run.pending["input"]["match"]["order"]
        outputs = [
            entry.get("output") or {} for entry in now.entries[run.pk] if entry["step_name"] == step
        ]
        used = {output.get("event_id") for output in outputs}
        for event in now.events:
            is_meant = event.payload["order"] == order and str(event.pk) not in used
            if is_meant and event.created_at >= run.created_at:
                yield f"{name_of(run)} waits for {order}, which came as {event.pk}"


LAWS_OF_QUIET = {"an_event_that_came_is_heard": an_event_that_came_is_heard}


def mark_of(entry):
    """Return what tells an entry from the others of its run."""
    return entry["step_name"], entry.get("turn", 1), entry["started_at"]


def again(now):
    """Yield each call of a visit with the one of that visit before it."""
    before = {}
    for call in now.world.recorder.calls:
        if call.visit in before:
            yield before[call.visit], call
        before[call.visit] = call


def settings_of(run):
    """Return the settings of a run's own version."""
    return program_of(run.definition_id, run.version).program.settings


def is_handling_failure(run):
    """Whether a run has failed already, and carries out the steps for that."""
    step = (run.pending or {}).get("step_name", "")
    return step.startswith(TELLING) or any(
        entry.get("then") == "on_failure" for entry in run.step_results
    )


def is_settled(run):
    """Whether a person has said what became of a part, and it goes on once its turn comes."""
    return "settled" in ((run.pending or {}).get("resume") or {})


def ended(entry):
    """Return when a step was over."""
    length = timedelta(milliseconds=entry.get("duration_ms", 0))
    return moment(entry["started_at"]) + length + ROUNDING


def first_visits(entries):
    """Yield the first end of each step of a run."""
    seen = set()
    for entry in entries:
        if entry["step_name"] not in seen and "waiting" not in entry:
            seen.add(entry["step_name"])
            yield entry


def went_in_vain(entry):
    """Whether a wait ended because its time was up."""
    output, error = entry.get("output") or {}, entry.get("error") or {}
    return bool(output.get("timed_out")) or error.get("code") == "not_in_time"


def name_of(run):
    """Return how a run is called in a sentence."""
    kind = "child" if run.parent_run else "run"
    return f"{kind} {str(run.pk)[-6:]} ({run.status}, step {run.current_step})"
