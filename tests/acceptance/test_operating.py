"""What people do about runs, carried out by two real worker groups."""

import pytest

from tests.support.live import wait_until
from workflows.models.run import WorkflowRun
from workflows.services.operations.pause import pause, resume
from workflows.services.runs.cancel import cancel
from workflows.services.runs.retry import retry_failed_step, start_again

pytestmark = pytest.mark.worker

BY_WHATSAPP = {
    "name": "tell",
    "action": "whatsapp_notify",
    "params": {
        "phone": "{{trigger.customer_phone}}",
        "template": "order_confirmed",
        "template_vars": {"order_id": "{{trigger.order_id}}", "total": "{{trigger.total_amount}}"},
    },
}


def hook(company, name, **more):
    params = {"url": f"{company.outside.base_url}/hook/{name}", "body": {"step": name}}
    return {"name": name, "action": "webhook", "params": params, "timeout": "10s", **more}


def document(*steps):
    return {"name": "Tell", "trigger_type": "new_order", "steps": list(steps)}


def names(company):
    return [message.body["step"] for message in company.received("hook")]


def test_a_wrong_phone_is_corrected_and_the_run_goes_on_from_there(live, worker_groups):
    company, _other = live
    company.publish(document(hook(company, "first"), BY_WHATSAPP, hook(company, "last")))
    order = company.order(customer_phone="03 12")
    [failed] = company.ended()
    assert (failed.status, failed.error_step, failed.error_code) == ("failed", "tell", "bad_phone")

    again = start_again(
        company.tenant,
        failed.pk,
        "user:rana",
        from_step="tell",
        payload={**failed.trigger_payload, "customer_phone": "03 123 456"},
    )

    company.ended(2)
    run = WorkflowRun.objects.get(pk=again)
    assert run.status == "completed"
    assert [one["status"] for one in run.step_results] == ["reused", "completed", "completed"]
    [message] = company.received("whatsapp")
    assert message.body["to"].lstrip("+") == "9613123456"
    assert names(company) == ["first", "last"]
    assert (run.subject_id, run.retried_from) == (str(order.pk), failed.pk)


def test_once_the_other_side_is_back_the_failed_step_is_retried(live, worker_groups):
    company, _other = live
    company.publish(document(hook(company, "first"), hook(company, "second")))
    company.outside.behave("hook", "fail", status=404, path="/hook/second")
    company.order()
    [failed] = company.ended()
    assert failed.status == "failed"
    company.outside.behave("hook", "ok", path="/hook/second")

    retry_failed_step(company.tenant, failed.pk)

    [run] = wait_until(lambda: company.runs().filter(status="completed"))
    assert run.pk == failed.pk
    assert names(company) == ["first", "second", "second"]
    keys = {one.headers["idempotency-key"] for one in company.received("hook")[1:]}
    assert keys == {f"{run.pk}-1"}


def test_a_run_that_is_cancelled_in_the_middle_of_a_step_finishes_it_and_no_more(
    live, worker_groups
):
    company, _other = live
    company.publish(document(hook(company, "slow"), hook(company, "never")))
    company.outside.behave("hook", "slow", seconds=2, path="/hook/slow")
    company.order()
    run = wait_until(lambda: names(company) and company.runs().filter(status="running").first())

    assert cancel(company.tenant, run.pk) == "running"

    [run] = company.ended()
    assert run.status == "cancelled"
    assert [one["status"] for one in run.step_results] == ["completed"]
    assert names(company) == ["slow"]


def test_a_paused_company_rests_while_the_other_works_and_loses_nothing(live, worker_groups):
    company, other = live
    for one in live:
        one.publish(document(hook(one, "only")))
    pause(company.tenant, "user:rana")
    company.order()
    other.order()
    other.ended()

    assert company.runs().get().status == "queued"
    assert len(names(company)) == 1  # the other's

    resume(company.tenant, "user:rana")
    [run] = company.ended()
    assert (run.status, len(names(company))) == ("completed", 2)


def test_another_workflow_starts_when_a_run_has_failed(live, worker_groups):
    company, other = live
    watch = {"name": "Watch", "trigger_type": "workflow.run_failed"}
    note = hook(company, "told")
    note["params"]["body"]["of"] = "{{trigger.workflow}}: {{trigger.error_code}}"
    for one in live:
        one.publish({**watch, "steps": [note, hook(one, "fails")]})
    company.publish(document(hook(company, "fails")))
    company.outside.behave("hook", "fail", status=404, path="/hook/fails")

    order = company.order()

    # The watching run fails as well, and starts nothing: there is no third one.
    failed, watching = company.ended(2)
    assert (failed.status, watching.status) == ("failed", "failed")
    [told] = [one.body for one in company.received("hook") if one.body["step"] == "told"]
    assert told["of"] == f"Tell: {failed.error_code}"
    assert watching.subject_id == str(order.pk)
    assert company.runs().count() == 2
    assert not other.runs().exists()
