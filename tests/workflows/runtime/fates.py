"""The moments at which a worker can die, for tests in the process's own threads."""

from django.db import connection

from tests.support.live import wait_until


class Death(BaseException):
    """The process is gone: nothing of it catches this."""


class Fate:
    """Counts the moments at which a worker can die, and lets it die at one of them."""

    def __init__(self, at=None):
        self.at, self.moment, self.calls = at, 0, []

    def passes(self):
        """Go through one more moment. Raises Death at the chosen one."""
        self.moment += 1
        if self.moment == self.at:
            raise Death


def die(machine):
    """End a worker's session, and wait until the database knows: its lock is free then."""
    number = machine.session.worker
    machine.session.connection().close()
    held = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = %s"
    with connection.cursor() as cursor:
        wait_until(lambda: cursor.execute(held, [number]).fetchone() is None)
