"""Telling the team in Slack and Teams."""

import logging
from datetime import timedelta

import pytest

from actions.errors import PermanentFailure, TemporaryFailure
from actions.models.connection import Connection


@pytest.fixture
def slack(tenant, sandbox):
    return Connection.objects.create(
        tenant=tenant,
        key="slack",
        name="Slack",
        kind="slack",
        settings={"base_url": f"{sandbox.base_url}/slack", "channel": "#orders"},
        secrets={"bot_token": "xoxb-very-secret"},
    )


@pytest.fixture
def teams(tenant, sandbox):
    return Connection.objects.create(
        tenant=tenant,
        key="teams",
        name="Teams",
        kind="teams",
        secrets={"webhook_url": f"{sandbox.base_url}/teams/0123456789abcdef"},
    )


def failed(run, kind=PermanentFailure, **params):
    with pytest.raises(kind) as failure:
        run("team_notify", **{"text": "Hello", **params})
    return failure.value


def test_posts_to_the_connections_channel_in_slack(run, sandbox, slack):
    output = run("team_notify", text="Order 1001: 149.90 $")

    [received] = sandbox.received("slack")
    assert received.body == {"channel": "#orders", "text": "Order 1001: 149.90 $"}
    assert received.headers["authorization"] == "Bearer xoxb-very-secret"
    assert output == {
        "service": "slack",
        "channel": "C0SANDBOX",
        "message_id": f"1700000000.{received.id:06}",
        "text": "Order 1001: 149.90 $",
    }


def test_a_title_and_a_colour_in_slack(run, sandbox, slack):
    run("team_notify", text="Refunded", title="Order 1001", color="red", channel="#alerts")

    assert sandbox.received("slack")[0].body == {
        "channel": "#alerts",
        "attachments": [
            {"text": "Refunded", "fallback": "Refunded", "title": "Order 1001", "color": "#e01e5a"}
        ],
    }


def test_a_customers_name_cannot_call_the_whole_company(run, sandbox, slack):
    run("team_notify", text="New order of <!channel> & <@U1>")

    assert sandbox.received("slack")[0].body["text"] == (
        "New order of &lt;!channel&gt; &amp; &lt;@U1&gt;"
    )


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("channel_not_found", "slack_channel_refused"),
        ("not_in_channel", "slack_channel_refused"),
        ("is_archived", "slack_channel_refused"),
        ("invalid_auth", "slack_access_refused"),
        ("missing_scope", "slack_access_refused"),
        ("msg_too_long", "slack_refused"),
        ("something_new", "slack_refused"),
    ],
)
def test_what_slack_refuses_is_permanent(run, sandbox, slack, error, code):
    sandbox.behave("slack", "fail", error=error)

    failure = failed(run)

    assert (failure.code, failure.params["answer"]) == (code, error)


@pytest.mark.parametrize(
    ("error", "arrived"),
    [
        ("ratelimited", False),
        ("rate_limited", False),
        ("message_limit_exceeded", False),
        ("service_unavailable", False),
        ("request_timeout", False),
        ("team_added_to_org", False),
        ("internal_error", True),
        ("fatal_error", True),
    ],
)
def test_trouble_at_slack_is_temporary(run, sandbox, slack, error, arrived):
    sandbox.behave("slack", "fail", error=error)

    failure = failed(run, TemporaryFailure)

    assert failure.code == "slack_busy"
    assert failure.params == {
        "may_have_arrived": arrived,
        "answer": error,
        "provider_code": error,
    }


@pytest.mark.parametrize("status", [500, 502, 503])
def test_slacks_own_word_says_more_than_the_status_beside_it(run, sandbox, slack, status):
    own = {"ok": False, "error": "service_unavailable"}
    sandbox.behave("slack", "answer", status=status, body=own)

    failure = failed(run, TemporaryFailure)

    assert (failure.code, failure.params["may_have_arrived"]) == ("slack_busy", False)


@pytest.mark.parametrize("status", [500, 502, 504])
@pytest.mark.parametrize("body", [None, "<html>Bad gateway</html>", {"ok": False}])
def test_an_error_of_a_gateway_leaves_it_open(run, sandbox, slack, status, body):
    sandbox.behave("slack", "answer", status=status, body=body)

    failure = failed(run, TemporaryFailure)

    assert (failure.code, failure.params["may_have_arrived"]) == (f"http_{status}", True)


