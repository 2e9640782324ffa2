"""How long a key takes in a workflow of sixty steps; `pytest -s` prints the figures."""

import statistics

import pytest

from tests.browser.editor import Editor, published
from tests.support.company import case

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

KEYS = 50
MOST_MS = 100


class Thread:
    """The thread that draws the page: its own time, whatever else the machine does meanwhile."""

    def __init__(self, page):
        self.page, self.session = page, page.context.new_cdp_session(page)
        self.session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def time_of(self, act):
        """Return the milliseconds that the page worked for `act`, until it was drawn."""
        before = self._busy()
        act()
        frames = "new Promise(done => requestAnimationFrame(() => setTimeout(done, 0)))"
        self.page.evaluate(frames)
        return self._busy() - before

    def _busy(self):
        metrics = self.session.send("Performance.getMetrics")["metrics"]
        return 1000 * next(one["value"] for one in metrics if one["name"] == "TaskDuration")


def sixty_steps():
    """Return a workflow of sixty steps: mails, and every tenth a branch with mails inside."""
    mail = case("seed_new_order")["steps"][2]
    big = {"all": [{"field": "trigger.total_amount", "operator": "greater_than", "value": "100"}]}

    def one(number):
        return {**mail, "name": f"mail_{number}"}

    def branch(number):
        inner = [one(f"{number}_{index}") for index in range(3)]
        ways = [{"label": "Big ones", "when": big, "steps": inner}]
        return {"name": f"way_{number}", "action": "branch", "params": {"cases": ways}}

    steps = [branch(number) if number % 5 == 0 else one(number) for number in range(1, 38)]
    steps += [one(number) for number in range(100, 102)]
    return {**case("seed_new_order"), "steps": steps}


def test_a_key_in_sixty_steps_takes_less_than_a_tenth_of_a_second(visitor, company):
    document = sixty_steps()
    count = len(document["steps"]) + sum(
        len(one["params"]["cases"][0]["steps"])
        for one in document["steps"]
        if "cases" in one["params"]
    )
    assert count == 60
    editor = Editor(visitor()).open(published(company, document))
    page = editor.page
    editor.go("steps/38")
    editor.field("subject").click()
    thread = Thread(page)

    def press(number):
        return thread.time_of(lambda: page.keyboard.press("abcdefghij"[number % 10]))

    def click(selector):
        return thread.time_of(lambda: page.click(selector))

    keys = [press(number) for number in range(KEYS)]
    moved = click('.sayr-editor-card-chosen [data-tool="up"]')
    copied = click('.sayr-editor-card-chosen [data-tool="copy"]')
    page.click('[data-focus="add"]')
    added = click('.sayr-editor-picker [data-action="send_email"]')

    median, p95 = statistics.median(keys), sorted(keys)[int(len(keys) * 0.95)]
    print(
        f"\n60 steps: a key {median:.0f} ms (p95 {p95:.0f}), moving a step {moved:.0f} ms, "
        f"copying one {copied:.0f} ms, adding one {added:.0f} ms"
    )
    assert median < MOST_MS
    assert len(editor.document()["steps"]) == 41
