"""One step that failed is done again, or was done by hand: it alone, wherever it stands."""

from collections import Counter
from decimal import Decimal

import pytest

from actions.errors import PartialResult, PermanentFailure, TemporaryFailure
from actions.spec import Effect
from tenants.models.order import Order
from workflows.models.definition import WorkflowDefinition
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.services.definitions.publish import publish
from workflows.services.events.fire import fire
from workflows.services.refusals import NotRetryable
from workflows.services.runs.cancel import cancel
from workflows.services.runs.corrections import BadCorrection, Correction
from workflows.services.runs.one_step import FailedStep, do_again, mark_done, mark_of
from workflows.services.runs.retry import retry_failed_step

pytestmark = pytest.mark.django_db(transaction=True)
OLD, NEW = "70 88 12", "03 881 234"
RANA = "user:rana"


class Outside:
    """What steps call: who is `down` refuses, of who is `lost` nobody knows."""

    def __init__(self):
        self.down, self.lost, self.answered, self.keys = {OLD}, set(), Counter(), []

    def call(self, params, context):
        to = params["to"]
        self.keys.append(context.idempotency_key)
        if to in self.down:
            raise PermanentFailure("bad_phone", phone=to, country="LB")
        if to in self.lost:
            raise TemporaryFailure("no_answer")
        self.answered[context.step_name, to] += 1
        return {}

    def mail(self, params, context):
        """Reach two people, the second only on the next try."""
        accepted = (context.so_far or {}).get("accepted", [])
        self.answered["mail", "b" if accepted else "a"] += 1
        if not accepted:
            failure = PermanentFailure("mail_partly_refused", answer={"b": "550 no"})
            failure.part = PartialResult({"accepted": ["a"]}, {"to": ["a", "b"]})
            raise failure
        return {"to": ["a", "b"]}


@pytest.fixture
def outside(library):
    world = Outside()
    library(Effect.NOT_REPEATABLE, world.call)
    library(Effect.REPEATABLE, world.mail, "mail")
    return world


def call(name, to="{{ trigger.customer_phone }}", **more):
    return {"name": name, "action": "probe", "params": {"to": to}, **more}


TELL = call("tell")
MAIL = {"name": "tell", "action": "mail", "params": {}}
ON = {"on_error": "continue"}


def each(*steps, **more):
    params = {"items": ["x", "y"], "steps": list(steps), "if_one_fails": "continue", **more}
    return {"name": "each", "action": "for_each", "params": params}


def parallel(*steps):
    arms = [
        {"name": "one", "steps": list(steps)},
        {"name": "two", "steps": [call("other", "ok")]},
    ]
    params = {"branches": arms, "if_one_fails": "continue"}
    return {"name": "both", "action": "parallel", "params": params}


# Where the step stands; in each, with and without going on behind it.
PLACES = {
    "whole": lambda step: step,
    "list": lambda step: each(step),
    "branch": lambda step: parallel(step),
    "list in a branch": lambda step: parallel(each(step)),
    "branch in a list": lambda step: each(parallel(step)),
}


def failed_run(tenant, worker, *steps, **more):
    """Make an order with a wrong number, let its run end over it, and correct the order."""
    document = {"name": "W", "trigger_type": "new_order", "steps": list(steps), **more}
    definition = WorkflowDefinition(tenant=tenant, key="w", is_active=True)
    publish(tenant, "tester", definition, document)
    order = Order.objects.create(
        tenant=tenant, number="1", customer_phone=OLD, total_amount=Decimal("10.00")
    )
    worker.work()
    order.customer_phone = NEW
    order.save()
    worker.work()
    return whole()


def whole():
    return WorkflowRun.objects.get(parent_run=None, definition__key="w")


def parts_with(step):
    """Return the runs in which a step failed, the first item first."""
    runs = WorkflowRun.objects.order_by("id")
    return [one for one in runs if any(e["step_name"] == step for e in wrong(one))]


def wrong(run):
    return [one for one in run.step_results if "error" in one or one["status"] == "unknown"]


