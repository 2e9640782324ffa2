"""The page of a run that went round a thousand times: the last rounds, and a way to the others."""

import re

import pytest
from django.urls import reverse

from tests.workflows.admin.conftest import result
from workflows.admin.runs import steps as run_steps
from workflows.models.run import WorkflowRun, WorkflowRunHistory
from workflows.presentation.runs.summary import summary
from workflows.services.definitions.publish import publish
from workflows.services.runs import entries as run_entries
from workflows.services.runs.queries import run_history
from workflows.services.runs.summaries import facts_of, plans_of

ROUNDS = 1000
NEVER = {"all": [{"field": "trigger.order_id", "operator": "equals", "value": "never"}]}
BROKEN = {"error": {"code": "bad_phone", "params": {"phone": "x"}}, "then": "continue"}


def mark(number):
    return result("again", "repeat", "completed", output={"round": number, "done": False})


def entry_of(number, **more):
    return result("tell", "webhook", "completed", output={"text": f"answer {number}"}, **more)


@pytest.fixture
def long_run(world):
    """A run of a thousand rounds, of which only the last stands in its row; one went wrong."""
    tell = {
        "name": "tell",
        "action": "webhook",
        "params": {"url": "https://example.com/", "body": {}},
        "on_error": "continue",
    }
    asks = {"steps": [tell], "until": NEVER, "every": "1m", "at_most": ROUNDS}
    loop = {"name": "again", "action": "repeat", "params": asks, "on_error": "continue"}
    document = {"name": "Long", "trigger_type": "new_order", "steps": [loop]}
    publish(world.tenant, "tester", world.definition, document)
    every = []
    for number in range(1, ROUNDS + 1):
        failed = {**entry_of(number), "status": "failed", **BROKEN}
        every += [mark(number), failed if number == 400 else entry_of(number)]
    every.append(result("again", "repeat", "completed", output={"round": ROUNDS, "done": True}))
    every = [{**one, "number": number} for number, one in enumerate(every, 1)]
    kept = [every[799], *every[-2:]]
    moved = [one for one in every if one not in kept]
    for start in range(0, len(moved), 20):
        chunk = moved[start : start + 20]
        WorkflowRunHistory.objects.create(
            tenant=world.tenant, run_id=world.run.pk, seq=chunk[-1]["number"], entries=chunk
        )
    values = {"step_results": kept, "entries_numbered": len(every)}
    WorkflowRun.objects.filter(pk=world.run.pk).update(version=world.definition.version)
    return world.end_run(world.run, "completed_with_errors", **values)


def rounds_on(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    content = answer.content.decode()
    numbers = [int(one) for one in re.findall(r"<summary>Round (\d+),", content)]
    links = dict(re.findall(r'<a href="(\?rounds=[^"#]*)[^"]*">(Show \w+) rounds</a>', content))
    return numbers, {words: link for link, words in links.items()}, content


def test_the_last_rounds_are_shown_and_the_way_leads_to_the_first_and_back(
    support, page, long_run, monkeypatch
):
    monkeypatch.setattr(run_steps, "MAX_ROUNDS", 300)
    numbers, links, content = rounds_on(support, page(long_run))
    assert numbers == list(range(701, 1001))
    assert set(links) == {"Show earlier"}
    assert "700 earlier rounds are not shown." in content

    seen = []
    while "Show earlier" in links:
        numbers, links, content = rounds_on(support, page(long_run) + links["Show earlier"])
        seen.append((numbers[0], numbers[-1]))
    assert seen == [(401, 700), (101, 400), (1, 300)]
    assert set(links) == {"Show later"}
    assert "700 later rounds are not shown." in content
    assert "answer 7" in content

    numbers, links, _content = rounds_on(support, page(long_run) + links["Show later"])
    assert numbers == list(range(301, 601))
    assert set(links) == {"Show earlier", "Show later"}


@pytest.mark.parametrize("asked", ["", "1", "1:", ":5", "1:x", "1:99999999999", "1:-1", "²:²"])
def test_what_makes_no_sense_asks_for_nothing(asked):
    assert run_steps.Rounds.read(asked) == run_steps.Rounds()


@pytest.mark.parametrize("asked", ["9:5", "<script>:1", "1:9999"])
def test_a_loop_or_a_round_that_is_not_there_shows_the_last_rounds(asked, support, page, long_run):
    numbers, _links, content = rounds_on(support, f"{page(long_run)}?rounds={asked}")

    assert numbers == list(range(991, 1001))
    assert "<script>:1" not in content


def test_the_part_that_follows_the_run_shows_the_same_rounds(support, long_run):
    live = reverse("admin:workflows_workflowrun_live", args=[long_run.pk])

    html = support.get(f"{live}?rounds=1:40&seen=x").json()["html"]

    assert "<summary>Round 41," in html
    assert "<summary>Round 1000," not in html


def test_of_a_run_without_end_the_page_has_the_last_steps(support, page, long_run, monkeypatch):
    monkeypatch.setattr("workflows.services.runs.summaries.MAX_SHOWN", 51)

    numbers, links, content = rounds_on(support, page(long_run))

    assert "Only the last 51 steps of this run are shown here." in content
    assert numbers == list(range(991, 1001))
    numbers, links, _content = rounds_on(support, page(long_run) + links["Show earlier"])
    numbers, links, content = rounds_on(support, page(long_run) + links["Show earlier"])
    # Only a failure is known of those before.
    assert "<summary>An earlier round</summary>" in content
    assert numbers == list(range(976, 985))


def test_a_list_tells_what_went_wrong_from_the_row_alone(long_run, django_assert_num_queries):
    plans = plans_of([long_run])
    long_run.tenant.key  # noqa: B018  # lists fetch it for all rows at once

    with django_assert_num_queries(0):
        told = summary(facts_of(long_run, plans))

    assert "“Tell” failed" in told


def test_everything_is_read_in_order_by_its_tenant_alone(world, other_world, long_run):
    history = run_history(world.tenant, long_run.pk)

    assert [one["number"] for one in history.entries] == list(range(1, 2 * ROUNDS + 2))
    assert run_history(other_world.tenant, long_run.pk) is None
    latest = run_entries.entries_of(long_run, latest=11)
    assert [one["number"] for one in latest] == [800, *range(1991, 2002)]
