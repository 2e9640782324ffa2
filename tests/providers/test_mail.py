"""A mail to several people: each has an answer of their own, and gets the mail once."""

from datetime import timedelta

import pytest
from django.utils import translation

from tenants.models.order import Order
from tests.support.machine import LEASE
from tests.support.mailing import NOUR, RANA, SAMI, Mailer, mail, note
from workflows.models.run import WorkflowRun
from workflows.presentation.runs.summary import summary
from workflows.runtime.workers.reaper import take_over_from_the_dead
from workflows.services.refusals import NotRetryable
from workflows.services.runs.cancel import cancel
from workflows.services.runs.one_step import do_again
from workflows.services.runs.retry import retry_failed_step
from workflows.services.runs.summaries import facts_of, plans_of

pytestmark = pytest.mark.django_db(transaction=True)

GREYLISTED = (450, "4.2.0 Greylisted")
UNKNOWN = (550, "5.1.1 No such user")


@pytest.fixture
def mailer(tenant, outside, settings):
    world = Mailer(tenant, outside, settings)
    yield world
    world.machine.close()


def told(run, language="en"):
    with translation.override(language):
        return summary(facts_of(run, plans_of([run])))


def only(run, step="mail"):
    [entry] = [one for one in run.step_results if one["step_name"] == step]
    return entry


def test_a_deferred_recipient_is_tried_again_and_the_other_left_alone(mailer):
    mailer.tell(RANA, *GREYLISTED, times=2)

    run = mailer.run(mail(NOUR, RANA))
    assert (run.status, run.wait_type) == ("waiting", "retry")
    mailer.wait_on(run)

    assert run.status == "completed"
    assert [len(mailer.got(one)) for one in (NOUR, RANA)] == [1, 1]
    assert len({one.idempotency_key for one in mailer.outside.received("smtp")}) == 1
    entry = only(run)
    assert (entry["output"]["refused"], "so_far" in entry) == ({}, False)
    assert len(entry["attempts"]) == 3


def test_a_greylisting_server_that_opens_after_20_minutes_gets_the_mail_once(mailer):
    mailer.outside.behave("smtp", "greylist", path="RCPT ", seconds=20 * 60)

    run = mailer.run(mail(NOUR))
    passed, _waits = mailer.wait_on(run)

    assert run.status == "completed"
    assert timedelta(minutes=20) <= passed < timedelta(hours=3)
    assert len(mailer.got(NOUR)) == 1


def test_what_is_put_off_is_tried_for_hours(mailer):
    mailer.tell(NOUR, *GREYLISTED)

    run = mailer.run(mail(NOUR))
    passed, waits = mailer.wait_on(run)

    assert (run.status, run.error_code, waits) == ("failed", "mail_deferred", 13)
    assert timedelta(hours=6) < passed < timedelta(hours=12)
    assert mailer.got(NOUR) == []


@pytest.mark.parametrize(
    ("retry", "tries"), [({"attempts": 2}, 2), ({"delay": "1m"}, 14), ({"attempts": 1}, 1)]
)
def test_a_steps_own_retry_counts(mailer, retry, tries):
    mailer.tell(NOUR, *GREYLISTED)

    run = mailer.run(mail(NOUR, retry=retry))
    _passed, waits = mailer.wait_on(run)

    assert (run.error_code, waits + 1) == ("mail_deferred", tries)


def test_a_refused_recipient_beside_accepted_ones(mailer):
    mailer.tell(RANA, *UNKNOWN)

    run = mailer.run(mail(NOUR, RANA), note("after"))

    entry = only(run)
    answer = {RANA: "550 5.1.1 No such user"}
    assert (run.status, run.error_code) == ("completed_with_errors", "mail_partly_refused")
    assert (entry["status"], entry["output"]["refused"]) == ("completed", answer)
    assert entry["error"]["params"] == {"answer": answer, "provider_code": "5.1.1"}
    assert only(run, "after")["status"] == "completed"
    assert len(mailer.got(NOUR)) == 1
    for language, *words in (
        ("en", "was done only in part. 1 of 2 has this mail.", "It did not reach "),
        ("ar", "إلا جزئيًا", "لم تصل إلى "),
    ):
        sentence = told(run, language)
        for one in words:
            assert one in sentence
        *_before, missed = sentence.split(words[-1])
        assert RANA in missed
        assert NOUR not in missed