def everything():
    return list(WorkflowRun.objects.order_by("id").values())


@pytest.mark.parametrize("went_on", [True, False], ids=["went on", "stopped"])
@pytest.mark.parametrize("place", PLACES)
def test_with_the_record_of_today_that_step_is_done_again_and_nothing_else(
    place, went_on, tenant, worker, outside
):
    step = call("tell", **ON) if went_on else TELL
    first = call("first", "ok")
    run = failed_run(tenant, worker, first, PLACES[place](step), call("last", "ok", **ON))
    assert run.status == ("completed_with_errors" if went_on or place != "whole" else "failed")
    before = Counter(outside.answered)
    failing = parts_with("tell")

    for part in failing:
        part.refresh_from_db()
        do_again(tenant, part.pk, RANA, FailedStep("tell"), with_record=True)
        worker.work()

    behind = {("last", "ok"): 1} if run.status == "failed" else {}
    assert outside.answered - before == Counter({("tell", NEW): len(failing), **behind})
    assert (whole().status, parts_with("tell"), whole().retried_by) == ("completed", [], [RANA])


@pytest.mark.parametrize("place", PLACES)
def test_the_rest_of_a_mail_goes_to_those_who_did_not_get_it(place, tenant, worker, outside):
    run = failed_run(tenant, worker, PLACES[place](MAIL), call("last", "ok"))
    assert run.status == "completed_with_errors"
    count = len(parts_with("tell"))

    retry_failed_step(tenant, run.pk, actor=RANA)
    worker.work()

    mails = {key: number for key, number in outside.answered.items() if key[0] == "mail"}
    assert mails == {("mail", "a"): count, ("mail", "b"): count}
    assert outside.answered["last", "ok"] == 1
    assert {one.status for one in WorkflowRun.objects.all()} == {"completed"}


@pytest.mark.parametrize("went_on", [True, False], ids=["went on", "stopped"])
@pytest.mark.parametrize("place", PLACES)
def test_marked_as_done_by_hand_it_is_not_done_and_says_who(
    place, went_on, tenant, worker, outside
):
    step = call("tell", **ON) if went_on else TELL
    failed_run(tenant, worker, PLACES[place](step), call("last", "ok"))
    ids = [part.pk for part in parts_with("tell")]

    for pk in ids:
        mark_done(tenant, pk, RANA, FailedStep("tell"))
        worker.work()

    assert ("tell", NEW) not in outside.answered
    assert outside.answered["last", "ok"] == 1
    assert whole().status == "completed"
    for pk in ids:
        [entry] = [
            one for one in WorkflowRun.objects.get(pk=pk).step_results if one["step_name"] == "tell"
        ]
        assert (entry["status"], entry["settled_by"]) == ("completed", RANA)
        assert entry["attempts"][-1]["error"]["code"] == "bad_phone"


def test_a_list_does_its_failed_ones_again_and_no_other(tenant, worker, outside, publish_steps):
    outside.down = {"b", "d"}
    items = ["a", "b", "c", "d", "e"]
    publish_steps(tenant, each(call("send", "{{ item }}"), items=items), call("last", "ok"))
    fire(tenant, "x", {})
    worker.work()
    outside.down = {"d"}

    do_again(tenant, whole().pk, RANA, FailedStep("each"))
    worker.work()

    [entry, _last] = sorted(whole().step_results, key=lambda one: one["step_name"])
    assert entry["output"]["failed"] == 1
    outside.down = set()
    do_again(tenant, whole().pk, RANA, FailedStep("each"))
    worker.work()
    assert outside.answered == {**{("send", one): 1 for one in items}, ("last", "ok"): 1}
    assert whole().status == "completed"


def test_what_may_have_been_done_is_left_to_people(tenant, worker, outside, publish_steps):
    outside.lost, outside.down = {"a"}, {"b"}
    publish_steps(tenant, each(call("send", "{{ item }}"), items=["a", "b"]))
    fire(tenant, "x", {})
    worker.work()
    outside.down = outside.lost = set()

    do_again(tenant, whole().pk, RANA)
    worker.work()

    assert outside.answered == {("send", "b"): 1}
    [unclear] = parts_with("send")
    mark_done(tenant, unclear.pk, RANA)
    worker.work()
    assert (outside.answered, whole().status) == ({("send", "b"): 1}, "completed")


