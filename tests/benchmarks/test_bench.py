"""`make bench` works and says what it promises. How fast is not a test's question."""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.benchmarks import processes

ROOT = Path(__file__).resolve().parents[2]
EVERY = {"burst_runs_per_s", "drain_runs_per_s", "latency_p50_ms", "latency_p95_ms"}
OF_SAYR = {
    "fire_ratio",
    "io_limit_ratio",
    "io_pss_mb",
    "claim_ratio",
    "io_connections",
    "rehearsal_per_minute",
}


@pytest.mark.worker
def test_the_last_line_holds_every_figure(tmp_path):
    command = [sys.executable, "-m", "tests.benchmarks", "--quick", "--json"]
    environment = {name: value for name, value in os.environ.items() if name != "BENCH_DIRECTORY"}

    code, said = _carried_out(command, environment, tmp_path / "said")

    assert code == 0, said
    figures = json.loads(said.splitlines()[-1])
    assert set(figures["bare"]) >= EVERY - {"burst_runs_per_s"}
    assert set(figures["django_q2"]) >= EVERY
    assert set(figures["sayr"]) >= EVERY | OF_SAYR
    counted = [one for of in figures.values() for one in of.values()]
    assert all(figure > -1 for figure in counted)
    assert not list((ROOT / ".data").glob("bench-*"))


# Found by every Python process of the measurement: it ends the ones named below.
SABOTAGE = """
import os, sys
for one in {words!r}:
    if one in sys.orig_argv:
        os._exit(3)
"""


@pytest.mark.worker
def test_what_was_measured_is_kept_if_a_later_part_fails(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        SABOTAGE.format(words=["run_worker", "tests.benchmarks.claim"])
    )
    command = [sys.executable, "-m", "tests.benchmarks", "--quick", "--json", "--rounds", "2"]
    command += ["--of", "bare,sayr", "--only", "fire,latency,claim"]
    environment = {name: value for name, value in os.environ.items() if name != "BENCH_DIRECTORY"}
    environment["PYTHONPATH"] = str(tmp_path)

    code, said = _carried_out(command, environment, tmp_path / "said")

    assert code == 1, said
    *before, last = said.splitlines()
    figures = json.loads(last)
    assert set(figures["bare"]) == {"latency_p50_ms", "latency_p95_ms"}
    assert set(figures["sayr"]) == {"bare_save_p50_ms", "fired_save_p50_ms", "fire_ratio"}
    assert [line.split()[:3] for line in before if line.startswith("round")] == [
        ["round", number, system] for number in "12" for system in ("bare", "sayr")
    ]
    assert before[-3:] == [
        "failed  round 1, sayr: workers: AssertionError: the workers ended with code 3",
        "failed  round 2, sayr: workers: AssertionError: the workers ended with code 3",
        "failed  at the end, claim: ended with code 3",
    ]
    assert not list((ROOT / ".data").glob("bench-*"))


def test_the_measurements_own_statements_have_no_limit():
    script = (
        "import os, django; django.setup();"
        "from tests.benchmarks.processes import without_limits; without_limits();"
        "from django.db import connection; cursor = connection.cursor();"
        "shown = [cursor.execute(f'SHOW {name}').fetchone()[0] for name in"
        " ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout')];"
        "print(*shown)"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    environment["SAYR_PROCESS"] = "web"

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, check=True, capture_output=True
    )

    assert done.stdout.split() == [b"0", b"0", b"0"]


def test_patience_lasts_as_long_as_something_moves(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(processes.time, "monotonic", lambda: clock[0])
    patience = processes.Patience("runs are left")

    for left in range(100, 0, -1):
        clock[0] += 50
        patience.look(left)
    clock[0] += 61

    with pytest.raises(AssertionError, match=r"runs are left: nothing moved in 60 s"):
        patience.look(1)


def _carried_out(command, environment, output, seconds=240):
    """Run a command that starts servers; return its code and what it said. Ends it when late."""
    # A file, not a pipe: whoever reads a pipe to its end waits for every process that holds it.
    with output.open("w") as file:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=file, stderr=file, start_new_session=True
        )
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(30)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return process.returncode, output.read_text()
