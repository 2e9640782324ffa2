"""`make bench` works and says what it promises. How fast is not a test's question."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EVERY = {"burst_runs_per_s", "drain_runs_per_s", "latency_p50_ms", "latency_p95_ms"}
OF_SAYR = {"fire_ratio", "io_limit_ratio", "io_pss_mb", "claim_ratio", "io_connections"}


@pytest.mark.worker
def test_the_last_line_holds_every_figure():
    command = [sys.executable, "-m", "tests.benchmarks", "--quick", "--json"]
    environment = {name: value for name, value in os.environ.items() if name != "BENCH_DIRECTORY"}

    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=180
    )

    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert set(figures["bare"]) >= EVERY - {"burst_runs_per_s"}
    assert set(figures["django_q2"]) >= EVERY
    assert set(figures["sayr"]) >= EVERY | OF_SAYR
    counted = [one for of in figures.values() for one in of.values() if one is not None]
    assert all(figure > -1 for figure in counted)
    assert not list((ROOT / ".data").glob("bench-*"))