def test_of_several_failed_steps_each_is_done_for_itself(tenant, worker, outside):
    run = failed_run(tenant, worker, call("tell", **ON), call("remind", **ON))

    do_again(tenant, run.pk, RANA, FailedStep("remind"), with_record=True)
    worker.work()
    assert (whole().status, outside.answered) == ("completed_with_errors", {("remind", NEW): 1})

    do_again(tenant, run.pk, RANA, FailedStep("tell"), with_record=True)
    worker.work()
    assert whole().status == "completed"
    assert outside.answered == {("remind", NEW): 1, ("tell", NEW): 1}


def test_what_was_done_about_a_failure_is_not_done_again(tenant, worker, outside):
    about = {"on_error": {"steps": [call("sorry", "ok")], "then": "continue"}}
    run = failed_run(tenant, worker, call("tell", **about), call("last", "ok"))

    do_again(tenant, run.pk, RANA)
    worker.work()
    do_again(tenant, run.pk, RANA)
    worker.work()
    assert outside.answered == {("sorry", "ok"): 1, ("last", "ok"): 1}
    assert whole().status == "completed_with_errors"

    do_again(tenant, run.pk, RANA, with_record=True)
    worker.work()
    assert outside.answered == {("sorry", "ok"): 1, ("last", "ok"): 1, ("tell", NEW): 1}


@pytest.mark.parametrize("writes", [True, False])
def test_a_value_that_a_person_wrote_is_used_and_may_go_to_the_record(
    writes, tenant, worker, outside
):
    run = failed_run(tenant, worker, call("tell", **ON))
    Order.objects.update(customer_phone=OLD)
    worker.work()
    events = WorkflowEvent.objects.count()

    given = Correction("customer_phone", f" {NEW} ", writes)
    do_again(tenant, run.pk, RANA, FailedStep("tell"), correction=given)
    worker.work()

    assert outside.answered == {("tell", NEW): 1}
    assert Order.objects.get().customer_phone == (NEW if writes else OLD)
    assert (WorkflowEvent.objects.count() > events) == writes
    [entry] = whole().step_results
    assert entry["record_values"]["changed"] == {"customer_phone": [OLD, NEW]}
    assert entry["record_values"]["by"] == RANA
    assert whole().trigger_payload["customer_phone"] == OLD


@pytest.mark.parametrize("text", ["", "  ", "70", "many", "03 881 234 / 03 881 235"])
def test_a_bad_value_is_refused_and_nothing_is_changed(text, tenant, worker, outside):
    run = failed_run(tenant, worker, call("tell", **ON))
    before, order = everything(), Order.objects.values().get()

    given = Correction("customer_phone", text, write_back=True)

    with pytest.raises(BadCorrection) as refused:
        do_again(tenant, run.pk, RANA, FailedStep("tell"), correction=given)

    assert refused.value.said.endswith(".")
    assert (everything(), Order.objects.values().get()) == (before, order)


def test_what_the_record_refuses_starts_nothing(tenant, worker, outside):
    run = failed_run(tenant, worker, call("tell", **ON))
    before = everything()

    given = Correction("currency", "a currency of many letters", write_back=True)

    with pytest.raises(BadCorrection):
        do_again(tenant, run.pk, RANA, FailedStep("tell"), correction=given)

    assert everything() == before


def refused_with(code, act):
    before = everything()
    with pytest.raises(NotRetryable) as refused:
        act()
    assert (refused.value.code, everything()) == (code, before)


