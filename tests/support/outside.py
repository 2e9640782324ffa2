"""The sandbox providers, started beside whatever else this process runs."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from actions.sandbox.sandbox import Sandbox


@contextmanager
def running_sandbox() -> Iterator[Sandbox]:
    """Start and stop the sandbox on a thread of its own.

    Its mail server wants to run an event loop, and the browser's tests keep one running in the
    main thread.
    """
    with ThreadPoolExecutor(1) as thread:
        sandbox = thread.submit(Sandbox).result()
        thread.submit(sandbox.__enter__).result()
        try:
            yield sandbox
        finally:
            thread.submit(sandbox.__exit__, None, None, None).result()
