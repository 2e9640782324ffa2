"""Everybody who is logged in chooses a language and a clock of their own."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext

ADDRESS = "admin:own_settings"
SAVED = "Saved. Every page is shown so from now on."


@pytest.fixture
def page(client, support_user):
    client.force_login(support_user)
    return client


def test_every_page_leads_to_them(page):
    assert f'href="{reverse(ADDRESS)}"' in page.get(reverse("admin:index")).content.decode()


def clock():
    return f"{datetime.now(ZoneInfo('Pacific/Kiritimati')):%H:%M}"


def test_they_are_saved_and_hold_at_once(page, support_user, ops_user):
    before = clock()
    answer = page.post(
        reverse(ADDRESS), {"language": "ar", "time_zone": "Pacific/Kiritimati"}, follow=True
    )

    support_user.refresh_from_db()
    assert (support_user.language, support_user.time_zone) == ("ar", "Pacific/Kiritimati")
    shown = answer.content.decode()
    assert '<html lang="ar" dir="rtl">' in shown
    assert before in shown or clock() in shown
    with translation.override("ar"):
        assert [str(one) for one in answer.context["messages"]] == [gettext(SAVED)]
    assert gettext(SAVED) not in shown
    ops_user.refresh_from_db()
    assert (ops_user.language, ops_user.time_zone) == ("", "")


def test_what_is_neither_a_language_nor_a_zone_is_refused(page, support_user):
    answer = page.post(reverse(ADDRESS), {"language": "tlh", "time_zone": "Mars/Base"})

    assert set(answer.context["form"].errors) == {"language", "time_zone"}
    support_user.refresh_from_db()
    assert (support_user.language, support_user.time_zone) == ("", "")


def test_nothing_else_of_a_person_is_changed_here(page, support_user):
    page.post(reverse(ADDRESS), {"time_zone": "UTC", "is_superuser": "on", "username": "root"})

    support_user.refresh_from_db()
    assert (support_user.time_zone, support_user.is_superuser) == ("UTC", False)
    assert support_user.username == "support"


def test_a_zone_that_is_not_offered_is_kept(page, support_user):
    support_user.time_zone = "Etc/GMT+3"
    support_user.save()

    page.post(reverse(ADDRESS), {"language": "en", "time_zone": "Etc/GMT+3"})

    support_user.refresh_from_db()
    assert (support_user.language, support_user.time_zone) == ("en", "Etc/GMT+3")


def test_a_stranger_is_asked_to_log_in(client, db):
    assert client.get(reverse(ADDRESS)).url.startswith(reverse("admin:login"))
