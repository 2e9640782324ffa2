"""A browser without a window: it keeps cookies and reads pages of one server."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from tenants.core.json import Json

TIMEOUT_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Page:
    """An answer."""

    status: int
    text: str
    location: str  # where a redirect leads; "" if it is none

    def json(self) -> Json:
        """Return the body as JSON. Raises ValueError."""
        return json.loads(self.text)


class Visitor:
    """One person at one browser."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._cookies: dict[str, str] = {}

    def get(self, path: str) -> Page:
        """Fetch a page. Raises OSError."""
        return self._ask("GET", path, {}, None)

    def post_form(self, path: str, fields: Mapping[str, str]) -> Page:
        """Send a form, with the token that Django wants. Raises OSError."""
        token = self._cookies.get("csrftoken", "")
        body = urlencode({**fields, "csrfmiddlewaretoken": token})
        return self._ask("POST", path, {"Content-Type": "application/x-www-form-urlencoded"}, body)

    def post_json(self, path: str, body: Json, headers: Mapping[str, str]) -> Page:
        """Send JSON. Raises OSError."""
        headers = {"Content-Type": "application/json", **headers}
        return self._ask("POST", path, headers, json.dumps(body))

    def log_in(self, path: str, name: str) -> Page:
        """Log in as one of the demo's people, whose password is the name. Raises OSError."""
        self.get(path)
        return self.post_form(path, {"username": name, "password": name})

    def _ask(self, method: str, path: str, headers: Mapping[str, str], body: str | None) -> Page:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        connection = http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request(method, path, body, {**headers, "Cookie": cookies})
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
        except http.client.HTTPException as error:
            raise OSError(f"{method} {path}: {error!r}") from error
        finally:
            connection.close()
        for line in answer.headers.get_all("Set-Cookie") or []:
            self._cookies.update({key: one.value for key, one in SimpleCookie(line).items()})
        return Page(answer.status, text, answer.headers.get("Location", ""))