def test_one_that_is_given_up_beside_accepted_ones_is_done_in_part_too(mailer):
    mailer.tell(RANA, *GREYLISTED)

    run = mailer.run(mail(NOUR, RANA))
    mailer.wait_on(run)

    assert (run.status, run.error_code) == ("completed_with_errors", "mail_partly_deferred")
    assert only(run)["output"]["refused"] == {RANA: "450 4.2.0 Greylisted"}
    assert len(mailer.got(NOUR)) == 1


def test_who_was_refused_is_not_asked_again_by_itself(mailer):
    mailer.tell(RANA, *UNKNOWN, times=1)
    mailer.tell(SAMI, *GREYLISTED, times=2)

    run = mailer.run(mail(NOUR, RANA, SAMI))
    mailer.wait_on(run)

    assert [len(mailer.got(one)) for one in (NOUR, RANA, SAMI)] == [1, 0, 1]
    assert (run.error_code, list(only(run)["output"]["refused"])) == (
        "mail_partly_refused",
        [RANA],
    )


PART = "mail_partly_refused"
# What a step says of it, and what becomes of the run: status, steps behind, steps for it.
ON_ERROR = {
    "nothing": (None, "completed_with_errors", ["after"]),
    "stop": ("stop", "completed_with_errors", ["after"]),
    "continue": ("continue", "completed_with_errors", ["after"]),
    "steps for every error": (
        {"steps": [note("tell")], "then": "stop"},
        "completed_with_errors",
        ["after"],
    ),
    "another error": (
        {"steps": [note("tell")], "then": "stop", "codes": ["mail_refused"]},
        "completed_with_errors",
        ["after"],
    ),
    "it fails": ({"steps": [note("tell")], "then": "stop", "codes": [PART]}, "failed", ["tell"]),
    "it goes on": (
        {"steps": [note("tell")], "then": "continue", "codes": [PART]},
        "completed_with_errors",
        ["tell", "after"],
    ),
}


@pytest.mark.parametrize("said", ON_ERROR)
def test_on_error_may_name_it(mailer, said):
    on_error, status, names = ON_ERROR[said]
    mailer.tell(RANA, *UNKNOWN)
    step = mail(NOUR, RANA, **({"on_error": on_error} if on_error else {}))

    run = mailer.run(step, note("after"))

    assert (run.status, run.error_code) == (status, PART)
    assert [one["step_name"] for one in run.step_results] == ["mail", *names]
    assert only(run)["output"]["refused"] == {RANA: "550 5.1.1 No such user"}


def test_named_it_leads_to_the_steps_for_a_failed_run_which_see_it(mailer):
    mailer.tell(RANA, *UNKNOWN)
    on_error = {"steps": [note("tell")], "then": "stop", "codes": [PART]}

    run = mailer.run(
        mail(NOUR, RANA, on_error=on_error),
        note("after"),
        on_failure=[note("cry", "{{ run.error.code }} at {{ run.error.step }}")],
    )

    assert (run.status, run.error_step) == ("failed", "mail")
    assert [one["step_name"] for one in run.step_results] == ["mail", "tell", "cry"]
    assert only(run, "cry")["input"]["text"] == f"{PART} at mail"
    assert "Failed at step 1 of 2, “Mail”. 1 of 2 has this mail." in told(run)
    assert "Mail sent to nour@example.com. It did not reach rana@example.com." in told(run)


def test_a_retry_by_hand_sends_to_those_alone_who_have_not_got_it(mailer, tenant):
    mailer.tell(RANA, *UNKNOWN)
    on_error = {"steps": [note("tell")], "then": "stop", "codes": [PART]}
    run = mailer.run(mail(NOUR, RANA, on_error=on_error), note("after"))
    mailer.tell(RANA)

    retry_failed_step(tenant, run.pk, actor="user:support")
    mailer.machine.work()

    run.refresh_from_db()
    assert run.status == "completed"
    assert [len(mailer.got(one)) for one in (NOUR, RANA)] == [1, 1]
    assert len({one.idempotency_key for one in mailer.outside.received("smtp")}) == 1


