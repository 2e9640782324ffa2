"""The page of a run that goes on asks for its changing part, and only for that."""

import pytest
from django.urls import reverse
from django.utils import timezone

from workflows.models.run import WorkflowRun


def live(client, run, seen=""):
    """Ask as the page does."""
    return client.get(reverse("admin:workflows_workflowrun_live", args=[run.pk]), {"seen": seen})


def test_nothing_new_costs_nothing(support, world, page, django_assert_max_num_queries):
    seen = support.get(page(world.run)).context["seen"]

    with django_assert_max_num_queries(5):
        answer = live(support, world.run, seen)

    assert (answer.status_code, answer.content) == (204, b"")


def test_what_changed_comes_as_a_piece_of_the_page(support, world, page):
    seen = support.get(page(world.run)).context["seen"]
    WorkflowRun.objects.filter(pk=world.run.pk).update(
        status="running", started_at=timezone.now(), pending={"step_name": "call"}
    )

    news = live(support, world.run, seen).json()

    assert not news["ended"]
    assert "Under way: step 2 of 2, “Tell the shop”." in news["html"]
    assert "<html" not in news["html"]
    assert live(support, world.run, news["seen"]).status_code == 204


def test_the_end_is_told(support, world, page):
    world.end_run(world.run)

    assert live(support, world.run).json()["ended"]
    assert "data-sayr-live" not in support.get(page(world.run)).content.decode()


def test_a_run_that_goes_on_names_its_address(support, world, page):
    content = support.get(page(world.run)).content.decode()

    assert reverse("admin:workflows_workflowrun_live", args=[world.run.pk]) in content
    assert "workflows/live.js" in content


def test_another_companys_run_does_not_exist(support, world, other_world):
    assert live(support, other_world.run).status_code == 404


@pytest.mark.parametrize("key", ["nonsense", "00000000-0000-0000-0000-000000000000"])
def test_an_unknown_run_does_not_exist(key, support, world):
    address = reverse("admin:workflows_workflowrun_live", args=[key])

    assert support.get(address).status_code == 404


def test_strangers_are_asked_to_log_in(client, world):
    assert live(client, world.run).status_code == 302


def test_pieces_come_in_the_readers_language(support, support_user, world):
    support_user.language = "ar"
    support_user.save()

    assert live(support, world.run).headers["Content-Language"] == "ar"
