"""The page behind a signed link: it shows, and only a POST decides."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.core.signing import Signer
from django.test import Client
from django.utils import timezone

from tests.support.approvals import FORM, ask, due_now
from tests.support.people import make_member
from workflows.models.approval import WorkflowApproval
from workflows.runtime.runs import ending
from workflows.services.approvals.approvers import Via, addressees, user_decider
from workflows.services.approvals.decide import GivenAnswer, decide
from workflows.services.approvals.links import link_for, token_for

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _quiet(settings):
    # Nothing is collected for tests, and WhiteNoise warns of a missing directory.
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture
def browser():
    """A browser that nobody is logged in with, and that checks forged requests as the real one."""
    return Client(enforce_csrf_checks=True)


def address(approval, person="user:ops"):
    return urlsplit(link_for(approval, person)).path


def send(browser, path, **values):
    """Open the page, fill the form in and press the button."""
    page = browser.get(path).content.decode()
    assert "csrfmiddlewaretoken" in page
    token = browser.cookies["csrftoken"].value
    return browser.post(path, {"csrfmiddlewaretoken": token, **values})


def assert_untouched(approval):
    approval.refresh_from_db()
    assert approval.decided_at is None
    assert not due_now(approval)


def test_the_link_shows_the_question_and_what_the_run_knows(tenant, ops_user, browser):
    approval = ask(tenant)

    answer = browser.get(address(approval))
    page = answer.content.decode()

    assert answer.status_code == 200
    for words in ("Refund order C-1042?", "arrived broken", "Refunds", "149.90", "C-1042"):
        assert words in page
    assert 'value="refund"' in page
    assert 'value="refuse"' in page


def test_who_opens_the_link_decides_as_that_person(tenant, ops_user, browser):
    approval = ask(tenant)

    answer = send(browser, address(approval), choice="refuse")

    approval.refresh_from_db()
    assert answer.status_code == 303
    assert (approval.choice, approval.decided_by) == ("refuse", "user:ops")
    assert approval.decided_via == "link"
    assert due_now(approval)


@pytest.mark.parametrize("method", ["get", "head", "options", "put", "delete"])
def test_nothing_but_post_changes_anything(tenant, ops_user, browser, method):
    approval = ask(tenant)
    path = address(approval)

    getattr(browser, method)(path)
    getattr(browser, method)(f"{path}?choice=refund")

    assert_untouched(approval)


def test_a_forged_post_is_refused(tenant, ops_user, browser):
    approval = ask(tenant)

    answer = browser.post(address(approval), {"choice": "refund"})

    assert answer.status_code == 403
    assert_untouched(approval)


def test_nobody_keeps_indexes_or_passes_on_the_page(tenant, ops_user, browser):
    for path in (address(ask(tenant)), "/approvals/nothing/"):
        headers = browser.get(path).headers

        assert "no-store" in headers["Cache-Control"]
        assert "noindex" in headers["X-Robots-Tag"]
        assert headers["Referrer-Policy"] == "same-origin"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_a_used_link_tells_what_became_of_it(tenant, ops_user, browser):
    approval = ask(tenant)
    send(browser, address(approval), choice="refund")

    again = browser.get(address(approval))
    page = again.content.decode()

    assert "ops chose “Refund”" in page
    assert "through the link in the mail" in page
    assert "<form" not in page


def test_a_used_link_decides_nothing_more(tenant, ops_user, browser):
    approval = ask(tenant)
    path = address(approval)
    send(browser, path, choice="refund")
    approval.refresh_from_db()
    decided_at = approval.decided_at

    answer = browser.post(
        path, {"csrfmiddlewaretoken": browser.cookies["csrftoken"].value, "choice": "refuse"}
    )

    approval.refresh_from_db()
    assert answer.status_code == 303
    assert (approval.choice, approval.decided_at) == ("refund", decided_at)


def test_the_link_of_another_tells_who_was_faster(tenant, ops_user, support_user, browser):
    approval = ask(tenant, approvers=["ops", "support"])
    decide(tenant, approval.pk, user_decider(tenant, ops_user, Via.ADMIN), GivenAnswer("refund"))

    page = browser.get(address(approval, "user:support")).content.decode()

    assert "ops chose “Refund”" in page
    assert "<form" not in page


def test_the_form_is_checked_and_what_was_typed_stays(tenant, ops_user, browser):
    approval = ask(tenant, form=FORM)
    typed = {"answer.amount": "a lot", "answer.reason": "<b>broken</b>", "answer.goods": "yes"}

    answer = send(browser, address(approval), choice="refund", **typed)
    page = answer.content.decode()

    assert answer.status_code == 200
    assert "Write a number" in page
    assert 'value="a lot"' in page
    assert "&lt;b&gt;broken&lt;/b&gt;" in page
    assert 'value="yes" checked' in page
    assert_untouched(approval)


def test_the_answers_are_stored_and_not_shown_to_whoever_finds_the_mail(tenant, ops_user, browser):
    approval = ask(tenant, form=FORM)
    typed = {"answer.amount": "20.50", "answer.goods": "no", "answer.account": "bank"}

    send(browser, address(approval), choice="refund", **typed)

    approval.refresh_from_db()
    stored = {"amount": "20.50", "reason": "", "goods": False, "account": "bank"}
    assert approval.answers == stored
    page = browser.get(address(approval)).content.decode()
    assert "ops chose “Refund”" in page
    assert "Bank transfer" not in page
    assert "20.50" not in page


def test_a_choice_that_is_not_offered_is_refused_in_words(tenant, ops_user, browser):
    approval = ask(tenant)

    answer = send(browser, address(approval), choice="burn")

    assert answer.status_code == 200
    assert "Choose one of the answers." in answer.content.decode()
    assert_untouched(approval)


def test_after_its_time_the_link_shows_no_buttons(tenant, ops_user, browser):
    approval = ask(tenant, expires_at=timezone.now() - timedelta(minutes=1))
    open_one = ask(tenant)

    page = browser.get(address(approval)).content.decode()
    browser.get(address(open_one))
    token = browser.cookies["csrftoken"].value
    browser.post(address(approval), {"csrfmiddlewaretoken": token, "choice": "refund"})

    assert "The time to decide is over." in page
    assert "<form" not in page
    assert_untouched(approval)


def test_a_cancelled_run_asks_nobody_any_more(tenant, ops_user, browser):
    approval = ask(tenant)
    ending.cancel(tenant.id, approval.run_id)

    page = browser.get(address(approval)).content.decode()

    assert "The workflow has ended meanwhile" in page
    assert "<form" not in page


def test_nobody_decides_on_their_own_request(tenant, ops_user, browser):
    approval = ask(tenant, requested_by="user:ops")
    path = address(approval)

    page = browser.get(path).content.decode()
    browser.get(address(ask(tenant)))
    token = browser.cookies["csrftoken"].value
    answer = browser.post(path, {"csrfmiddlewaretoken": token, "choice": "refund"})

    assert "You asked for this yourself" in page
    assert "<form" not in page
    assert answer.status_code == 200
    assert_untouched(approval)


def no_longer_a_member(user):
    user.memberships.all().delete()


def switched_off(user):
    user.is_active = False
    user.save()


def of_another_role(user):
    user.memberships.update(role="support")


def of_another_address(user):
    user.email = "new@cedar.example"
    user.save()


@pytest.mark.parametrize(
    "change", [no_longer_a_member, switched_off, of_another_role, of_another_address]
)
def test_who_is_not_asked_any_more_when_they_click_is_told_so(tenant, ops_user, browser, change):
    ops_user.email = "ops@cedar.example"
    ops_user.save()
    approval = ask(tenant, approvers=["role:operations"])
    path = urlsplit(link_for(approval, "user:ops", "Ops@cedar.example")).path
    assert "Refund order" in browser.get(path).content.decode()
    token = browser.cookies["csrftoken"].value
    change(ops_user)

    answer = browser.post(path, {"csrfmiddlewaretoken": token, "choice": "refund"})

    assert answer.status_code == 404
    assert "you are not asked any more" in answer.content.decode()
    assert "Refund order" not in browser.get(path).content.decode()
    assert_untouched(approval)


def test_a_switched_off_account_has_no_second_way_in_by_its_address(tenant, ops_user, browser):
    ops_user.email, ops_user.is_active = "ops@cedar.example", False
    ops_user.save()
    approval = ask(tenant, approvers=["ops@cedar.example"])

    assert browser.get(address(approval, "mail:ops@cedar.example")).status_code == 404
    assert addressees(approval) == []


def test_a_link_is_good_for_thirty_days(tenant, ops_user, browser):
    asked_at = timezone.now() - timedelta(days=30, minutes=1)
    old, young = ask(tenant, created_at=asked_at), ask(tenant)
    path = address(old)
    browser.get(address(young))
    token = browser.cookies["csrftoken"].value

    page = browser.get(path).content.decode()
    browser.post(path, {"csrfmiddlewaretoken": token, "choice": "refund"})

    assert "This link is too old" in page
    assert "C-1042" not in page
    assert "<form" not in page
    assert_untouched(old)
    # On its page in Sayr it is open still.
    decide(tenant, old.pk, user_decider(tenant, ops_user, Via.ADMIN), GivenAnswer("refund"))


def test_a_question_with_a_time_limit_has_its_links_as_long(tenant, ops_user, browser):
    asked_at = timezone.now() - timedelta(days=40)
    approval = ask(tenant, created_at=asked_at, expires_at=timezone.now() + timedelta(days=1))

    send(browser, address(approval), choice="refund")

    approval.refresh_from_db()
    assert approval.decided_by == "user:ops"


def decided(tenant, ops_user, approval):
    decide(tenant, approval.pk, user_decider(tenant, ops_user, Via.ADMIN), GivenAnswer("refund"))


def cancelled(tenant, _user, approval):
    ending.cancel(tenant.id, approval.run_id)


def out_of_time(_tenant, _user, approval):
    WorkflowApproval.objects.update(expires_at=timezone.now() - timedelta(minutes=1))


def closed(_tenant, _user, approval):
    WorkflowApproval.objects.update(closed_at=timezone.now())


@pytest.mark.parametrize("end", [decided, cancelled, out_of_time, closed])
def test_when_it_is_over_the_link_tells_nothing_of_the_customer(tenant, ops_user, browser, end):
    approval = ask(tenant)
    path = address(approval)
    before = browser.get(path).content.decode()
    end(tenant, ops_user, approval)

    after = browser.get(path).content.decode()

    for told in ("C-1042", "149.90", "arrived broken"):
        assert told in before
        assert told not in after
    assert "<form" not in after


def changed(token, at):
    other = "A" if token[at] != "A" else "B"
    return token[:at] + other + token[at + 1 :]


def test_a_token_that_is_not_ours_leads_nowhere(tenant, ops_user, browser):
    approval = ask(tenant)
    token = token_for(approval, "user:ops")
    value, _dot, _signature = token.rpartition(".")
    elsewhere = Signer(sep=".", salt="something.else").sign(value)
    other = token_for(ask(tenant, title="Other?"), "user:ops").rpartition(".")[2]

    for wrong in (
        changed(token, 5),
        changed(token, -5),
        token[:-3],
        value,
        "x",
        elsewhere,
        f"{value}.{other}",
    ):
        answer = browser.get(f"/approvals/{wrong}/")
        assert answer.status_code == 404
        assert "Refund order" not in answer.content.decode()


def test_the_link_of_somebody_who_left_leads_nowhere(tenant, ops_user, browser):
    approval = ask(tenant)
    path = address(approval)
    ops_user.memberships.all().delete()

    answer = browser.get(path)

    assert answer.status_code == 404
    assert "Refund order" not in answer.content.decode()
    assert_untouched(approval)


def test_the_link_of_an_account_that_is_gone_leads_nowhere(tenant, ops_user, browser):
    approval = ask(tenant)
    path = address(approval)
    ops_user.delete()

    assert browser.get(path).status_code == 404


def test_an_address_without_an_account_decides(tenant, browser):
    approval = ask(tenant, approvers=["head@company.example"])

    send(browser, address(approval, "mail:head@company.example"), choice="refund")

    approval.refresh_from_db()
    assert approval.decided_by == "mail:head@company.example"


def test_the_page_speaks_the_persons_language_or_else_the_companys(tenant, browser):
    rana = make_member(tenant, "rana", "operations")
    approval = ask(tenant, approvers=["rana"])

    before = browser.get(address(approval, "user:rana"))
    rana.language = "ar"
    rana.save()
    after = browser.get(address(approval, "user:rana"))

    assert (before.headers["Content-Language"], after.headers["Content-Language"]) == ("en", "ar")
    assert 'lang="en" dir="ltr"' in before.content.decode()
    assert 'lang="ar" dir="rtl"' in after.content.decode()


def test_no_page_shows_the_token_of_a_link(tenant, ops_user, browser):
    approval = ask(tenant)
    link = link_for(approval, "user:ops")
    asked_again = ask(tenant, message=f"Decide at {link} please.")

    page = browser.get(address(asked_again)).content.decode()

    assert token_for(approval, "user:ops") not in page
    assert "/approvals/…/ please." in page
