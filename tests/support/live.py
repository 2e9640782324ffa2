"""The real thing for tests: a database of its own, worker groups, a sandbox for the outside."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
from django.db import connections
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from workflows.models.worker import WorkflowWorker
from workflows.runtime.runs.programs import program_of

ROOT = Path(__file__).resolve().parents[2]


def wait_until(what, seconds=20.0, every=0.02):
    """Return the first true answer of `what`; fail after `seconds`."""
    end = time.monotonic() + seconds
    while not (answer := what()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(every)
    return answer


def url_of(url, database):
    """Return the same server's address with another database."""
    return make_conninfo(**{**conninfo_to_dict(url), "dbname": database})


class LiveDatabase:
    """A migrated database that worker processes share with the test."""

    def __init__(self, name, template=None, migrations=()):
        """Make it: a copy of `template`, or migrated to `migrations` (none: to all there are)."""
        # Tests are shared out among processes, each with databases of its own.
        name = f"{name}_{os.environ.get('PYTEST_XDIST_WORKER', 'all')}"
        self.name = name
        owner = os.environ["DATABASE_OWNER_URL"]
        self.owner_url = url_of(owner, name)
        self.app_url = url_of(os.environ["SAYR_TEST_APP_URL"] or owner, name)
        self._admin_url = url_of(owner, "postgres")
        self._drop()
        from_template = (
            sql.SQL(" TEMPLATE {}").format(sql.Identifier(template.name))
            if template
            else sql.SQL("")
        )
        self._admin(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)) + from_template)
        if template is None:
            self.migrate(*migrations)

    def environment(self, **more):
        """Return the environment of a process that uses this database."""
        return {**os.environ, "DATABASE_URL": self.app_url, **more}

    def manage(self, *arguments, url=None, **more):
        """Run a management command to its end."""
        command = [sys.executable, "manage.py", *arguments]
        environment = self.environment(**more) | ({"DATABASE_URL": url} if url else {})
        subprocess.run(command, cwd=ROOT, env=environment, check=True)

    def migrate(self, *which):
        """Migrate it, as its owner."""
        self.manage("migrate", "--verbosity=0", *which, url=self.owner_url)

    def close(self):
        """Drop the database."""
        self._drop()

    def _drop(self):
        drop = sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(self.name))
        try:
            self._admin(drop + sql.SQL(" (FORCE)"))
        except psycopg.errors.InsufficientPrivilege:
            # The server's own vacuum is in it, which nobody but an administrator may end by force.
            # Without force it is asked to leave; what else is left leaves by itself.
            wait_until(lambda: self._is_done(drop), 60, every=0.5)

    def _is_done(self, drop):
        try:
            self._admin(drop)
        except psycopg.errors.ObjectInUse:
            return False
        return True

    def _admin(self, statement):
        with psycopg.connect(self._admin_url, autocommit=True) as connection:
            connection.execute(statement)


class WorkerGroup:
    """One `manage.py run_worker` and everything it forks."""

    def __init__(self, database, *, workers=1, slots=8, lease=30, log=None, waits=True, **more):
        self.database = database
        self.workers = workers
        settings = {"SAYR_WORKERS": workers, "SAYR_SLOTS": slots, "SAYR_LEASE_SECONDS": lease}
        self.log = log or subprocess.DEVNULL
        self._known = set(WorkflowWorker.objects.values_list("number", flat=True))
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "run_worker"],
            cwd=ROOT,
            env=database.environment(
                **{key: str(value) for key, value in settings.items()}, **more
            ),
            start_new_session=True,
            stdout=self.log,
            stderr=self.log,
        )
        if waits:
            self.wait()

    def wait(self):
        """Wait until its workers are there."""
        try:
            wait_until(
                lambda: self._own_workers().exclude(number__in=self._known).count() >= self.workers,
                60,
            )
        except BaseException:
            self.__exit__()
            raise

    def _own_workers(self):
        pids = {process.pid for process in self.everything()}
        return WorkflowWorker.objects.filter(pid__in=pids)

    def everything(self):
        """Return the supervisor and all its descendants."""
        try:
            supervisor = psutil.Process(self.process.pid)
            return [supervisor, *supervisor.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def main(self):
        """Return the main process of the cluster `runs`."""
        return self.main_of("runs")

    def main_of(self, cluster):
        """Return the main process of one of the two clusters."""
        mains = psutil.Process(self.process.pid).children()
        return next(main for main in mains if main.name() == f"sayr {cluster}")

    def sentinel(self):
        """Return the guard of the cluster `runs`."""
        return self.main().children()[0]

    def worker_pids(self):
        """Return the pids of the dispatchers, the oldest first."""
        return list(self._own_workers().order_by("number").values_list("pid", flat=True))

    def monitor_and_pusher(self):
        """Return the two helpers of the cluster, in the order in which django-q2 starts them."""
        workers = set(self.worker_pids())
        helpers = [p for p in self.sentinel().children() if p.pid not in workers]
        monitor, pusher = sorted(helpers, key=lambda process: process.pid)[:2]
        return monitor, pusher

    def ask_to_stop(self):
        """SIGTERM, as an operating system would."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def stop(self, seconds=40):
        """Ask it to stop, and wait until it has; return how long it took."""
        start = time.monotonic()
        self.ask_to_stop()
        self.process.wait(seconds)
        return time.monotonic() - start

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        everything = self.everything()
        try:
            self.stop()
        finally:
            for process in everything:
                with suppress_gone():
                    process.kill()


@contextmanager
def two_hosts(database, **how):
    """Two worker groups. They start at once, and stop at once: either takes seconds."""
    with WorkerGroup(database, waits=False, **how) as first, WorkerGroup(database, **how) as second:
        first.wait()
        yield first, second
        for group in (first, second):
            group.ask_to_stop()


@contextmanager
def suppress_gone():
    """Ignore that a process has ended already."""
    try:
        yield
    except psutil.NoSuchProcess:
        return


@contextmanager
def connected_to(database):
    """Let this process's Django use a live database, as the application's role."""
    wrapper = connections["default"]
    wrapper.close()
    before = dict(wrapper.settings_dict)
    parts = conninfo_to_dict(database.app_url)
    wrapper.settings_dict.update(
        NAME=parts["dbname"],
        USER=parts.get("user", ""),
        PASSWORD=parts.get("password", ""),
        HOST=parts.get("host", ""),
        PORT=str(parts.get("port", "")),
    )
    program_of.cache_clear()
    try:
        yield
    finally:
        wrapper.close()
        wrapper.settings_dict.update(before)
        program_of.cache_clear()
