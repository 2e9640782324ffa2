"""`make bench` works and says what it promises. How fast is not a test's question."""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EVERY = {"burst_runs_per_s", "drain_runs_per_s", "latency_p50_ms", "latency_p95_ms"}
OF_SAYR = {
    "fire_ratio",
    "io_limit_ratio",
    "io_pss_mb",
    "claim_ratio",
    "io_connections",
    "rehearsal_per_minute",
    "loop_ratio",
    "loop_row_kb",
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