@pytest.mark.parametrize("act", [do_again, mark_done])
def test_a_second_person_is_told_and_does_nothing(act, tenant, worker, outside):
    run = failed_run(tenant, worker, call("tell", **ON))
    seen = FailedStep("tell", mark_of(run, run.step_results[0]))
    do_again(tenant, run.pk, RANA, seen)
    refused_with("not_failed", lambda: act(tenant, run.pk, "user:jad", seen))

    worker.work()  # it fails again: that is another failure than the one that was seen

    refused_with("done_meanwhile", lambda: act(tenant, run.pk, "user:jad", seen))
    mark_done(tenant, run.pk, RANA)
    refused_with("not_failed", lambda: act(tenant, run.pk, "user:jad", seen))


def test_another_step_that_stopped_the_run_comes_first(tenant, worker, outside):
    run = failed_run(tenant, worker, call("tell", **ON), each(call("send")), call("stops"))

    refused_with("failed_elsewhere", lambda: do_again(tenant, run.pk, RANA, FailedStep("tell")))
    item = parts_with("send")[0]
    refused_with("went_on", lambda: mark_done(tenant, item.pk, RANA))

    do_again(tenant, run.pk, RANA, FailedStep("stops"), with_record=True)
    worker.work()
    do_again(tenant, run.pk, RANA, FailedStep("tell"), with_record=True)
    worker.work()
    assert outside.answered == {("stops", NEW): 1, ("tell", NEW): 1}


def test_cancelled_in_the_middle_it_goes_on_there_alone(tenant, worker, outside):
    run = failed_run(tenant, worker, each(TELL), call("last", "ok"))
    do_again(tenant, run.pk, RANA, FailedStep("each"), with_record=True)
    cancel(tenant, run.pk)
    worker.work()
    assert whole().status == "cancelled"

    retry_failed_step(tenant, run.pk, actor=RANA)
    worker.work()

    assert outside.answered == {("tell", NEW): 2, ("last", "ok"): 1}
    assert whole().status == "completed"


def test_a_called_workflow_goes_on_with_what_it_was_handed(tenant, worker, outside):
    callee = WorkflowDefinition(tenant=tenant, key="callee", is_active=True)
    steps = [call("tell", "{{ trigger.to }}", **ON), call("inner", "ok")]
    publish(tenant, "t", callee, {"name": "C", "trigger_type": "never", "steps": steps})
    handed = {"workflow": "callee", "input": {"to": "{{ trigger.customer_phone }}"}}
    sub = {"name": "sub", "action": "run_workflow", "params": handed}
    run = failed_run(tenant, worker, sub, call("last", "ok"))
    [part] = parts_with("tell")

    for pk, name in ((part.pk, "tell"), (run.pk, "sub")):
        again = lambda: do_again(tenant, pk, RANA, FailedStep(name), with_record=True)  # noqa: B023, E731
        refused_with("values_handed_over", again)
    outside.down = set()
    do_again(tenant, part.pk, RANA)
    worker.work()

    assert outside.answered == {("tell", OLD): 1, ("inner", "ok"): 1, ("last", "ok"): 1}
    assert whole().status == "completed"


def test_a_step_of_a_loop_is_not_done_alone(tenant, worker, outside):
    until = {"all": [{"field": "trigger.order_number", "operator": "equals", "value": "1"}]}
    params = {"steps": [call("tell", **ON)], "until": until, "every": "1s", "at_most": 1}
    loop = {"name": "loop", "action": "repeat", "params": params}
    run = failed_run(tenant, worker, loop)

    do_again(tenant, run.pk, RANA, with_record=True)
    worker.work()

    # It took one round only: there is no doubt of which the rest is.
    assert (outside.answered, whole().status) == ({("tell", NEW): 1}, "completed")


def test_another_company_does_nothing(tenant, other_tenant, worker, outside):
    run = failed_run(tenant, worker, call("tell", **ON))

    refused_with("unknown_run", lambda: do_again(other_tenant, run.pk, RANA))
    refused_with("unknown_run", lambda: mark_done(other_tenant, run.pk, RANA))


def test_what_nobody_does_outside_is_not_marked(tenant, worker, outside):
    run = failed_run(tenant, worker, each(call("tell")))

    refused_with("not_by_hand", lambda: mark_done(tenant, run.pk, RANA, FailedStep("each")))
