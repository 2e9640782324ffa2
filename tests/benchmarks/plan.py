"""What one measurement does, and how often: handed to the process of each part as JSON."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

PARTS = ("fire", "latency", "burst", "drain", "io", "rehearse", "claim")


@dataclass(frozen=True)
class Plan:
    """The counts of one round. Every system under test gets the same."""

    runs: int = 1000  # of a drain and of a burst
    warm_up: int = 100  # runs executed before anything is measured
    latencies: int = 100  # runs fired one after the other
    saves: int = 300  # of each kind, for what firing costs
    io_runs: int = 1000
    io_delay_seconds: float = 0.3  # of each of the two answers
    rehearsals: int = 2000
    history: int = 1_000_000  # finished runs behind a claim
    queue: int = 100_000  # queued runs behind a claim
    workers: int = 2
    slots: int = 16
    io_slots: int = 32  # of each worker
    firing_threads: int = 4  # of the one process that fires a burst
    only: tuple[str, ...] = PARTS
    sink: str = ""  # host:port of the receiver that answers at once
    slow_sink: str = ""  # and of the one that takes io_delay_seconds

    def quick(self) -> "Plan":
        """Return a plan that shows that everything works, and no figures."""
        quick = replace(self, runs=30, warm_up=5, latencies=5, saves=10, io_runs=70)
        return replace(quick, io_delay_seconds=0.05, rehearsals=20, history=2000, queue=500)

    def as_argument(self) -> str:
        """Return the plan as it is handed to a process."""
        return json.dumps(asdict(self))


def given_plan() -> Plan:
    """Read the plan that this process was started with."""
    values = json.loads(sys.argv[1])
    return Plan(**{**values, "only": tuple(values["only"])})


def measure(name: str, act: Callable[..., dict[str, float]], *given: Any) -> None:
    """Measure one part and print what it found at once: kept, whatever becomes of the next."""
    with named(name):
        figures = act(*given)
    print(json.dumps({"part": name, "figures": figures}), flush=True)


@contextmanager
def named(part: str) -> Iterator[None]:
    """Let whoever started this process know which part it was that failed."""
    try:
        yield
    except Exception as problem:
        said = f"{type(problem).__name__}: {problem}".strip().splitlines()[0]
        print(json.dumps({"part": part, "error": said}), flush=True)
        raise


def percentile(values: list[float], share: float) -> float:
    """Return the value below which `share` of them lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
