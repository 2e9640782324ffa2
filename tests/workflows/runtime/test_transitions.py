"""Every function that writes a status, at a run in every status: what it changes, or nothing."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from tests.support.approvals import NEVER, ask
from tests.support.definitions import publish_log
from workflows.definition.programs.program import RunSettings
from workflows.engine.history.resuming import Resumption
from workflows.engine.progress import AwaitedEvent, ChildRun, Progress, Question, Spawn, WaitType
from workflows.engine.statuses import RunStatus
from workflows.models.approval import WorkflowApproval
from workflows.models.run import WorkflowRun
from workflows.runtime.database import rows
from workflows.runtime.runs import children, ending, fence, revive, store
from workflows.runtime.runs.claims import Claim
from workflows.runtime.waits import matching
from workflows.runtime.waits.notify import wake_decided
from workflows.runtime.workers.reaper import UNREADABLE_CRASHES, take_over_from_the_dead
from workflows.runtime.workers.session import DispatcherSession

pytestmark = pytest.mark.django_db

TOKEN, WORKER = 3, 4242
LEASE = timedelta(seconds=30)
PAST = datetime(2026, 1, 1, tzinfo=UTC)
DONE = {"step_name": "call", "action": "webhook", "status": "completed"}
FAILED = {**DONE, "status": "failed", "error": {"code": "http_404", "params": {}}, "then": "stop"}
STATUSES = list(RunStatus)
FACTS = {
    RunStatus.QUEUED: {"due_at": PAST},
    RunStatus.RUNNING: {
        "due_at": PAST,
        "worker": WORKER,
        "lease_until": NEVER,
        "pending": {"begun": True, "step": 0, "step_name": "call"},
    },
    RunStatus.WAITING: {
        "due_at": PAST,
        "wait_type": "approval",
        "pending": {"step": 0, "step_name": "call"},
    },
    RunStatus.FAILED: {
        "step_results": [FAILED],
        "error_step": "call",
        "error_code": "http_404",
        "error_message": "no",
        "error_fingerprint": "f",
    },
}


@pytest.fixture
def definition(tenant):
    return publish_log(tenant, "w", "x")


@pytest.fixture
def run_in(tenant, definition):
    """Return a function that makes a run in a status."""

    def make(status, **more):
        ended = {"completed_at": PAST, "step_results": [DONE]} if status.has_ended else {}
        facts = {**ended, **FACTS.get(status, {}), **more}
        fixed = {"version": 1, "lease_token": TOKEN, "started_at": PAST, "trigger_payload": {}}
        return WorkflowRun.objects.create(
            tenant=tenant, definition=definition, status=status, **{**fixed, **facts}
        )

    return make


def claim_of(run, token=TOKEN):
    """Return the run as a worker holds it that claimed it with `token`."""
    return Claim(
        run_id=run.pk,
        tenant_id=run.tenant_id,
        definition_id=run.definition_id,
        version=run.version,
        event_id=None,
        payload={},
        results=run.step_results,
        step=run.current_step,
        pending={"step": 0},
        token=token,
        actor="",
        subject_type="",
        subject_id="",
        started_at=PAST,
        claimed_at=PAST,
        cancel_asked=False,
        depth=0,
        previous=None,
        crashes=0,
        parent_run=run.parent_run,
        entry=0,
        item_index=None,
        item=None,
        has_item=False,
        lane=run.lane,
        holds_lane=run.holds_lane,
        deadline_at=None,
        children_open=run.children_open,
        created_at=run.created_at,
    )


def row(run):
    """Return everything that stands in the run's row."""
    return WorkflowRun.objects.filter(pk=run.pk).values().get()


def progress(status, **more):
    return Progress(status, (DONE,), 1, None, **more)


