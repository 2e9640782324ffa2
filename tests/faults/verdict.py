"""What is lost, doubled and repeated: from what was fired, what the database holds, what arrived.

Pure, and none of it is the product's: a run's row alone proves nothing, its effects must be there.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

from tests.faults.journal import Delivery

COMPLETED = frozenset({"completed"})


@dataclass(frozen=True, slots=True)
class Expected:
    """What a fired order must leave behind, exactly once each."""

    steps: tuple[str, ...]  # finished steps of the run, in order
    messages: tuple[str, ...] = ()  # what arrives at the receiver, in the order in which it is sent
    effects: tuple[str, ...] = ()  # what is written to the database
    children: int = 0
    ends: frozenset[str] = COMPLETED
    # No call may be made again; of one that was cut off, a person has to say whether it arrived.
    at_most_once: bool = False


@dataclass(frozen=True, slots=True)
class RunSeen:
    """A run as its row shows it."""

    order: str
    status: str
    steps: tuple[tuple[str, str], ...]  # name and end
    item: int | None = None  # of a child run

    @property
    def is_child(self) -> bool:
        """Whether a parent waits for it."""
        return self.item is not None


@dataclass(frozen=True, slots=True)
class Left:
    """Everything that is there when all is over."""

    runs: Sequence[RunSeen] = ()
    effects: Mapping[tuple[str, str], int] = field(default_factory=dict)  # order, name: how often
    deliveries: Sequence[Delivery] = ()


@dataclass(slots=True)
class Verdict:
    """One sentence for each thing that is wrong, and how many calls were made again."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    repeated: int = 0

    def add(self, other: "Verdict") -> None:
        """Take over what another found."""
        self.lost += other.lost
        self.doubled += other.doubled
        self.repeated += other.repeated


def judge(
    orders: Iterable[str], expected: Expected, left: Left, *, zombies: bool = False
) -> Verdict:
    """Say what became of these orders.

    `zombies`: a worker was frozen in the middle of a call, which it may go on with when it thaws.
    """
    runs, sent = defaultdict(list), defaultdict(list)
    for run in left.runs:
        runs[run.order].append(run)
    for delivery in left.deliveries:
        sent[delivery.order].append(delivery)
    verdict = Verdict()
    for order in orders:
        verdict.add(_of_runs(order, expected, runs[order]))
        verdict.add(_of_effects(order, expected, left.effects))
        unknown = {name for run in runs[order] for name, end in run.steps if end == "unknown"}
        verdict.add(_of_messages(order, expected, sent[order], unknown))
        if not expected.children and not zombies:
            verdict.doubled += _sent_after_the_next(order, expected.messages, sent[order])
    return verdict


def _of_runs(order: str, expected: Expected, runs: Sequence[RunSeen]) -> Verdict:
    verdict = Verdict()
    roots = [run for run in runs if not run.is_child]
    items = Counter(run.item for run in runs if run.is_child)
    if len(roots) > 1:
        verdict.doubled.append(f"{order}: {len(roots)} runs")
    if not roots:
        verdict.lost.append(f"{order}: no run")
    if len(items) < expected.children:
        verdict.lost.append(f"{order}: {len(items)} of {expected.children} child runs")
    verdict.doubled += [
        f"{order}: child {item} twice" for item, times in items.items() if times > 1
    ]
    for run in runs:
        ends = COMPLETED if run.is_child else expected.ends
        if run.status not in ends:
            verdict.lost.append(f"{order}: {run.status} after {run.steps[-2:]}")
        finished = Counter(name for name, _ in run.steps)
        verdict.doubled += [
            f"{order}: step {s} twice" for s, times in finished.items() if times > 1
        ]
    for run in roots:
        missing = set(expected.steps) - {name for name, _ in run.steps}
        verdict.lost += [f"{order}: step {name} is missing" for name in sorted(missing)]
    return verdict


def _of_effects(order: str, expected: Expected, effects: Mapping[tuple[str, str], int]) -> Verdict:
    verdict = Verdict()
    for name in expected.effects:
        times = effects.get((order, name), 0)
        if times == 0:
            verdict.lost.append(f"{order}: effect {name} is missing")
        if times > 1:
            verdict.doubled.append(f"{order}: effect {name} {times} times")
    return verdict


def _of_messages(
    order: str, expected: Expected, sent: Sequence[Delivery], unknown: Set[str]
) -> Verdict:
    verdict = Verdict()
    keys = defaultdict(list)
    for delivery in sent:
        keys[delivery.message.partition("/")[2]].append(delivery.key)
    for message in expected.messages:
        if not keys[message] and message not in unknown:
            verdict.lost.append(f"{order}: message {message} never arrived")
    for message, used in keys.items():
        different = len(set(used))
        if different > 1 or (expected.at_most_once and len(used) > 1):
            times = f"{len(used)} times under {different} keys"
            verdict.doubled.append(f"{order}: message {message} {times}")
        verdict.repeated += len(used) - different
    return verdict


def _sent_after_the_next(
    order: str, messages: Sequence[str], sent: Sequence[Delivery]
) -> Iterable[str]:
    """Name the steps that called out again although a later one had called: they were finished."""
    furthest = 0
    for delivery in sent:
        message = delivery.message.partition("/")[2]
        place = messages.index(message) if message in messages else 0
        if place < furthest:
            yield f"{order}: {message} again after {messages[furthest]}"
        furthest = max(furthest, place)
