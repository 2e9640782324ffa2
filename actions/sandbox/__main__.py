"""`python -m actions.sandbox --http 127.0.0.1:8025 --smtp 127.0.0.1:8026`."""

import argparse
import signal
import sys
import threading

from actions.sandbox.sandbox import Address, Sandbox


def main() -> None:
    """Run until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="actions.sandbox", description=__doc__)
    parser.add_argument("--http", type=_address, default="127.0.0.1:8025", metavar="HOST:PORT")
    parser.add_argument("--smtp", type=_address, default="127.0.0.1:8026", metavar="HOST:PORT")
    options = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with Sandbox(options.http, options.smtp) as sandbox:
        sys.stdout.write(f"Sandbox: {sandbox.base_url}/ and mail on port {sandbox.smtp_port}\n")
        sys.stdout.flush()
        ended.wait()


def _address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host, int(port)


if __name__ == "__main__":
    main()