QUESTION = Question(
    "call",
    {"title": "?", "message": "", "approvers": [], "choices": [], "form": []},
    allow_self=True,
    expires_at=None,
)
AWAITED = AwaitedEvent("goods.fetched", {"orderId": "1"}, timedelta(0), None)
CHILDREN = Spawn((ChildRun(0, 0, "a"), ChildRun(0, 1, "b")), 1)
FAMILY = {"awaits": "children", "children": {"done": {}}}
WAITS = {
    "a retry": progress(RunStatus.WAITING, wait_type=WaitType.RETRY, due_in=LEASE),
    "a moment": progress(RunStatus.WAITING, wait_type=WaitType.TIME, due_in=LEASE),
    "an event": progress(RunStatus.WAITING, wait_type=WaitType.EVENT, awaited=AWAITED),
    "a decision": progress(RunStatus.WAITING, wait_type=WaitType.APPROVAL, question=QUESTION),
    "its children": Progress(
        RunStatus.WAITING, (), 0, FAMILY, wait_type=WaitType.CHILDREN, spawn=CHILDREN
    ),
}
BROKEN = {"step_name": "call", "error": {"code": "http_404", "params": {"status": 404}}}
ENDS = {
    status: progress(status, error=BROKEN if status is RunStatus.FAILED else None)
    for status in (
        RunStatus.COMPLETED,
        RunStatus.COMPLETED_WITH_ERRORS,
        RunStatus.FAILED,
        RunStatus.CANCELLED,
    )
}
# What a worker writes of a run it holds, and the status afterwards.
WRITES = {
    "checkpoint": (lambda claim: store.write(claim, progress(RunStatus.RUNNING)), "running"),
    **{
        f"wait for {name}": (lambda claim, one=one: store.write(claim, one), "waiting")
        for name, one in WAITS.items()
    },
    **{
        f"end as {status}": (lambda claim, one=one: store.write(claim, one), status)
        for status, one in ENDS.items()
    },
    "put down": (fence.put_down, "queued"),
}


@pytest.mark.parametrize("what", WRITES)
@pytest.mark.parametrize("status", STATUSES)
def test_a_worker_writes_to_a_run_that_is_running_and_to_no_other(run_in, status, what):
    write, becomes = WRITES[what]
    run = run_in(status)
    before = row(run)

    if status is RunStatus.RUNNING:
        assert write(claim_of(run)) in (False, None)
        after = row(run)
        assert (after["status"], after["lease_token"]) == (becomes, TOKEN)
        assert (after["due_at"] is None) == RunStatus(becomes).has_ended
        assert (after["worker"] is None) == (becomes != "running")
        return
    with pytest.raises(fence.LeaseLost):
        write(claim_of(run))
    assert row(run) == before
    assert_nothing_beside(run)


def assert_nothing_beside(run):
    """What belongs to the write was not written either."""
    assert not WorkflowApproval.objects.exists()
    assert not WorkflowRun.objects.exclude(pk=run.pk).exists()


@pytest.mark.parametrize("what", WRITES)
@pytest.mark.parametrize("token", [TOKEN - 1, TOKEN + 1])
def test_a_worker_whose_token_is_not_the_runs_changes_nothing(run_in, what, token):
    write, _ = WRITES[what]
    run = run_in(RunStatus.RUNNING)
    before = row(run)

    with pytest.raises(fence.LeaseLost):
        write(claim_of(run, token))

    assert row(run) == before
    assert_nothing_beside(run)


@pytest.mark.parametrize("status", STATUSES)
def test_only_a_running_run_enters_its_lane(run_in, status):
    run = run_in(status, lane="k")
    before = row(run)
    settings = RunSettings(concurrency_key=lambda scope: "k")

    entered = ending.enter_lanes(claim_of(run), settings)

    assert entered == (status is RunStatus.RUNNING)
    assert row(run) == {**before, "holds_lane": entered, "lane_keys": ["k"] if entered else None}