def test_a_worker_that_dies_in_a_later_attempt_leaves_them_alone_too(mailer):
    mailer.tell(RANA, *GREYLISTED, times=1)
    run = mailer.run(mail(NOUR, RANA))
    mailer.outside.travel(3600)
    from tests.support.time_travel import travel

    travel()
    [claim] = mailer.machine.session.claim(1)
    mailer.machine.session.end_lease(claim)
    take_over_from_the_dead(mailer.machine.session.connection(), LEASE, sweep=True)

    mailer.machine.work()

    run.refresh_from_db()
    assert run.status == "completed"
    assert [len(mailer.got(one)) for one in (NOUR, RANA)] == [1, 1]


def test_a_failure_of_another_kind_forgets_nobody(mailer, tenant):
    mailer.tell(RANA, *GREYLISTED, times=1)
    run = mailer.run(mail(NOUR, RANA))
    mailer.outside.behave("smtp", "fail", path="MAIL ", status=553, error="5.1.8 Who are you?")
    mailer.wait_on(run)
    # The rest was refused as a whole: the others have their mail all the same.
    assert (run.status, run.error_code) == ("completed_with_errors", PART)
    assert only(run)["so_far"]["accepted"] == [NOUR]


def test_the_mail_itself_refused_while_others_have_it(mailer):
    mailer.tell(RANA, *GREYLISTED, times=1)
    run = mailer.run(mail(NOUR, RANA))
    mailer.outside.behave("smtp", "fail", status=554, error="5.7.1 Looks like spam", times=1)

    mailer.wait_on(run)

    assert only(run)["output"]["refused"] == {RANA: "554 5.7.1 Looks like spam"}
    assert len(mailer.got(NOUR)) == 1


def test_the_rest_of_a_mail_is_sent_alone_and_nothing_behind_it_is_done_again(mailer, tenant):
    mailer.tell(RANA, *UNKNOWN)
    run = mailer.run(mail(NOUR, RANA), note("after"))
    assert run.status == "completed_with_errors"
    mailer.tell(RANA)

    retry_failed_step(tenant, run.pk, actor="user:support")
    mailer.machine.work()

    run.refresh_from_db()
    assert (run.status, run.error_code) == ("completed", None)
    assert [len(mailer.got(one)) for one in (NOUR, RANA)] == [1, 1]
    assert len({one.idempotency_key for one in mailer.outside.received("smtp")}) == 1
    assert sorted(one["step_name"] for one in run.step_results) == ["after", "mail"]
    assert [one.get("error", {}).get("code") for one in only(run)["attempts"] if one["error"]] == [
        PART
    ]


def test_the_rest_that_is_refused_again_stays_to_be_done(mailer, tenant):
    mailer.tell(RANA, *UNKNOWN)
    run = mailer.run(mail(NOUR, RANA), note("after"))

    for _time in range(2):
        retry_failed_step(tenant, run.pk, actor="user:support")
        mailer.machine.work()
        run.refresh_from_db()
        assert (run.status, run.error_code) == ("completed_with_errors", PART)

    assert len(mailer.got(NOUR)) == 1
    assert only(run)["so_far"]["accepted"] == [NOUR]
    assert len(only(run, "after")) > 0


def test_a_mail_that_nobody_got_is_sent_alone_where_the_run_went_on_behind_it(mailer, tenant):
    mailer.tell(RANA, *UNKNOWN)
    run = mailer.run(mail(NOUR, name="before"), mail(RANA, on_error="continue"), note("after"))
    assert run.status == "completed_with_errors"
    behind = only(run, "after")
    mailer.tell(RANA)

    retry_failed_step(tenant, run.pk, actor="user:support")
    mailer.machine.work()

    run.refresh_from_db()
    assert run.status == "completed"
    assert [len(mailer.got(one)) for one in (NOUR, RANA)] == [1, 1]
    assert only(run, "after") == behind


