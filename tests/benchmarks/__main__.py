"""`make bench`: the bare loop, Sayr, and django-q2 alone, in turns, three rounds, medians.

ARGS: --json (one JSON object on the last line), --only PART[,PART…], --of SYSTEM[,SYSTEM…],
--rounds N, --quick (shows that it works, not how fast). What was measured is printed also if a
later part fails; then the exit code is 1, and the last lines before the JSON name what failed.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import median

from tests.benchmarks.plan import PARTS, Plan

ROOT = Path(__file__).resolve().parents[2]

SYSTEMS = ("bare", "sayr", "django_q2")
FLAG = "BENCH_DIRECTORY"


def main():
    """Give the measurement a server and a folder of its own; leave nothing behind."""
    if FLAG in os.environ:
        return _measure(_arguments())
    _arguments()
    data = ROOT / ".data"
    data.mkdir(exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="bench-", dir=data))
    environment = {**os.environ, FLAG: str(directory), "SAYR_PROCESS": "web"}
    environment.setdefault("SAYR_DATA_DIR", str(directory))
    itself = [sys.executable, "-m", "tests.benchmarks", *sys.argv[1:]]
    try:
        served = [sys.executable, "-m", "config.postgres", "run", "--", *itself]
        process = subprocess.Popen(served, cwd=ROOT, env=environment)
        # Passed on, so that the server stops before its files are removed.
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        return process.wait()
    finally:
        # The embedded server's files may lie elsewhere, if its account cannot enter this folder.
        shutil.rmtree((directory / "postgres").resolve(), ignore_errors=True)
        shutil.rmtree(directory, ignore_errors=True)


def _arguments():
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--only", type=lambda text: tuple(text.split(",")), default=PARTS)
    parser.add_argument("--of", type=lambda text: tuple(text.split(",")), default=SYSTEMS)
    parser.add_argument("--runs", type=int, default=Plan.runs)
    parser.add_argument("--slots", type=int, default=Plan.slots)
    return parser.parse_args()


def _measure(given):
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    from tests.benchmarks.processes import sink

    plan = replace(Plan(), only=given.only, runs=given.runs, slots=given.slots)
    plan = plan.quick() if given.quick else plan
    rounds = given.rounds or (1 if given.quick else 3)
    seen, failed = {system: [] for system in SYSTEMS}, []

    def measure(when, system, module):
        found, problem = _tried(module, plan, template)
        if found:
            seen[system].append(found)
            _tell(when, system, found)
        if problem:
            failed.append(f"{when}, {module}: {problem}")
            print("failed ", failed[-1], flush=True)

    with sink(0) as quick, sink(plan.io_delay_seconds) as slow, _database() as template:
        plan = replace(plan, sink=quick, slow_sink=slow)
        os.environ["SAYR_ALLOWED_PRIVATE_HOSTS"] = f"{quick},{slow}"
        try:
            for number in range(rounds):
                for system in given.of:
                    measure(f"round {number + 1}", system, system)
            for part in ("claim", "loop"):
                if part in plan.only and "sayr" in given.of:
                    measure("at the end", "sayr", part)
        finally:  # interrupted, too
            _sum_up(given, seen, failed)
    return 1 if failed else 0


def _sum_up(given, seen, failed):
    figures = {system: _medians(found) for system, found in seen.items()}
    for system in given.of:
        _tell("median", system, figures[system])
    for problem in failed:
        print("failed ", problem, flush=True)
    if given.json:
        print(json.dumps(figures), flush=True)


def _database():
    from contextlib import closing

    from tests.support.live import LiveDatabase

    os.environ.setdefault("SAYR_TEST_APP_URL", os.environ["DATABASE_URL"])
    return closing(LiveDatabase("sayr_bench_template"))


class PartFailed(Exception):
    """A part could not be measured; `figures` are those of the parts before it."""

    def __init__(self, problem, figures):
        super().__init__(problem)
        self.figures = figures


def _tried(module, plan, template):
    """Return the figures of one system, and what was wrong (None: nothing)."""
    try:
        return _part(module, plan, template), None
    except PartFailed as failure:
        return failure.figures, str(failure)
    except Exception as problem:  # noqa: BLE001  # whatever it is, the rest is still worth knowing
        return {}, f"{type(problem).__name__}: {problem}"


def _part(module, plan, template):
    """Measure one system in a fresh database and a process of its own. Raises PartFailed."""
    from contextlib import closing

    from tests.support.live import LiveDatabase
    from workflows.runtime.workers.process import die_with_parent

    with closing(LiveDatabase(f"sayr_bench_{module}", template=template)) as database:
        command = [sys.executable, "-m", f"tests.benchmarks.{module}", plan.as_argument()]
        environment = database.environment()
        how = {"stdout": subprocess.PIPE, "preexec_fn": die_with_parent}
        done = subprocess.run(command, cwd=ROOT, env=environment, **how, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith(b"{")]
    figures = {name: value for line in lines for name, value in line.get("figures", {}).items()}
    if done.returncode:
        # The innermost comes first; whoever was killed has said nothing.
        said = next((f"{one['part']}: {one['error']}" for one in lines if "error" in one), None)
        raise PartFailed(said or f"ended with code {done.returncode}", figures)
    return figures


def _medians(found):
    names = dict.fromkeys(name for one in found for name in one)
    values = {name: [one[name] for one in found if name in one] for name in names}
    return {name: round(median(all_of), 3) for name, all_of in values.items()}


def _tell(what, system, figures):
    shown = "  ".join(f"{name} {value:.2f}" for name, value in figures.items())
    print(f"{what:8} {system:9} {shown}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
