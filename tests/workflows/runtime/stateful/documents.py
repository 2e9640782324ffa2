"""Workflows drawn at random: lists, branches, loops, waits, questions, calls, lanes, deadlines."""

from functools import cache

from tests.workflows.runtime.stateful import chance as st
from workflows.definition.blocks import ends

ADDRESSES = ("a", "b", "c")
ORDERS = ("1", "2")
PERSON = "sara@company.example"
CALLEE = "callee"
TELLING = "f"  # how the names of the steps for a run that has failed begin
NESTED = ("steps", "otherwise", "on_timeout")  # params that hold steps
GROUPS = ("cases", "branches", "reminders")  # params that hold things that hold steps

# What an order says that starts a workflow. Whose it is: who pays, and whose runs take turns.
WHOSE, WORD, PHONE = "customer_id", "customer_name", "customer_phone"
YES = {"all": [{"field": f"trigger.{WORD}", "operator": "equals", "value": "yes"}]}
NO = {"all": [{"field": f"trigger.{WORD}", "operator": "not_equals", "value": "yes"}]}


@cache
def settings():
    """Return how the runs of a workflow take turns, and how long they may take."""
    key = st.sampled_from([None, None, f"{{{{ trigger.{WHOSE} }}}}", "one"])
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
    main = draw(st.lists(step(0, calls), min_size=2, max_size=4))
    document = {"name": "W", "steps": named(without_unreachable(main), counter, "s")}
    if draw(st.booleans()) and draw(st.booleans()):
        document["on_failure"] = named([draw(st.one_of([call(), question()]))], counter, TELLING)
    return document


@cache
def step(depth, calls):
    """Return one step without a name."""
    kinds = [call()] * 8 + [pause(), question(), event()]
    if depth < 2:
        kinds += [each(depth, calls)] * 3 + [arms(depth, calls), branch(depth, calls)]
        kinds += [again(depth, calls)] * 2
    if depth:
        kinds.append(stop())
    if calls:
        kinds += [called()] * 2
    return st.one_of(kinds)


@cache
def steps(depth, calls):
    """Return a few steps inside another one."""
    return st.lists(step(depth, calls), min_size=1, max_size=2).map(without_unreachable)


@cache
def call():
    """Return a call that may be repeated or not, or a write to the database."""
    action = st.sampled_from(["call", "call", "send", "send", "mark", "mark"])
    address = st.sampled_from(ADDRESSES)
    moment = st.sampled_from(["", " {{ now }}", f" {{{{ trigger.{PHONE} }}}}"])
    tries = st.sampled_from([1, 1, 2])
    return st.builds(_call, action, address, moment, tries, on_error())


def _call(action, address, moment, tries, error):
    retry = {"attempts": tries, "delay": "1s"}
    return {"action": action, "params": {"to": address + moment}, "retry": retry, **error}


@cache
def on_error():
    """Return what is done about a failure."""
    tell = {"action": "call", "params": {"to": "d"}, "retry": {"attempts": 1}}
    block = {"steps": [tell], "then": "stop"}
    ways = [{}, {}, {"on_error": "continue"}, {"on_error": block}]
    return st.sampled_from(ways)


@cache
def pause():
    """Return a wait for a moment."""
    return st.just({"action": "wait", "params": {"for": "1h"}})


@cache
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


@cache
def event():
    """Return a wait for the payment of the run's order."""
    paid = {"type": "paid", "match": {"order": f"{{{{ trigger.{WHOSE} }}}}"}}
    late = [{"action": "mark", "params": {"to": "late"}}]
    patience = [{}, {"timeout": "2d"}, {"timeout": "2d", "on_timeout": late}]
    return st.builds(
        lambda more, error: {"action": "wait_for_event", "params": {**paid, **more}, **error},
        st.sampled_from(patience),
        st.sampled_from([{}, {"on_error": "continue"}]),
    )


@cache
def stop():
    """Return the end of the run, or of one item."""
    outcomes = st.sampled_from(["completed", "failed"])
    return outcomes.map(
        lambda end: {"action": "stop", "params": {"outcome": end, "message": "end"}}
    )


@cache
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


@cache
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


@cache
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


@cache
def again(depth, calls):
    """Return a loop of a few rounds."""
    return st.builds(
        lambda inside, until, rounds, error: {
            "action": "repeat",
            "params": {"steps": inside, "until": until, "every": "1s", "at_most": rounds},
            **error,
        },
        steps(depth + 1, calls),
        st.sampled_from([YES, NO]),
        st.integers(2, 3),
        st.sampled_from([{}, {"on_error": "continue"}]),
    )


@cache
def called():
    """Return the call of another workflow."""
    handed = {name: f"{{{{ trigger.{name} }}}}" for name in (WHOSE, WORD, PHONE)}
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
