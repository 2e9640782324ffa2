"""`make faults`: break things under load, and count what is lost, doubled and repeated.

ARGS: --seed N (else a random one), --only NAME[,NAME…], --short (for CI), --keep (the logs).
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from random import Random, SystemRandom

SHOWN = 5  # of the things that are wrong, for each scenario


def main():
    """Run the scenarios; return 1 if anything was lost or doubled."""
    given = _arguments()
    if os.environ.get("DATABASE_URL"):
        print("Unset DATABASE_URL: this ends and starts a server of its own.", file=sys.stderr)
        return 2
    from config.postgres.address import data_root
    from tests.faults import own_server

    data_root().mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="faults-", dir=data_root()))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        own_server.start(directory)
        return _run(given, directory)
    finally:
        if given.keep:
            print(f"The logs: {directory}", file=sys.stderr)
        own_server.remove(directory, keep_logs=given.keep)


def _arguments():
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--only", type=lambda text: text.split(","), default=[])
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_args()
    if given.seed is None:
        given.seed = SystemRandom().randrange(1_000_000)
    return given


def _run(given, directory):
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    import django

    django.setup()
    from tests.faults.world import World

    chosen = _chosen(given)
    with World(directory, given.seed, is_short=given.short) as world:
        stages = [_play(world, name, play) for name, play in chosen.items()]
    lost = sum(len(stage.verdict.lost) for stage in stages)
    doubled = sum(len(stage.verdict.doubled) for stage in stages)
    repeated = sum(stage.verdict.repeated for stage in stages)
    slowest = round(max(stage.slowest for stage in stages))
    faults = sum(stage.faults for stage in stages)
    found = f"lost {lost} doubled {doubled} repeated {repeated} slowest {slowest}"
    print(f"FAULTS {faults} {found}", flush=True)
    return 1 if lost or doubled else 0


def _chosen(given):
    from tests.faults.registry import SHOWN_BY
    from tests.faults.scenarios import SCENARIOS

    names = given.only or [n for n in SCENARIOS if not given.short or n not in SHOWN_BY]
    unknown = [name for name in names if name not in SCENARIOS]
    if unknown:
        sys.exit(f"There is no {unknown[0]}. There are: {', '.join(SCENARIOS)}")
    return {name: SCENARIOS[name] for name in names}


def _play(world, name, play):
    from tests.faults.stage import Stage

    begun = time.monotonic()
    stage = Stage(world, name, Random(f"{world.seed} {name}"))
    try:
        play(stage)
    except AssertionError as failure:
        # A bound of the scenario itself was passed: whatever was to happen did not.
        stage.verdict.lost.append(str(failure))
    stage.close()
    print(f"{stage.line()}  {time.monotonic() - begun:.0f} s", flush=True)
    for word, wrong in (("lost", stage.verdict.lost), ("doubled", stage.verdict.doubled)):
        for sentence in wrong[:SHOWN]:
            print(f"    {word}: {sentence}", flush=True)
    return stage


if __name__ == "__main__":
    sys.exit(main())
