"""The web application under gunicorn, and callers that ask until they have an answer."""

import json
import socket
import subprocess
import sys
from contextlib import suppress
from http.client import HTTPConnection, HTTPException

import psutil

from tenants.models.api_key import ApiKey
from tests.faults.processes import ROOT, die_with_the_suite
from tests.support.live import wait_until

PROCESSES = 2
CALL_SECONDS = 20


def key_of(shop):
    """Return an API key of a tenant."""
    _record, key = ApiKey.objects.create_key(name="faults", tenant=shop.tenant)
    return key


class Site:
    """Used as a context: the web processes have ended when it is left."""

    def __init__(self, world):
        self._world = world

    def __enter__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        more = {
            "SAYR_BIND": f"127.0.0.1:{self.port}",
            "WEB_CONCURRENCY": str(PROCESSES),
            "SAYR_PROCESS": "web",
        }
        command = ["gunicorn", "--config", "config/deploy/gunicorn.conf.py", "config.wsgi"]
        self._process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env={**self._world.database.environment(**more), "LOG_LEVEL": "ERROR"},
            stdout=self._world.log,
            stderr=self._world.log,
            preexec_fn=die_with_the_suite,
        )
        try:
            wait_until(lambda: self._listens() and len(self.processes()) >= PROCESSES, 60)
            # A process takes calls before it has loaded the application.
            wait_until(lambda: all(self.fire("", "warm")[0] == 401 for _ in range(10)), 60)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exception):
        everything = self.processes()
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(30)
        for process in [*everything, self._process]:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait()

    def processes(self):
        """Return the processes that answer requests."""
        try:
            return psutil.Process(self._process.pid).children()
        except psutil.NoSuchProcess:
            return []

    def fire(self, key, number):
        """Fire an event under its own number as key; return status and body, (0, {}) if cut off."""
        body = json.dumps({"order_number": number})
        headers = {
            "Authorization": f"Api-Key {key}",
            "Content-Type": "application/json",
            "Idempotency-Key": number,
        }
        far = HTTPConnection("127.0.0.1", self.port, timeout=CALL_SECONDS)
        try:
            far.request("POST", "/api/v1/triggers/fault.noise/", body, headers)
            answer = far.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, HTTPException, ValueError):
            return 0, {}
        finally:
            far.close()

    def _listens(self):
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False
