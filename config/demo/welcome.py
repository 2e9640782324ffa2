"""What a person reads when all of it runs."""

import json
import shlex
from pathlib import Path

from config.demo.addresses import Addresses
from config.demo.running import Demo

# A workflow of the first company listens: what it sends appears in the sandbox.
EXAMPLE_TYPE = "order_status_changed"
EXAMPLE = {
    "order_id": "C-2001",
    "order_number": "C-2001",
    "status": "cancelled",
    "customer_name": "Maya Khoury",
    "total_amount": "480.00",
    "currency": "USD",
}


def welcome(demo: Demo) -> str:
    parts = [
        "",
        "Sayr is running.",
        "",
        _where(demo.addresses),
        "",
        _people(demo),
        "",
        "  Fire an event, and see in the sandbox what comes of it:",
        "",
        _example(demo),
        "",
        f"  Logs: {_short(demo.logs)}/",
        "",
        "Ctrl+C stops everything.",
    ]
    return "\n".join(parts)


def _where(addresses: Addresses) -> str:
    lines = [
        ("Admin", f"{addresses.web}/admin/", "workflows and their history"),
        ("Sandbox", f"{addresses.sandbox}/", "what the steps sent: WhatsApp, mail, Slack, Teams"),
        ("API schema", f"{addresses.web}/api/v1/schema/", "OpenAPI"),
    ]
    return "\n".join(f"  {name:<11} {url:<38} {what}" for name, url, what in lines)


def _people(demo: Demo) -> str:
    lines = [("Log in as", "password", "who sees"), *demo.seeded.people]
    return "\n".join(f"  {name:<11} {password:<12} {role}" for name, password, role in lines)


def _example(demo: Demo) -> str:
    url = f"{demo.addresses.web}/api/v1/triggers/{EXAMPLE_TYPE}/"
    body = shlex.quote(json.dumps(EXAMPLE))
    return "\n".join(
        (
            f"  curl {url} \\",
            f"    -H 'Authorization: Api-Key {demo.seeded.api_key}' \\",
            "    -H 'Content-Type: application/json' \\",
            f"    -d {body}",
        )
    )


def _short(path: Path) -> str:
    """Return the path as seen from here, if it lies below."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