@pytest.mark.parametrize("status", STATUSES)
def test_a_run_that_finds_no_room_goes_back_to_the_queue(run_in, status):
    holder = run_in(RunStatus.RUNNING, lane="k")
    settings = RunSettings(concurrency_key=lambda scope: "k")
    assert ending.enter_lanes(claim_of(holder), settings)
    run = run_in(status, lane="k")
    before = row(run)

    assert not ending.enter_lanes(claim_of(run), settings)

    if status is not RunStatus.RUNNING:
        assert row(run) == before
    else:
        after = row(run)
        assert (after["status"], after["wait_type"], after["due_at"]) == ("queued", "lane", NEVER)
        assert after["holds_lane"] is False


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("has_begun", [False, True])
def test_a_newer_run_ends_the_older_ones_of_its_lane(run_in, status, has_begun):
    facts = {"step_results": [DONE]} if has_begun else {}
    older = run_in(status, lane="k", **facts)
    before = row(older)
    newer = run_in(RunStatus.RUNNING, lane="k")
    settings = RunSettings(concurrency_key=lambda scope: "k", when_busy="replace")

    entered = ending.enter_lanes(claim_of(newer), settings)

    after = row(older)
    if status.has_ended:
        assert (after, entered) == (before, True)
    elif status is RunStatus.WAITING or (has_begun and status is RunStatus.QUEUED):
        assert (after["status"], entered) == ("cancelled", True)
        assert (after["error_code"], after["error_fingerprint"]) == ("replaced_by_newer", None)
    elif not has_begun:
        # Queued, or claimed and not in its lane yet: nothing of it was done.
        assert (after["status"], after["error_code"]) == ("skipped", "replaced_by_newer")
        assert (after["due_at"], after["lease_token"], entered) == (None, TOKEN + 1, True)
    else:
        # Its worker is asked; until it has ended the newer one waits.
        assert after["cancel_requested_at"] is not None
        assert after["error_code"] == "replaced_by_newer"
        asked = ("cancel_requested_at", "error_code", "error_message")
        assert {**after, **dict.fromkeys(asked)} == before
        assert entered is False


@pytest.mark.parametrize("status", STATUSES)
def test_cancelling(tenant, run_in, status):
    run = run_in(status)
    before = row(run)

    answer = ending.cancel(tenant.id, run.pk)

    after = row(run)
    if status.has_ended:
        assert (answer, after) == (None, before)
    elif status is RunStatus.RUNNING:
        assert answer is RunStatus.RUNNING
        assert after["cancel_requested_at"] is not None
        assert {**after, "cancel_requested_at": None} == before
    else:
        assert answer is RunStatus.CANCELLED
        assert (after["status"], after["due_at"]) == ("cancelled", None)
        # What was stored of the step under way stays: a retry goes on there.
        kept = before["pending"]
        assert after["pending"] == (None if kept is None else {"resume": kept})
        assert (after["wait_type"], after["wait_match"]) == (None, None)
        assert after["completed_at"] is not None


@pytest.mark.parametrize("status", STATUSES)
def test_cancelling_what_a_run_has_started(run_in, status):
    parent = run_in(RunStatus.WAITING, children_open=1)
    child = run_in(status, parent_run=parent.pk, item_index=0)
    before = row(child)

    children.cancel_children(parent.pk)

    after, left = row(child), row(parent)["children_open"]
    if status.has_ended:
        assert (after, left) == (before, 1)
    elif status is RunStatus.RUNNING:
        assert after["cancel_requested_at"] is not None
        assert ({**after, "cancel_requested_at": None}, left) == (before, 1)
    else:
        assert (after["status"], after["due_at"], left) == ("cancelled", None, 0)


PENDING = {"step": 0, "step_name": "call", "input": {}}
ONWARD = Resumption(0, PENDING, [])
RETRYABLE = {RunStatus.FAILED, RunStatus.CANCELLED}
OTHER_END = progress(RunStatus.COMPLETED)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("token", [TOKEN, TOKEN - 1])
def test_only_a_failed_or_cancelled_run_that_nobody_touched_goes_on_in_the_step_it_ended_in(
    tenant, run_in, status, token
):
    run = run_in(status)
    before = row(run)

    done = revive.resume(tenant.id, (run.pk, token), ONWARD)

    after = row(run)
    assert done == (status in RETRYABLE and token == TOKEN)
    if not done:
        assert after == before
        return
    assert (after["status"], after["step_results"], after["pending"]) == ("queued", [], PENDING)
    assert (after["error_code"], after["error_fingerprint"], after["completed_at"]) == (None,) * 3
    assert (after["lease_token"], after["due_at"] > PAST) == (TOKEN + 1, True)


