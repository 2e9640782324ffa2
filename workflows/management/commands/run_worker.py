"""`manage.py run_worker`: execute runs and do the chores, until told to stop."""

import os
import socket
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from workflows.conf import current
from workflows.runtime.workers.dispatcher import GROUP_VARIABLE
from workflows.runtime.workers.supervisor import Supervisor
from workflows.services.operations.periodic_tasks import plan_chores


class Command(BaseCommand):
    """The worker group of this host. Start it on as many hosts as you like."""

    help = "Execute runs and do the chores. Stops cleanly on SIGTERM: steps in flight finish."

    def handle(self, *args: Any, **options: Any) -> None:
        """Supervise until SIGTERM."""
        os.environ.setdefault(GROUP_VARIABLE, f"{socket.gethostname()}:{os.getpid()}")
        workers: int = settings.Q_CLUSTER["ALT_CLUSTERS"]["runs"]["workers"]  # type: ignore[index]
        # A little longer than the dispatchers' own grace, so that they end first.
        grace = current().grace.total_seconds() + 5
        Supervisor(workers=workers, grace_seconds=grace, plan_chores=plan_chores).run()
