#!/usr/bin/env python
"""Django's command line."""

import os
import sys


def main() -> None:
    """Run a management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError as missing:
        sys.exit(f"Sayr is not installed in this Python ({missing}). Run: make setup")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
