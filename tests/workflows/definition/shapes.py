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


def for_each(name, steps, **params):
    return step(name, "for_each", **{"items": "{{ trigger.list }}", "steps": steps, **params})


def parallel(name, results=None, /, **branches):
    """`branches` are lists of steps, `results` what some of them hand back, by name."""
    written = [
        {
            "name": key,
            "steps": steps,
            **({"result": results[key]} if key in (results or {}) else {}),
        }
        for key, steps in branches.items()
    ]
    return step(name, "parallel", branches=written)


def run_workflow(name="other", **params):
    return step(name, "run_workflow", **{"workflow": "refunds", **params})


def wait_for_event(name="fetched", **params):
    usual = {"type": "fetched", "match": {"id": "{{ trigger.a }}"}}
    return step(name, "wait_for_event", **{**usual, **params})


def approval(name="decide", **params):
    return step(
        name, "approval", **{"title": "Release?", "approvers": ["role:operations"], **params}
    )


def reminder(*steps, after="1h", **more):
    return {"after": after, "steps": list(steps), **more}


def with_everything():
    """Return a document with the steps that start child runs or wait for somebody, nested."""
    lines = for_each(
        "lines",
        [
            call("look_up", "{{ item.sku }}"),
            for_each(
                "lots",
                [{**stop("enough"), "condition": IF_ONE}, call("pick", "{{ outer.item.sku }}")],
                items="{{ item.lots }}",
                result="{{ item_index }}",
            ),
            parallel(
                "both",
                {"x": "{{ steps.ask_x.output.n }}"},
                x=[call("ask_x")],
                y=[{**stop("skip"), "condition": IF_ONE}],
            ),
        ],
        result={"sku": "{{ item.sku }}", "lots": "{{ steps.lots.output.results }}"},
        concurrency=10,
    )
    goods = wait_for_event(
        "goods",
        timeout="2d",
        look_back="1h",
        on_timeout=[call("late"), run_workflow("ask_again", input={"id": "{{ trigger.a }}"})],
        reminders=[reminder(call("notice", "{{ steps.goods.output.reminder }}"))],
    )
    release = approval(
        "release",
        message="Order {{ trigger.a }}",
        form=[{"key": "why", "label": "Why?", "type": "choice", "options": ["a", "b"]}],
        timeout="7d",
        timeout_choice="reject",
        reminders=[
            reminder(
                branch("whom", [call("ping", "{{ steps.release.output.link }}")]),
                every="1d",
                at_most=3,
            )
        ],
    )
    return {
        "name": "Everything",
        "trigger_type": "anything",
        "settings": {
            "concurrency_key": "{{ trigger.a }}",
            "when_busy": "replace",
            "max_running": 20,
            "deadline": "7d",
        },
        "steps": [
            call("first", after_crash="repeat"),
            lines,
            {**goods, "on_error": after_error(call("lost"), then="continue")},
            release,
            call("last", "{{ steps.release.output.answers.why }}"),
        ],
        "output": {"lines": "{{ steps.lines.output.succeeded | default: 0 }}"},
        "on_failure": [for_each("undo", [call("undo_one", "{{ item }}")])],
    }


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
