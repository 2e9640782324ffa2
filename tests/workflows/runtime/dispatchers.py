"""Dispatchers at work in the test's own process, each on a thread, against the real database."""

import os
from contextlib import contextmanager
from datetime import timedelta
from threading import Thread

import psycopg
from django.db import connection

from workflows.runtime.workers import dispatcher
from workflows.runtime.workers.dispatcher import Dispatcher
from workflows.runtime.workers.session import DispatcherSession


class Working:
    """One dispatcher on a thread of its own."""

    def __init__(self, group, slots, lease):
        self.dispatcher = Dispatcher(DispatcherSession(group, slots, lease), slots, lease)
        self.ended = None  # what work() returned, or raised
        self._thread = Thread(target=self._work, daemon=True)
        self._thread.start()

    def join(self, seconds=10):
        """Wait for the end of its work; drain it."""
        self._thread.join(seconds)
        assert not self._thread.is_alive()
        self.dispatcher.drain(timedelta(seconds=5))

    def _work(self):
        try:
            self.ended = self.dispatcher.work()
        except psycopg.Error as trouble:
            self.ended = trouble


@contextmanager
def stop_pipe_of(monkeypatch):
    """Give this process a stop pipe; yield what asks the dispatchers to stop."""
    reader, writer = os.pipe()
    asked = []
    monkeypatch.setattr(dispatcher, "stop_pipe", lambda: reader)

    def ask():
        if not asked:
            asked.append(True)
            os.close(writer)

    yield ask
    ask()
    os.close(reader)


@contextmanager
def working(monkeypatch, *, groups=("north",), slots=4, lease=timedelta(seconds=30)):
    """Let dispatchers work; stop them at the end."""
    with stop_pipe_of(monkeypatch) as ask:
        found = [Working(group, slots, lease) for group in groups]
        try:
            yield found
        finally:
            ask()
            for one in found:
                one.join()


@contextmanager
def another_session():
    """A session as somebody else would have one, in a transaction of its own."""
    wrapper = connection.copy()
    try:
        wrapper.ensure_connection()
        yield wrapper.connection
    finally:
        wrapper.close()