def test_a_run_with_errors_that_stand_in_rounds_of_a_loop_has_no_rest(mailer, tenant):
    never = {"all": [{"field": "steps.told.output.text", "operator": "equals", "value": "never"}]}
    rounds = {"until": never, "every": "1s", "at_most": 2}
    loop = {"steps": [mail("nobody", on_error="continue"), note("told")], **rounds}
    step = {"name": "loop", "action": "repeat", "params": loop, "on_error": "continue"}
    run = mailer.run(step, note("after"))
    mailer.wait_on(run)
    assert run.status == "completed_with_errors"

    with pytest.raises(NotRetryable) as refused:
        retry_failed_step(tenant, run.pk)

    assert refused.value.code == "not_failed"


def test_a_corrected_address_gets_the_mail_and_nobody_else(mailer, tenant):
    """What support does next: correct the address in the record, and have the rest done."""
    mailer.publish(
        mail(NOUR, "{{ trigger.customer_email }}"), note("after"), trigger_type="new_order"
    )
    order = Order.objects.create(
        tenant=tenant, number="1", customer_email="refused@example.com", total_amount="10.00"
    )
    mailer.machine.work()
    run = WorkflowRun.objects.get()
    assert run.error_code == PART
    order.customer_email = RANA
    order.save()

    retry_failed_step(tenant, run.pk, actor="user:support", with_record=True)
    mailer.machine.work()

    run.refresh_from_db()
    assert (run.status, run.error_code) == ("completed", None)
    assert [len(mailer.got(one)) for one in (NOUR, RANA)] == [1, 1]
    assert only(run)["record_values"]["changed"] == {
        "customer_email": ["refused@example.com", RANA]
    }


def test_a_call_that_is_not_repeated_is_tried_again_where_the_server_said_no(mailer):
    """The author said that a person is asked: but an answer came, and it leaves nothing open."""
    mailer.tell(RANA, *GREYLISTED, times=1)

    run = mailer.run(mail(NOUR, RANA, after_crash="ask"))
    mailer.wait_on(run)

    assert run.status == "completed"
    assert [len(mailer.got(one)) for one in (NOUR, RANA)] == [1, 1]


def test_the_rest_with_a_bad_address_is_still_only_the_rest(mailer, tenant):
    mailer.publish(
        mail(NOUR, "{{ trigger.customer_email }}"), note("after"), trigger_type="new_order"
    )
    order = Order.objects.create(
        tenant=tenant, number="1", customer_email="refused@example.com", total_amount="10.00"
    )
    mailer.machine.work()
    run = WorkflowRun.objects.get()
    Order.objects.filter(pk=order.pk).update(customer_email="nobody")

    retry_failed_step(tenant, run.pk, with_record=True)
    mailer.machine.work()

    run.refresh_from_db()
    entry = only(run)
    assert (run.status, run.error_code) == ("completed_with_errors", "bad_mail_address")
    assert (entry["status"], entry["so_far"]["accepted"]) == ("completed", [NOUR])
    assert "was done only in part" in told(run)
    assert len(mailer.got(NOUR)) == 1


def test_what_nobody_knows_of_the_rest_forgets_nobody(mailer, tenant):
    mailer.tell(RANA, *GREYLISTED, times=1)
    run = mailer.run(mail(NOUR, RANA, after_crash="ask"))
    mailer.outside.behave("smtp", "hang", seconds=0.05, times=1)
    mailer.wait_on(run)
    assert run.error_code == "outcome_unknown"

    do_again(tenant, run.pk, "user:support")
    mailer.machine.work()

    run.refresh_from_db()
    assert run.status == "completed"
    # The server had the mail for her the first time, which nobody could know.
    assert [len(mailer.got(one)) for one in (NOUR, RANA)] == [1, 2]


