"""The database is away, busy or too slow: a sentence and when to come back, never “our mistake”."""

import os
from threading import Thread

import psycopg
import pytest
from django.db import connection

from config.environment import database
from config.web.one_person import PLACES
from config.web.places import RequestPlaces
from tests.support.live import LiveDatabase, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

RUNS = "/admin/workflows/workflowrun/"
SESSIONS = "SELECT pid FROM pg_stat_activity WHERE datname = %s"


@pytest.fixture
def away():
    """Lead this thread's connection to a port on which nobody listens."""
    before = connection.settings_dict

    def leave():
        connection.close()
        # A dictionary of its own: that of the process leads every other thread, too.
        connection.settings_dict = {**before, "HOST": "127.0.0.1", "PORT": "1"}

    yield leave
    connection.close()
    connection.settings_dict = before


@pytest.fixture
def browser(client, tenant, ops_user):
    """Somebody of Operations, to whom a mistake of ours is an answer."""
    client.force_login(ops_user)
    client.raise_request_exception = False
    yield client
    connection.close()


@pytest.fixture
def held():
    """Give a function that locks a table, from another session, until the test ends."""
    url = os.environ["SAYR_TEST_APP_URL"] or os.environ["DATABASE_OWNER_URL"]
    name = connection.settings_dict["NAME"]
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], dbname=name) as other:
        assert url
        yield lambda table: other.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        other.rollback()


def set_here(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def assert_come_again(answer, said):
    page = answer.content.decode()
    assert answer.status_code == 503
    assert said in page
    assert "our mistake" not in page
    assert int(answer["Retry-After"]) > 0
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize("address", ["/admin/", RUNS, "/approvals/x/", "/admin/my-settings/"])
def test_a_page_without_the_database(address, browser, away):
    away()

    assert_come_again(browser.get(address), "The database is away")


def test_an_address_that_is_not_there_needs_no_database(client, away):
    away()

    assert client.get("/nothing/").status_code == 404


def test_a_login_without_the_database(client, away):
    client.raise_request_exception = False
    away()

    answer = client.post("/admin/login/", {"username": "a", "password": "b"})

    assert_come_again(answer, "Look whether what you did was saved")


@pytest.fixture(scope="module")
def crowded(migrated, django_db_blocker):
    """A database that is used here alone: that from which others are copied has no sessions."""
    with django_db_blocker.unblock():
        made = LiveDatabase("sayr_crowded", template=migrated)
    yield made
    made.close()


@pytest.fixture
def full(crowded):
    """Lead this thread to a database that takes no session any more; others hold them all."""
    before = connection.settings_dict
    others = []

    def fill():
        connection.close()
        connection.settings_dict = {**before, "NAME": crowded.name}
        with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
            # Those of the test before may take a moment to end.
            wait_until(lambda: not owner.execute(SESSIONS, [crowded.name]).fetchall())
            owner.execute(f'ALTER DATABASE "{crowded.name}" CONNECTION LIMIT 3')
        while len(others) < 3:
            others.append(psycopg.connect(crowded.app_url))
        with pytest.raises(psycopg.OperationalError, match="too many connections"):
            psycopg.connect(crowded.app_url)

    yield fill
    for one in others:
        one.close()
    connection.close()
    connection.settings_dict = before


@pytest.mark.parametrize("address", ["/admin/", RUNS, "/approvals/x/", "/api/v1/runs/"])
def test_a_database_that_takes_no_session_any_more(address, browser, full):
    full()

    answer = browser.get(address, headers={"Authorization": "Api-Key abcdefgh.x"})

    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert "our mistake" not in answer.content.decode()
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize("table", ["workflow_runs", "django_session"])
def test_a_table_that_others_hold(table, browser, held):
    set_here("SET lock_timeout = '100ms'")
    held(table)

    assert_come_again(browser.get(RUNS), "The database is busy")


def test_a_session_that_cannot_be_stored(client, ops_user, held):
    client.raise_request_exception = False
    set_here("SET lock_timeout = '100ms'")
    held("django_session")

    answer = client.post("/admin/login/", {"username": "ops", "password": "ops"})

    assert_come_again(answer, "The database is busy")


def test_a_search_that_takes_too_long_leads_back(browser, held):
    set_here("SET statement_timeout = '300ms'")
    held("workflow_runs")

    answer = browser.get(RUNS, {"status": "cancelled"})

    assert_come_again(answer, "Narrow it down")
    assert f'<a href="{RUNS}">' in answer.content.decode()


def test_a_database_that_only_reads(browser, ops_user):
    set_here("SET default_transaction_read_only = on")

    answer = browser.post("/admin/my-settings/", {"language": "ar", "time_zone": ""})

    assert_come_again(answer, "The database is away")


def test_pages_end_before_a_thread_is_lost():
    options = database("web")["OPTIONS"]["options"]

    assert "statement_timeout=5s" in options
    assert "lock_timeout=3s" in options


def test_places_are_given_back_after_errors_too(browser, away):
    browser.get(RUNS)
    away()
    browser.get(RUNS)

    assert PLACES.taken() == 0


def test_who_has_all_places_is_told_when_to_come_back(browser, ops_user, client):
    who = f"user:{ops_user.pk}"
    free = 0
    while PLACES.take(who):
        free += 1
    try:
        answer = browser.get(RUNS)
        assert (answer.status_code, answer["Refresh"]) == (429, answer["Retry-After"])
        assert browser.post(RUNS).status_code == 429
        assert browser.get("/api/v1/health/").status_code == 200
        browser.logout()
        assert browser.get("/admin/login/").status_code == 200
    finally:
        for _ in range(free):
            PLACES.give_back(who)
    assert PLACES.taken() == 0


def test_no_more_than_the_most_are_at_work_at_once():
    places, held, most = RequestPlaces(2, 1, 0.05), [], []

    def work():
        if places.take("a"):
            held.append(1)
            most.append(len(held))
            held.pop()
            places.give_back("a")

    threads = [Thread(target=work) for _ in range(50)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert max(most) <= 2
    assert places.taken() == 0
    assert places.take("b")


def test_the_api_says_what_is_the_matter(client):
    answer = client.get("/api/v1/nothing/")

    assert answer["Cache-Control"] == "no-store"