def test_a_limit_of_teams_in_words_means_that_nothing_was_posted(run, sandbox, teams):
    text = "Microsoft Teams endpoint returned HTTP error 429 with ContextId tcid=0"
    sandbox.behave("teams", "answer", body=text)

    failure = failed(run, TemporaryFailure)

    assert (failure.code, failure.params["may_have_arrived"]) == ("teams_busy", False)


def test_a_limit_at_slack_says_how_long(run, sandbox, slack):
    sandbox.behave("slack", "rate_limit", retry_after=30)

    failure = failed(run, TemporaryFailure)

    assert (failure.code, failure.retry_after) == ("http_429", timedelta(seconds=30))


@pytest.mark.parametrize("body", [None, "no", [], {}, {"ok": "true"}])
def test_an_answer_of_another_shape_is_not_slacks(run, sandbox, slack, body):
    sandbox.behave("slack", "answer", body=body)

    failure = failed(run, TemporaryFailure)

    assert (failure.code, failure.params["may_have_arrived"]) == ("slack_unclear", True)


def test_no_channel_anywhere(run, sandbox, slack):
    slack.settings = {"base_url": slack.settings["base_url"]}
    slack.save()

    assert failed(run).code == "channel_missing"
    assert sandbox.received() == []


def test_posts_a_card_to_teams(run, sandbox, teams):
    output = run("team_notify", text="Refunded", title="Order 1001", color="red")

    [received] = sandbox.received("teams")
    [attachment] = received.body["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert attachment["content"]["body"] == [
        {
            "type": "TextBlock",
            "wrap": True,
            "text": "Order 1001",
            "weight": "bolder",
            "size": "medium",
            "color": "attention",
        },
        {"type": "TextBlock", "wrap": True, "text": "Refunded"},
    ]
    assert (output["service"], output["channel"]) == ("teams", "teams")
    assert "0123456789abcdef" not in str(output)


def test_the_address_of_teams_is_not_repeated(run, sandbox, teams):
    sandbox.behave("teams", "answer", status=400, body="no flow at /teams/0123456789abcdef")

    failure = failed(run)

    assert (failure.code, failure.params["answer"]) == ("http_400", "no flow at [secret]")


def test_no_log_shows_a_secret(run, sandbox, slack, teams, caplog):
    caplog.set_level(logging.DEBUG)
    sandbox.behave("teams", "fail", times=1)
    failed(run, TemporaryFailure, connection="teams")
    run("team_notify", text="x", connection="teams")
    run("team_notify", text="x", connection="slack")

    assert "0123456789abcdef" not in caplog.text
    assert "xoxb-very-secret" not in caplog.text


def test_old_teams_webhooks_hide_the_status_in_the_text(run, sandbox, teams):
    text = "Webhook message delivery failed with error: returned HTTP error 429 with ContextId"
    sandbox.behave("teams", "answer", body=text)
    assert failed(run, TemporaryFailure).code == "teams_busy"

    sandbox.behave("teams", "answer", body=text.replace("429", "413"))
    assert failed(run).code == "teams_refused"


@pytest.mark.parametrize(
    ("status", "arrived"), [(408, False), (503, False), (500, True), (502, True), (504, True)]
)
def test_a_gateways_error_in_the_text_leaves_it_open_too(run, sandbox, teams, status, arrived):
    text = f"Webhook message delivery failed with error: endpoint returned HTTP error {status}."
    sandbox.behave("teams", "answer", body=text)

    failure = failed(run, TemporaryFailure)

    assert (failure.code, failure.params["may_have_arrived"]) == ("teams_busy", arrived)


def test_with_both_the_step_must_choose(run, sandbox, slack, teams):
    failure = failed(run)

    assert (failure.code, failure.params["choices"]) == ("connection_ambiguous", ["slack", "teams"])
    assert run("team_notify", text="x", connection="teams")["service"] == "teams"


def test_another_tenants_connection(run, sandbox, slack, other_tenant):
    Connection.objects.filter(pk=slack.pk).update(tenant=other_tenant)

    assert failed(run, connection="slack").code == "connection_unknown"
    assert failed(run).code == "connection_missing"
    assert sandbox.received() == []