@pytest.mark.parametrize(
    ("language", "words", "never"),
    [
        ("en", "“Mail” was done only in part.", "before anything was done"),
        ("ar", "إلا جزئيًا", "قبل تنفيذ أي شيء"),
    ],
)
def test_a_run_that_is_cancelled_meanwhile_says_who_has_the_mail(
    mailer, tenant, language, words, never
):
    mailer.tell(RANA, *GREYLISTED)
    run = mailer.run(mail(NOUR, RANA), note("after"))
    # Then the reason why the rest was not tried any more does not say whom the mail had reached.
    mailer.outside.behave("smtp", "fail", path="MAIL ", status=451, error="4.3.0 Busy")
    mailer.wait(run)
    cancel(tenant, run.pk)

    run.refresh_from_db()
    sentence = told(run, language)
    assert words in sentence
    assert "rana@example.com: 4" in sentence
    assert never not in sentence


def test_the_rest_that_is_cancelled_was_done_in_part(mailer, tenant):
    mailer.tell(RANA, *GREYLISTED)
    run = mailer.run(mail(NOUR, RANA), note("after"))
    mailer.wait_on(run)
    retry_failed_step(tenant, run.pk)
    mailer.machine.work()
    cancel(tenant, run.pk)

    run.refresh_from_db()
    sentence = told(run)
    assert sentence.startswith("Cancelled: “After” was done, the rest was not. “Mail” was done")
    assert "rana@example.com: 450 4.2.0 Greylisted" in sentence


def test_one_that_nobody_has_got_is_cancelled_before_anything_was_done(mailer, tenant):
    mailer.tell(NOUR, *GREYLISTED)
    run = mailer.run(mail(NOUR))
    cancel(tenant, run.pk)

    run.refresh_from_db()
    assert told(run) == "Cancelled before anything was done."


def test_a_run_that_is_cancelled_meanwhile_and_retried_forgets_nobody(mailer, tenant):
    mailer.tell(RANA, *GREYLISTED, times=1)
    run = mailer.run(mail(NOUR, RANA))
    cancel(tenant, run.pk)

    retry_failed_step(tenant, run.pk)
    mailer.machine.work()

    run.refresh_from_db()
    assert run.status == "completed"
    assert [len(mailer.got(one)) for one in (NOUR, RANA)] == [1, 1]


@pytest.mark.parametrize("subject", ["{{ trigger.empty }}", "\u200f \u2060"])
def test_a_subject_in_which_nobody_sees_anything_is_none(mailer, subject):
    run = mailer.run(mail(NOUR, subject=subject), payload={"empty": " \t"})

    assert (run.status, run.error_code) == ("failed", "mail_has_no_subject")
    assert mailer.got(NOUR) == []


def test_a_server_that_may_have_the_mail_each_time_is_not_sent_it_for_hours(mailer, tenant):
    """It hangs up on the mail itself: each try may be one more copy for its reader."""
    mailer.tell(RANA, *GREYLISTED, times=1)
    run = mailer.run(mail(NOUR, RANA), note("after"))
    mailer.outside.behave("smtp", "hang", seconds=0.05)
    mailer.wait_on(run)

    assert (run.status, run.error_code) == ("failed", "mail_connection_lost")
    assert [len(mailer.got(one)) for one in (NOUR, RANA)] == [1, 5]
    assert only(run)["so_far"]["accepted"] == [NOUR]
    for language, words in (("en", "It may have the mail"), ("ar", "ربما وصلته الرسالة")):
        assert words in told(run, language)

    mailer.outside.behave("smtp", "ok")
    retry_failed_step(tenant, run.pk)
    mailer.machine.work()

    run.refresh_from_db()
    assert run.status == "completed"
    assert [len(mailer.got(one)) for one in (NOUR, RANA)] == [1, 6]


def test_a_server_that_hangs_up_before_the_mail_is_tried_for_hours(mailer):
    mailer.outside.behave("smtp", "hang", path=f"RCPT {NOUR}", seconds=0.05)

    run = mailer.run(mail(NOUR))
    passed, waits = mailer.wait_on(run)

    assert (run.error_code, waits) == ("mail_connection_lost", 13)
    assert passed > timedelta(hours=6)
    assert "It may have the mail" not in told(run)
