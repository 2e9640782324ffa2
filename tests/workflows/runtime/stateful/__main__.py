"""`make stateful`: let everything happen to workflows for long.

ARGS: --minutes N, --seed N (do once more what that seed does), --without LAW[,LAW…].
"""

import argparse
import os
import subprocess
import sys

TEST = "tests/workflows/runtime/test_stateful.py"
GRACE_SECONDS = 600  # for the last example


def main():
    """Run the test for as long as is asked; return its exit code."""
    parser = argparse.ArgumentParser(prog="make stateful", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--without", default="")
    given = parser.parse_args()
    seconds = round(given.minutes * 60)
    more = {
        "SAYR_STATEFUL_SECONDS": str(seconds),
        "SAYR_STATEFUL_FIRST_SEED": str(given.first_seed),
        "SAYR_STATEFUL_WITHOUT": given.without,
    }
    if given.seed is not None:
        more["SAYR_STATEFUL_SEED"] = str(given.seed)
    limit = f"--timeout={seconds + GRACE_SECONDS}"
    command = [sys.executable, "-m", "pytest", "-q", "--show-capture=no", limit, TEST]
    return subprocess.run(command, env={**os.environ, **more}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
