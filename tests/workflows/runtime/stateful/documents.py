"""Workflows drawn at random: lists, branches, loops, waits, questions, calls, lanes, deadlines."""

from hypothesis import strategies as st

from workflows.definition.blocks import ends

ADDRESSES = ("a", "b", "c")
ORDERS = ("1", "2")
PERSON = "sara@company.example"
CALLEE = "callee"
TELLING = "f"  # how the names of the steps for a run that has failed begin
NESTED = ("steps", "otherwise", "on_timeout")  # params that hold steps
GROUPS = ("cases", "branches", "reminders")  # params that hold things that hold steps

YES = {"all": [{"field": "trigger.yes", "operator": "is_true"}]}
NO = {"all": [{"field": "trigger.yes", "operator": "is_false"}]}


def settings():
    """Return how the runs of a workflow take turns, and how long they may take."""
    key = st.sampled_from([None, None, "{{ trigger.order }}", "one"])
    most = st.sampled_from([None, None, None, 1, 2])
    busy = st.sampled_from(["wait", "wait", "replace"])
    deadline = st.sampled_from([None, None, "1d"])
    return st.builds(_settings, key, most, busy, deadline)


def _settings(key, most, busy, deadline):
    given = {"concurrency_key": key, "max_running": most, "deadline": deadline}
    if key is not None and busy == "replace":
        given["when_busy"] = busy
    return {name: value for name, value in given.items() if value is not None}


@st.composite
def documents(draw, *, calls=True):
    """Return the steps of a workflow, named. `calls`: it may call another one."""
    counter = []
    main = draw(st.lists(step(0, calls=calls), min_size=1, max_size=4))
    document = {"name": "W", "steps": named(without_unreachable(main), counter, "s")}
    if draw(st.booleans()) and draw(st.booleans()):
        document["on_failure"] = named([draw(st.one_of(call(), question()))], counter, TELLING)
    return document


def step(depth, *, calls=True):
    """Return one step without a name."""
    kinds = [call(), call(), call(), pause(), question(), event(depth)]
    if depth < 2:
        kinds += [each(depth, calls), each(depth, calls), arms(depth, calls), branch(depth, calls)]
        kinds += [again(depth, calls)]
    if depth:
        kinds.append(stop())
    if calls:
        kinds.append(called())
    return st.one_of(kinds)


def steps(depth, calls):
    """Return a few steps inside another one."""
    return st.lists(step(depth, calls=calls), min_size=1, max_size=2).map(without_unreachable)


def call():
    """Return a call that may be repeated or not, or a write to the database."""
    action = st.sampled_from(["call", "call", "send", "mark", "mark"])
    address = st.sampled_from(ADDRESSES)
    moment = st.sampled_from(["", " {{ now }}"])
    tries = st.sampled_from([1, 1, 2])
    return st.builds(_call, action, address, moment, tries, on_error())


def _call(action, address, moment, tries, error):
    retry = {"attempts": tries, "delay": "1s"}
    return {"action": action, "params": {"to": address + moment}, "retry": retry, **error}


def on_error():
    """Return what is done about a failure."""
    tell = {"action": "call", "params": {"to": "d"}, "retry": {"attempts": 1}}
    block = {"steps": [tell], "then": "stop"}
    ways = [{}, {}, {"on_error": "continue"}, {"on_error": block}]
    return st.sampled_from(ways)


def pause():
    """Return a wait for a moment."""
    return st.just({"action": "wait", "params": {"for": "1h"}})


def question():
    """Return a question to people, with or without an end, with or without a reminder."""
    ask = {"title": "Go on?", "approvers": [PERSON], "allow_self": True}
    nudge = [{"after": "1h", "steps": [{"action": "call", "params": {"to": "r"}}]}]
    patience = [
        {},
        {"timeout": "2d"},
        {"timeout": "2d", "timeout_choice": "reject"},
        {"timeout": "2d", "timeout_choice": "reject", "reminders": nudge},
    ]
    return st.sampled_from([{"action": "approval", "params": {**ask, **one}} for one in patience])


def event(depth):
    """Return a wait for the payment of the run's order."""
    paid = {"type": "paid", "match": {"order": "{{ trigger.order }}"}}
    late = [{"action": "mark", "params": {"to": "late"}}]
    patience = [{}, {"timeout": "2d"}, {"timeout": "2d", "on_timeout": late}]
    return st.builds(
        lambda more, error: {"action": "wait_for_event", "params": {**paid, **more}, **error},
        st.sampled_from(patience),
        st.sampled_from([{}, {"on_error": "continue"}]),
    )


def stop():
    """Return the end of the run, or of one item."""
    outcomes = st.sampled_from(["completed", "failed"])
    return outcomes.map(
        lambda end: {"action": "stop", "params": {"outcome": end, "message": "end"}}
    )


def branch(depth, calls):
    """Return two ways."""
    return st.builds(
        lambda when, then, other: {
            "action": "branch",
            "params": {"cases": [{"when": when, "steps": then}], "otherwise": other},
        },
        st.sampled_from([YES, NO]),
        steps(depth + 1, calls),
        steps(depth + 1, calls),
    )


def each(depth, calls):
    """Return a list of which each item is worked on by a run of its own."""
    return st.builds(
        lambda inside, count, at_once, fails, error: {
            "action": "for_each",
            "params": {
                "items": list(range(count)),
                "steps": inside,
                "concurrency": at_once,
                "if_one_fails": fails,
                "result": "{{ item }}",
            },
            **error,
        },
        steps(depth + 1, calls),
        st.integers(1, 3),
        st.integers(1, 2),
        st.sampled_from(["stop", "continue"]),
        on_error(),
    )


def arms(depth, calls):
    """Return two branches at once."""
    return st.builds(
        lambda one, two, fails: {
            "action": "parallel",
            "params": {
                "branches": [{"name": "one", "steps": one}, {"name": "two", "steps": two}],
                "if_one_fails": fails,
            },
        },
        steps(depth + 1, calls),
        steps(depth + 1, calls),
        st.sampled_from(["stop", "continue"]),
    )


def again(depth, calls):
    """Return a loop of at most two rounds."""
    return st.builds(
        lambda inside, until, error: {
            "action": "repeat",
            "params": {"steps": inside, "until": until, "every": "1s", "at_most": 2},
            **error,
        },
        steps(depth + 1, calls),
        st.sampled_from([YES, NO]),
        st.sampled_from([{}, {"on_error": "continue"}]),
    )


def called():
    """Return the call of another workflow."""
    handed = {"order": "{{ trigger.order }}", "yes": "{{ trigger.yes }}"}
    return st.just({"action": "run_workflow", "params": {"workflow": CALLEE, "input": handed}})


def named(inner, counter, letter):
    """Return the steps with names, each its own."""
    done = []
    for one in inner:
        counter.append(one)
        name = f"{letter}{len(counter)}"
        params = dict(one["params"])
        for key in NESTED:
            if key in params:
                params[key] = named(params[key], counter, letter)
        for key in GROUPS:
            if key in params:
                params[key] = [
                    {**part, "steps": named(part["steps"], counter, letter)} for part in params[key]
                ]
        whole = {**one, "name": name, "params": params}
        if isinstance(one.get("on_error"), dict):
            block = one["on_error"]
            steps_of_it = named(block["steps"], counter, letter)
            whole["on_error"] = {**block, "steps": steps_of_it}
        done.append(whole)
    return done


def without_unreachable(inner):
    """Cut what stands behind a `stop`: nobody may publish steps that no path reaches."""
    kept = []
    for one in inner:
        kept.append(one)
        if ends(one):
            break
    return kept