@pytest.mark.parametrize("status", STATUSES)
def test_only_the_rest_of_a_step_is_done_of_a_run_that_went_on(tenant, run_in, status):
    run = run_in(status)
    before = row(run)
    rest = Resumption(0, {**PENDING, "alone": {"output": {}}}, [])

    done = revive.resume(tenant.id, (run.pk, TOKEN), rest)

    assert done == (status in {*RETRYABLE, RunStatus.COMPLETED_WITH_ERRORS})
    assert done == (row(run) != before)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("token", [TOKEN, TOKEN - 1])
def test_only_a_run_with_a_failure_that_nobody_touched_gets_another_end(
    tenant, run_in, definition, status, token
):
    run = run_in(status)
    before = row(run)

    done = revive.end_otherwise(tenant.id, (run.pk, token), OTHER_END, definition.pk)

    after = row(run)
    went_wrong = {RunStatus.FAILED, RunStatus.COMPLETED_WITH_ERRORS}
    assert done == (status in went_wrong and token == TOKEN)
    if not done:
        assert after == before
        return
    assert (after["status"], after["step_results"], after["due_at"]) == ("completed", [DONE], None)
    assert (after["error_code"], after["lease_token"]) == (None, TOKEN + 1)


@pytest.mark.parametrize("status", STATUSES)
def test_starting_again_leaves_the_run_as_it_is(tenant, run_in, status):
    run = run_in(status)
    before = row(run)

    new = revive.start_again((tenant.id, run.pk), 1, (0, []), "user:rana")

    # The problem that a failure is counted in is the new run's from now on.
    mark = before["error_fingerprint"]
    assert row(run) == {**before, "error_fingerprint": f"~{mark}" if mark else mark}
    made = WorkflowRun.objects.get(pk=new)
    assert (made.status, made.retried_from, made.actor) == ("queued", run.pk, "user:rana")
    assert (made.lease_token, made.worker, made.error_code) == (0, None, None)


@pytest.mark.parametrize("status", STATUSES)
def test_a_decision_wakes_only_who_waits_for_one(tenant, run_in, status):
    run, approval = run_in(status), uuid4()
    if status is RunStatus.WAITING:
        run.pending = {**run.pending, "approval_id": str(approval)}
        run.save()
    before = row(run)

    woken = wake_decided(tenant.id, run.pk, approval)

    after = row(run)
    assert not wake_decided(tenant.id, run.pk, uuid4())  # of an earlier visit of the step
    assert woken == (status is RunStatus.WAITING)
    moved = {"due_at": before["due_at"], "wake_reason": before["wake_reason"]}
    assert {**after, **moved} == before
    assert (after["due_at"] != before["due_at"]) == woken
    assert after["wake_reason"] == ("decision" if woken else before["wake_reason"])


@pytest.mark.parametrize("status", STATUSES)
def test_an_event_wakes_only_who_waits(run_in, status):
    form, match = matching.question(AWAITED)
    run = run_in(status, wait_type=form, wait_match=match)
    before = row(run)

    woken = rows(matching.WAKE, {"id": run.pk, "event": "e"})

    assert bool(woken) == (status is RunStatus.WAITING)
    if not woken:
        assert row(run) == before
        return
    after = row(run)
    assert (after["wait_match"], after["pending"]["event"]) == (None, "e")
    assert rows(matching.WAKE, {"id": run.pk, "event": "f"}) == []
    assert row(run) == after


@pytest.mark.parametrize("status", STATUSES)
def test_another_company_changes_nothing(run_in, other_tenant, definition, status):
    run = run_in(status)
    before = row(run)
    far = other_tenant.id

    assert ending.cancel(far, run.pk) is None
    assert not revive.resume(far, (run.pk, TOKEN), ONWARD)
    assert not revive.settle_child(far, (run.pk, TOKEN), [], {})
    assert not revive.end_otherwise(far, (run.pk, TOKEN), OTHER_END, definition.pk)
    assert not wake_decided(far, run.pk, uuid4())

    assert row(run) == before


