"""Runs that started others, or wait, as the API shows them."""

import pytest

from tests.support.stories import Storyteller
from workflows.models.run import WorkflowRun

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def teller(tenant):
    found = Storyteller(tenant)
    yield found
    found.close()


def read(caller, run):
    answer = caller.get(f"runs/{run.pk}/")
    assert answer.status_code == 200
    return answer.json()


def test_the_parts_of_a_run_are_found_by_it(caller, other_caller, teller):
    run = teller.a_list_with_one_failure()
    parts = WorkflowRun.objects.filter(parent_run=run.pk).order_by("-id")

    listed = caller.get(f"runs/?parent_run={run.pk}").json()["results"]

    assert [one["id"] for one in listed] == [str(part.pk) for part in parts]
    assert [one["id"] for one in caller.get("runs/").json()["results"]] == [str(run.pk)]
    assert other_caller.get(f"runs/?parent_run={run.pk}").json()["results"] == []


def test_a_part_says_of_what(caller, teller):
    run = teller.a_list_with_one_failure()
    third = WorkflowRun.objects.get(parent_run=run.pk, item_index=2)

    told = read(caller, third)

    assert (told["parent_run"], told["item_index"]) == (str(run.pk), 2)
    assert told["item"] == {"name": "Sara Saad"}
    assert told["waits_for"] is None


def test_what_a_run_waits_for_is_a_sentence(caller, teller):
    told = read(caller, teller.a_decision())

    assert told["waits_for"].startswith("Waits for a decision: “Refund 1450?”")


def test_a_run_that_waits_for_its_turn_says_so_and_is_due_by_no_clock(caller, teller):
    run, _first = teller.a_lane()

    told = read(caller, run)

    assert told["waits_for"] == ("Waits for its turn: another run with the key “7” is under way.")
    assert told["due_at"] is None


def test_the_deadline_is_told(caller, teller):
    run = teller.a_wait_for_an_event()

    told = read(caller, run)

    assert told["deadline_at"][:10] == run.deadline_at.date().isoformat()


def test_state_of_the_engine_is_not_told(caller, teller):
    for run in (teller.a_wait_for_an_event(), teller.a_list_with_one_failure()):
        for step in read(caller, run)["steps"]:
            assert not {"waiting", "done", "children", "since", "awaits"} & set(step)
