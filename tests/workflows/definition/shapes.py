"""Steps of every kind, written short, and a document that nests them."""

ROW = {"field": "trigger.a", "operator": "equals", "value": 1}
IF_ONE = {"all": [ROW]}


def call(name="call", url="https://x", **step):
    return {"name": name, "action": "webhook", "params": {"url": url}, **step}


def step(name, action, /, **params):
    return {"name": name, "action": action, "params": params}


def branch(name, *cases, **params):
    """`cases` are lists of steps, each under a condition of its own."""
    written = [
        {"label": f"Case {number}", "when": {"all": [{**ROW, "value": number}]}, "steps": steps}
        for number, steps in enumerate(cases, 1)
    ]
    return step(name, "branch", cases=written, **params)


def stop(name="stop", **params):
    return step(name, "stop", **params)


def repeat(name, steps, until=None, **params):
    usual = {"every": "1m", "at_most": 10}
    return step(name, "repeat", steps=steps, until=until or IF_ONE, **{**usual, **params})


def after_error(*steps, **more):
    return {"steps": list(steps), **more}


def wait(name="pause", **params):
    return step(name, "wait", **params)


def emit(name="tell", **params):
    return step(name, "emit_event", **params)


def nested():
    """Return a document with every kind of step, inside one another."""
    poll = repeat(
        "poll",
        [
            call("ask", on_error=after_error(call("ask_again"), stop("give_up"), then="continue")),
            branch("by_answer", [call("good")], [wait("rest", **{"for": "5m"})]),
        ],
        until={"any": [{"field": "steps.good.output.x", "operator": "exists"}, ROW]},
    )
    window = {"days": ["sun", "mon"], "from": "09:00", "to": "17:00"}
    return {
        "name": "A",
        "trigger_type": "anything",
        "values": {"vat": "0.15"},
        "steps": [
            call("first", on_error=after_error(call("undo"), then="stop", codes=["http_404"])),
            branch(
                "by_risk",
                [poll, emit("tell_high", type="checked", payload={"a": "{{ trigger.a }}"})],
                [wait("until_due", until="{{ trigger.due }}", before="1h"), stop("end_here")],
                otherwise=[stop("refuse", outcome="failed", message="No: {{ trigger.a }}")],
            ),
            wait("office_hours", **{"for": "10m", "window": window}),
            emit("tell", type="done", subject_type="order", subject_id="{{ trigger.a }}"),
            {**stop("maybe_stop"), "condition": IF_ONE},
            call("last", on_error=after_error(call("sorry", "{{ run.error.code }}"))),
        ],
        "on_failure": [
            branch("tell_whom", [call("tell_ops", "{{ run.error.step }}")]),
            call("log", "{{ steps.first.output.x | default: 'nothing' }}"),
        ],
    }
