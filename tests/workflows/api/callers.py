"""Applications that call the API, each with a key of its own."""

import json

from rest_framework.test import APIClient

from tenants.models.api_key import ApiKey


class Caller:
    """Sends requests with one API key."""

    def __init__(self, key, record=None):
        self.key, self.record = key, record
        self.http = APIClient(raise_request_exception=True)

    def fire(self, trigger_type="new_order", payload=None, *, body=None, query="", **headers):
        """Fire an event; `body` is sent as it is."""
        content = json.dumps({} if payload is None else payload) if body is None else body
        return self.http.generic(
            "POST",
            f"/api/v1/triggers/{trigger_type}/{query}",
            content,
            headers.pop("content_type", "application/json"),
            headers=self._headers(headers),
        )

    def get(self, address, **headers):
        """Read an address below /api/v1/."""
        path = address if address.startswith(("/", "http")) else f"/api/v1/{address}"
        return self.http.get(path, headers=self._headers(headers))

    def _headers(self, more):
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return {**({"Authorization": f"Api-Key {self.key}"} if self.key else {}), **named}


def make_caller(tenant, **values):
    record, key = ApiKey.objects.create_key(name="shop", tenant=tenant, **values)
    return Caller(key, record)
