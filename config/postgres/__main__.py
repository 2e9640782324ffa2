"""`python -m config.postgres`: refuses Windows before anything is imported that Windows lacks."""

import sys

from config.postgres.errors import UnsupportedPlatform


def main(arguments: list[str]) -> int:
    if sys.platform == "win32":
        print(UnsupportedPlatform("Windows"), file=sys.stderr)
        return 1
    from config.postgres import command_line

    return command_line.main(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
