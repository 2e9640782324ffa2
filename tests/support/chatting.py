"""A company that tells its team in Slack and Teams, at the stand-ins."""

from typing import Any
from uuid import uuid4

from actions import registry
from actions.errors import ActionFailure
from actions.models.connection import Connection
from actions.outbound.request import Request
from actions.spec import ActionContext, Preview

TOKEN = "xoxb-1234567890-abcdefGHIJKL"
SIGNATURE = "Tq8yK-IM_VzsN0WL3mNql3v7uWbBbKgtVkJXbHjs3qz"


class Chatting:
    """One tenant's team."""

    def __init__(self, tenant: Any, outside: Any, settings: Any) -> None:
        allowed = [outside.host_and_port]
        settings.SAYR = {**settings.SAYR, "ACTIONS": {"ALLOWED_PRIVATE_HOSTS": allowed}}
        self.tenant, self.outside = tenant, outside
        self.forget()

    def forget(self) -> None:
        self.outside.journal.forget()
        for rule in self.outside.journal.behaviours():
            self.outside.behave(rule.channel, "ok", path=rule.path)

    def connect_slack(self) -> None:
        self._connect(
            "slack",
            {"base_url": f"{self.outside.base_url}/slack", "channel": "#orders"},
            {"bot_token": TOKEN},
        )

    def connect_teams(self) -> None:
        path = "teams/workflows/86ffea6392fe4f3f9555f5e8f9b1f06e/triggers/manual/paths/invoke"
        query = f"api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={SIGNATURE}"
        self._connect("teams", {}, {"webhook_url": f"{self.outside.base_url}/{path}?{query}"})

    def _connect(self, kind: str, settings: Any, secrets: Any) -> None:
        Connection.objects.create(
            tenant=self.tenant, key=kind, name=kind, kind=kind, settings=settings, secrets=secrets
        )

    def context(self) -> ActionContext:
        run_id = uuid4()
        return ActionContext(
            tenant=self.tenant.facts(),
            run_id=run_id,
            step_name="tell",
            idempotency_key=f"{run_id}-1",
            timeout_seconds=10,
            render_text=lambda source, *, html=False: source,
        )

    def tell(self, text: str = "Hello", **params: Any) -> Any:
        """Post, and return the step's output."""
        return registry.get("team_notify").run({"text": text, **params}, self.context())

    def preview(self, text: str, **params: Any) -> Preview:
        action = registry.get("team_notify")
        assert action.preview is not None
        return action.preview({"text": text, **params}, self.context())

    def failure(self, text: str = "Hello", **params: Any) -> ActionFailure:
        """Post, and return how that failed."""
        try:
            self.tell(text, **params)
        except ActionFailure as failure:
            return failure
        raise AssertionError("it did not fail")


def get(outside: Any, path: str = "a", *, json_by_content: bool = False) -> Request:
    """Return a request to the stand-in of any web server."""
    url = f"{outside.base_url}/hook/{path}"
    return Request("GET", url, json_by_content=json_by_content)
