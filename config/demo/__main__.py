"""`python -m config.demo`: refuses Windows before anything is imported that Windows lacks."""

import sys


def main(arguments: list[str]) -> int:
    if sys.platform == "win32":
        print("Sayr runs on Linux and macOS; on Windows, inside WSL.", file=sys.stderr)
        return 1
    from config.demo import program

    return program.main(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