@pytest.fixture
def session(transactional_db):
    """A worker's own session, which sees only what is committed."""
    worker = DispatcherSession("north", 4, LEASE)
    yield worker
    worker.close()


def test_a_worker_claims_what_is_queued_or_waits_and_is_due(session, run_in):
    due = {status: run_in(status) for status in STATUSES}
    later = [run_in(status, due_at=NEVER) for status in STATUSES if not status.has_ended]
    before = {run.pk: row(run) for run in [*due.values(), *later]}

    claims = {claim.run_id: claim for claim in session.claim(99)}

    taken = {due[RunStatus.QUEUED].pk, due[RunStatus.WAITING].pk}
    assert set(claims) == taken
    for run in [*due.values(), *later]:
        after = row(run)
        if run.pk not in taken:
            assert after == before[run.pk]
            continue
        assert (after["status"], after["worker"]) == ("running", session.worker)
        assert (after["lease_token"], claims[run.pk].token) == (TOKEN + 1, TOKEN + 1)
        assert (after["pending"]["begun"], claims[run.pk].was_begun) == (True, False)


def test_a_worker_prolongs_and_ends_only_the_lease_of_what_is_running(session, run_in):
    held = {"worker": session.worker, "lease_until": NEVER}
    runs = {status: run_in(status, **held) for status in STATUSES}
    before = {status: row(run) for status, run in runs.items()}
    for run in runs.values():
        session.end_lease(claim_of(run, TOKEN - 1))
    assert {status: row(run) for status, run in runs.items()} == before

    renewed = session.renew([run.pk for run in runs.values()])
    prolonged = row(runs[RunStatus.RUNNING])["lease_until"]
    for run in runs.values():
        session.end_lease(claim_of(run))

    assert renewed == {runs[RunStatus.RUNNING].pk: TOKEN}
    assert timezone.now() < prolonged < NEVER
    ended = row(runs[RunStatus.RUNNING])
    assert ended["lease_until"] < prolonged
    assert {**ended, "lease_until": NEVER} == before.pop(RunStatus.RUNNING)
    assert {status: row(runs[status]) for status in before} == before


@pytest.mark.parametrize("crashes", [0, 1, UNREADABLE_CRASHES - 1])
def test_only_running_runs_are_taken_from_a_dead_worker(session, run_in, crashes):
    lost = {"worker": WORKER, "lease_until": PAST, "crashes": crashes}
    runs = {status: run_in(status, **lost) for status in STATUSES}
    before = {status: row(run) for status, run in runs.items()}

    assert take_over_from_the_dead(session.connection(), LEASE, sweep=True) == 1

    after = row(runs[RunStatus.RUNNING])
    before.pop(RunStatus.RUNNING)
    assert {status: row(runs[status]) for status in before} == before
    is_poison = crashes == UNREADABLE_CRASHES - 1
    assert after["status"] == ("failed" if is_poison else "queued")
    assert (after["crashes"], after["lease_token"]) == (crashes + 1, TOKEN + 1)
    assert (after["worker"], after["lease_until"]) == (None, None)
    assert (after["due_at"] is None) == is_poison
    assert after["error_code"] == ("poisoned" if is_poison else None)


def test_a_run_that_no_worker_survives_leaves_no_question_open(session, run_in):
    """Retried, it asks anew: there would be two to answer."""
    lost = {"worker": WORKER, "lease_until": PAST, "crashes": UNREADABLE_CRASHES - 1}
    run = run_in(RunStatus.RUNNING, **lost)
    question = ask(run.tenant, run=run)

    take_over_from_the_dead(session.connection(), LEASE, sweep=True)

    question.refresh_from_db()
    assert (row(run)["status"], question.closed_at is None) == ("failed", False)
