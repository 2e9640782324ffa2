"""The broker of the cluster `runs`: it hands every worker process one long task, the dispatcher.

django-q2 keeps the processes; the runs table is the only queue. A package carries no claim, so no
lease runs while it waits, and no idle worker stands in the shared queue's lock: the stall that an
idle worker's death can cause (django-q2 #23) has nothing to seize.
"""

from typing import Any
from uuid import uuid4

from django.utils import timezone
from django_q.brokers import Broker
from django_q.conf import Conf
from django_q.signing import SignedPackage

from workflows.runtime.workers.process import ignore_termination

DISPATCH = "workflows.runtime.workers.dispatcher.dispatch"


class NotAQueue(RuntimeError):
    """An ordinary task was sent to the cluster of runs, which would lose it."""

    def __init__(self) -> None:
        super().__init__(
            "The cluster 'runs' takes no tasks. Send this one to the default cluster, 'tasks'."
        )


class PumpBroker(Broker):  # type: ignore[misc]  # django-q2 ships no types
    """Endless supply of dispatchers."""

    def __init__(self, list_key: str | None = None) -> None:
        super().__init__(list_key)
        ignore_termination()

    def ping(self) -> bool:
        """There is nothing to reach."""
        return True

    def enqueue(self, task: str) -> None:
        """Refuse: the base class would drop the task silently. Raises NotAQueue."""
        raise NotAQueue

    def dequeue(self) -> list[tuple[None, str]]:
        """Return one dispatcher. The bounded task queue holds it until a worker is free."""
        package: dict[str, Any] = {
            "id": uuid4().hex,
            "name": "dispatcher",
            "func": DISPATCH,
            "args": (),
            "kwargs": {},
            # Without it, saving a dispatcher that failed ends in an IntegrityError in the monitor.
            "started": timezone.now(),
            "timeout": -1,
        }
        return [(None, SignedPackage.dumps(package))]

    def queue_size(self) -> int:
        """Return 0: runs wait in their own table."""
        return 0

    def lock_size(self) -> int:
        """Return 0, as queue_size."""
        return 0


def end_this_process_after_the_task() -> None:
    """Let django-q2 replace this worker process once its dispatcher returns."""
    Conf.RECYCLE = 1
