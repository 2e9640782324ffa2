"""Environment variables, read once, with a clear word when one is missing or wrong."""

import json
import os
import secrets
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from config.postgres.address import data_root, running_address

ROOT = Path(__file__).resolve().parent.parent


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def words(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def whole(name: str, default: int) -> int:
    """Return the variable as a whole number. Raises ImproperlyConfigured."""
    value = text(name, str(default))
    if not value.isdecimal():
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.")
    return int(value)


def switch(name: str, *, default: bool = False) -> bool:
    """Return whether the variable says 1, true, yes or on."""
    return text(name, "1" if default else "0").lower() in {"1", "true", "yes", "on"}


def required_in_production(name: str, *, production: bool) -> str:
    """Return the variable; outside production, a random one kept in the data directory."""
    value = text(name)
    if value:
        return value
    if production:
        raise ImproperlyConfigured(
            f"{name} is not set. config/deploy/README.md says how to make one."
        )
    return _kept_secret(name)


def _kept_secret(name: str) -> str:
    file = data_root() / "secrets.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    known: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    if name not in known:
        known[name] = urlsafe_b64encode(secrets.token_bytes(32)).decode()
        draft = file.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(known))
        draft.replace(file)
    return known[name]


def database(process: str) -> dict[str, Any]:
    """Return Django's DATABASES entry for this kind of process (web, worker or command)."""
    return {
        "ENGINE": "config.pooled" if process == "worker" else "django.db.backends.postgresql",
        **_address(),
        **_connections(process),
        "TEST": {"NAME": text("SAYR_TEST_DATABASE") or None},
    }


def _address() -> dict[str, Any]:
    running = running_address()
    url = text("DATABASE_URL") or (running.app_url if running else "")
    if not url:
        # Commands that need no database (makemigrations --check, collectstatic) still work.
        return {"NAME": "sayr", "HOST": "", "USER": ""}
    try:
        parts = conninfo_to_dict(url)
    except ProgrammingError as wrong:
        raise ImproperlyConfigured(f"DATABASE_URL cannot be read: {wrong}") from None
    return {
        "NAME": parts.get("dbname") or "sayr",
        "USER": parts.get("user") or "",
        "PASSWORD": parts.get("password") or "",
        "HOST": parts.get("host") or "",
        "PORT": str(parts.get("port") or ""),
    }


def _connections(process: str) -> dict[str, Any]:
    if process == "command":
        return {"CONN_MAX_AGE": None}
    lease_seconds = whole("SAYR_LEASE_SECONDS", 30)
    limits = (
        # Below the lease: a worker frozen inside a transaction must lose its row locks in time.
        f"-c idle_in_transaction_session_timeout={lease_seconds * 2000 // 3}ms",
        # A page that takes longer is lost to its reader, and a thread to everybody else. Locks end
        # first: who waits for one is told so.
        f"-c statement_timeout={'5s' if process == 'web' else '30s'}",
        f"-c lock_timeout={'3s' if process == 'web' else '10s'}",
        # Whatever the server, the database or the role has: Django needs no statement to set it.
        "-c TimeZone=UTC",
    )
    options: dict[str, Any] = {
        "options": " ".join(limits),
        "connect_timeout": 5,
        # Django switches prepared statements off altogether unless told otherwise; without them
        # PostgreSQL plans each statement of a run anew, which took it 0.9 ms a run (measured).
        "prepare_threshold": 5,
    }
    if process == "web":
        return {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True, "OPTIONS": options}
    # Sixty-four slots worked on eighteen connections at no cost (measured): a thread gives its
    # connection back before it calls out.
    pool = {"min_size": 1, "max_size": whole("SAYR_WORKER_CONNECTIONS", 8), "timeout": 10}
    return {"CONN_MAX_AGE": 0, "OPTIONS": {**options, **_KEPT_ALIVE, "pool": pool}}


# A firewall forgets idle connections and says nothing. So that it does not, and so that one which
# is dead is known to be so before it is used, or within seconds while it is.
_KEPT_ALIVE = {
    "keepalives_idle": 30,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,  # ms
}
