"""What belongs to one tenant is not there for another."""

import pytest

from tests.support.definitions import publish_log


@pytest.fixture
def theirs(other_tenant, other_caller):
    """An event and a run of the other tenant, with the words this one will ask for."""
    publish_log(other_tenant, "log", "new_order")
    fired = other_caller.fire(
        payload={"order_id": "1001"}, query="?subject_type=order&subject_id=1001"
    ).json()
    return {"event": fired["event_id"], "run": fired["runs"][0]["id"]}


@pytest.mark.parametrize(
    "address", ["runs/{run}/", "events/{event}/", "runs/{event}/", "events/{run}/"]
)
def test_another_tenants_rows_are_not_found(caller, theirs, address):
    answer = caller.get(address.format(**theirs))
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert theirs["run"] not in answer.content.decode()


def test_a_missing_row_looks_the_same_as_another_tenants(caller, theirs):
    missing = caller.get("runs/0198c0de-0000-7000-8000-000000000001/")
    assert caller.get(f"runs/{theirs['run']}/").content == missing.content


@pytest.mark.parametrize(
    "query",
    [
        "",
        "order_id=1001",
        "workflow=log",
        "trigger_type=new_order",
        "status=queued",
        "subject_type=order&subject_id=1001",
        "event_id={event}",
        "created_after=2020-01-01T00:00:00Z",
        "cursor=ffffffff-ffff-ffff-ffff-ffffffffffff",
    ],
)
def test_lists_hold_nothing_of_another_tenant(caller, other_caller, theirs, query):
    question = query.format(**theirs)
    assert caller.get(f"runs/?{question}").json() == {"results": [], "next": None}
    assert len(other_caller.get(f"runs/?{question}").json()["results"]) == 1


def test_an_event_starts_nothing_of_another_tenant(caller, other_tenant):
    publish_log(other_tenant, "log", "new_order")
    assert caller.fire().json()["listeners"] == 0
