"""The demo's child processes: one that dies is named, and none is left behind."""

import os
import signal
import subprocess
import sys
import time

import pytest

from config.demo.errors import ProcessEnded
from config.demo.interruption import DemoInterrupted, Interruption
from config.demo.processes import MARK, Children, living
from config.postgres.address import PROJECT_ROOT

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="reads other processes' environment"),
    # The demo itself has no threads; the test run has those of its fixtures.
    pytest.mark.filterwarnings("ignore:This process:DeprecationWarning"),
]

SLEEP = "import time; time.sleep(60)"
# Starts a child of its own; neither takes notice of SIGTERM.
STUBBORN = f"""
import signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import signal; signal.signal(15, 1); {SLEEP}"])
print("ready", flush=True)
{SLEEP}
"""
# A demo with one child, which it does not get to stop.
PARENT = f"""
import os, sys, time
from pathlib import Path
from config.demo.interruption import Interruption
from config.demo.processes import Children
with Children(Path(sys.argv[1]), sys.argv[2], Interruption()) as children:
    children.start("sleeper", [sys.executable, "-c", {SLEEP!r}], os.environ)
    print("ready", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def interruption():
    return Interruption()


@pytest.fixture
def children(tmp_path, interruption):
    with Children(tmp_path / "logs", str(tmp_path), interruption) as started:
        yield started


def python(code):
    return [sys.executable, "-c", code]


def start(children, code, name="child"):
    return children.start(name, python(code), os.environ)


def wait_until(happened, seconds=10):
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_child_that_died_is_named_with_the_end_of_its_log(children):
    child = start(children, "print('one'); print('two'); raise SystemExit(3)", "worker")
    child.process.wait()

    with pytest.raises(ProcessEnded) as told:
        children.check()

    assert str(told.value).splitlines() == [
        f"worker ended with exit code 3. Its log, {child.log}, ends:",
        "one",
        "two",
    ]


def test_a_child_that_was_killed_is_named_with_the_signal(children):
    child = start(children, SLEEP, "web")
    child.process.kill()
    child.process.wait()

    with pytest.raises(ProcessEnded, match=r"^web ended with signal 9\. Its log, .*, is empty\.$"):
        children.check()


def test_waiting_for_a_child_that_died_ends_at_once(children):
    child = start(children, "raise SystemExit('no such port')")

    with pytest.raises(ProcessEnded, match="no such port"):
        children.wait_for(child, lambda: False)


def test_a_command_that_succeeds_is_forgotten_and_one_that_fails_is_told(children):
    children.finish(start(children, ""))
    children.check()

    with pytest.raises(ProcessEnded, match="exit code 1"):
        children.finish(start(children, "raise SystemExit(1)"))


def test_stopping_asks_first_and_in_the_reverse_order(tmp_path, interruption):
    code = "import signal, sys, time\nsignal.signal(15, lambda *_: sys.exit(print(time.time())))\n"
    code += "print('ready', flush=True)\ntime.sleep(60)"
    with Children(tmp_path / "logs", str(tmp_path), interruption) as children:
        first, second = start(children, code, "first"), start(children, code, "second")
        for child in (first, second):
            wait_until(lambda child=child: "ready" in child.log.read_text())

    ends = [float(child.log.read_text().split()[-1]) for child in (first, second)]
    assert ends[1] < ends[0]
    assert [first.process.returncode, second.process.returncode] == [0, 0]


def test_stopping_leaves_nothing_even_of_those_who_do_not_listen(tmp_path, interruption):
    mark = str(tmp_path)
    with Children(tmp_path / "logs", mark, interruption) as children:
        child = start(children, STUBBORN)
        wait_until(lambda: "ready" in child.log.read_text())
        assert len(living(mark)) == 2
        interruption.is_urgent = True

    wait_until(lambda: not living(mark), seconds=2)
    assert child.process.returncode == -signal.SIGKILL


def test_children_end_with_a_demo_that_is_killed(tmp_path):
    mark = str(tmp_path)
    command = [*python(PARENT), str(tmp_path / "logs"), mark]
    with subprocess.Popen(command, cwd=PROJECT_ROOT, stdout=subprocess.PIPE) as parent:
        parent.stdout.readline()
        assert len(living(mark)) == 1
        parent.kill()

    wait_until(lambda: not living(mark), seconds=2)


def test_every_child_carries_the_mark(children, tmp_path):
    child = start(children, f"import os; print(os.environ[{MARK!r}])")
    children.finish(child)

    assert child.log.read_text().strip() == str(tmp_path)


@pytest.fixture
def listening(interruption):
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    interruption.listen()
    yield interruption
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_interrupts_and_the_second_only_hastens(listening, number):
    with pytest.raises(DemoInterrupted):
        signal.raise_signal(number)
    assert not listening.is_urgent

    signal.raise_signal(number)
    assert listening.is_urgent


def test_a_deferred_signal_waits_for_the_end_of_the_block(listening):
    done = []

    def work():
        with listening.deferred():
            signal.raise_signal(signal.SIGTERM)
            done.append("all of it")
        done.append("and more")

    with pytest.raises(DemoInterrupted):
        work()
    assert done == ["all of it"]
