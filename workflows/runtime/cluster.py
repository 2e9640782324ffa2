"""The main process of one django-q2 cluster, as the supervisor starts it.

`python -m workflows.runtime.cluster runs` executes runs, `… tasks` does the chores.
"""

import os
import sys

RUNS = "runs"
TASKS = "tasks"


def main(name: str) -> None:
    """Start the cluster and stay until it has stopped."""
    os.environ["DJANGO_SETTINGS_MODULE"] = os.environ.get(
        "DJANGO_SETTINGS_MODULE", "config.settings"
    )
    # django-q2 reads its configuration from this name when it is imported.
    os.environ["Q_CLUSTER_NAME"] = name
    # The chores may write for minutes; only the runs' statements are kept short and pooled.
    os.environ["SAYR_PROCESS"] = "worker" if name == RUNS else "command"
    import django

    django.setup()
    from django_q.cluster import Cluster

    from workflows.runtime import process

    class DrainingCluster(Cluster):  # type: ignore[misc]  # django-q2 ships no types
        """On SIGTERM, tells the pumps first: a cluster stops when its tasks have returned."""

        def stop(self) -> bool:
            process.ask_pumps_to_stop()
            stopped: bool = super().stop()
            return stopped

    process.arm_main()
    DrainingCluster().start()


if __name__ == "__main__":
    main(sys.argv[1])
