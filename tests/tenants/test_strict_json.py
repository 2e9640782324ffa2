"""What counts as acceptable JSON."""

import time
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.core.json.faults import BadJson, JsonFault
from tenants.core.json.jsontext import dumps, readable
from tenants.core.json.strict_json import MAX_BYTES, check, keep, loads, loads_object

REFUSED = {
    "nothing": (b"", JsonFault.EMPTY),
    "blanks": (b" \n\t ", JsonFault.EMPTY),
    "only a byte order mark": (b"\xef\xbb\xbf", JsonFault.EMPTY),
    "latin-1": ('{"name": "Café"}'.encode("latin-1"), JsonFault.NOT_UTF8),
    "utf-16": ('{"a": 1}'.encode("utf-16"), JsonFault.NOT_UTF8),
    "a surrogate as utf-8": (b'{"a": "\xed\xa0\x80"}', JsonFault.NOT_UTF8),
    "cut off": (b'{"a": 1', JsonFault.SYNTAX),
    "an open string": (b'{"a": "x', JsonFault.SYNTAX),
    "a comma too many": (b'{"a": 1,}', JsonFault.SYNTAX),
    "two values": (b"{} {}", JsonFault.SYNTAX),
    "single quotes": (b"{'a': 1}", JsonFault.SYNTAX),
    "a bare word": (b"hello", JsonFault.SYNTAX),
    "a form": (b"a=1&b=2", JsonFault.SYNTAX),
    "a comment": (b'{"a": 1} // one', JsonFault.SYNTAX),
    "a raw NUL": (b'{"a": "\x00"}', JsonFault.SYNTAX),
    "a raw line break": (b'{"a": "x\ny"}', JsonFault.SYNTAX),
    "a bad escape": (b'{"a": "\\x41"}', JsonFault.SYNTAX),
    "a leading zero": (b'{"a": 01}', JsonFault.SYNTAX),
    "a leading plus": (b'{"a": +1}', JsonFault.SYNTAX),
    "hexadecimal": (b'{"a": 0x10}', JsonFault.SYNTAX),
    "no digits after the point": (b'{"a": 1.}', JsonFault.SYNTAX),
    "too deep in lists": (b"[" * 33 + b"]" * 33, JsonFault.TOO_DEEP),
    "too deep in objects": (b'{"a":' * 33 + b"1" + b"}" * 33, JsonFault.TOO_DEEP),
    "5,000 deep and cut off": (b"[" * 5000, JsonFault.TOO_DEEP),
    "a key twice": (b'{"a": 1, "a": 1}', JsonFault.DUPLICATE_KEY),
    "a key twice further in": (b'{"x": [{"a": 1, "\\u0061": 2}]}', JsonFault.DUPLICATE_KEY),
    "NaN": (b'{"a": NaN}', JsonFault.NOT_FINITE),
    "Infinity": (b'{"a": [Infinity]}', JsonFault.NOT_FINITE),
    "-Infinity": (b'{"a": -Infinity}', JsonFault.NOT_FINITE),
    "1e400": (b'{"a": 1e400}', JsonFault.NUMBER_TOO_LONG),
    "1e-400": (b'{"a": 1e-400}', JsonFault.NUMBER_TOO_LONG),
    "0e999999999": (b'{"a": 0e999999999}', JsonFault.NUMBER_TOO_LONG),
    "an exponent beyond Decimal": (b'{"a": 1e99999999999999999999}', JsonFault.NUMBER_TOO_LONG),
    "101 digits": (b'{"a": 0.' + b"1" * 100 + b"}", JsonFault.NUMBER_TOO_LONG),
    "10,000 digits": (b'{"a": 1.' + b"1" * 10_000 + b"}", JsonFault.NUMBER_TOO_LONG),
    "beyond 64 bits": (b'{"a": 9223372036854775808}', JsonFault.NUMBER_TOO_LARGE),
    "below 64 bits": (b'{"a": -9223372036854775809}', JsonFault.NUMBER_TOO_LARGE),
    "10,000 whole digits": (b'{"a": ' + b"9" * 10_000 + b"}", JsonFault.NUMBER_TOO_LARGE),
    "NUL": (b'{"a": "x\\u0000y"}', JsonFault.NUL_CHARACTER),
    "NUL in a key": (b'{"a\\u0000": 1}', JsonFault.NUL_CHARACTER),
    "a lone high surrogate": (b'{"a": ["\\ud83d"]}', JsonFault.LONE_SURROGATE),
    "a lone low surrogate": (b'{"a": "\\udE00x"}', JsonFault.LONE_SURROGATE),
    "surrogates the wrong way round": (b'{"a": "\\ude00\\ud83d"}', JsonFault.LONE_SURROGATE),
    "a surrogate in a key": (b'{"\\ud83d": 1}', JsonFault.LONE_SURROGATE),
    "a list": (b"[]", JsonFault.NOT_AN_OBJECT),
    "null": (b"null", JsonFault.NOT_AN_OBJECT),
    "a number": (b"1", JsonFault.NOT_AN_OBJECT),
    "a string": (b'"x"', JsonFault.NOT_AN_OBJECT),
    "true": (b"true", JsonFault.NOT_AN_OBJECT),
    "a byte too many": (b" " * (MAX_BYTES - 1) + b"{}", JsonFault.TOO_LARGE),
}
ACCEPTED = {
    "empty": (b"{}", {}),
    "a byte order mark": (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
    "Arabic": ('{"اسم": "نور"}'.encode(), {"اسم": "نور"}),
    "an emoji": ('{"a": "😀"}'.encode(), {"a": "😀"}),
    "an escaped emoji": (b'{"a": "\\ud83d\\ude00"}', {"a": "😀"}),
    "an escaped backslash before u0000": (b'{"a": "\\\\u0000"}', {"a": "\\u0000"}),
    "brackets in strings": (b'{"a": "' + b"[{" * 100 + b'"}', {"a": "[{" * 100}),
    "escaped quotes": (b'{"a": "\\"[[\\\\"}', {"a": '"[[\\'}),
    "the largest whole number": (b'{"a": 9223372036854775807}', {"a": 2**63 - 1}),
    "the smallest whole number": (b'{"a": -9223372036854775808}', {"a": -(2**63)}),
    "trailing zeros": (b'{"a": 149.90}', {"a": Decimal("149.90")}),
    "100 digits": (b'{"a": 0.' + b"1" * 99 + b"}", {"a": Decimal("0." + "1" * 99)}),
    "an exponent": (b'{"a": 1.5E+3}', {"a": Decimal("1.5E+3")}),
    "minus zero": (b'{"a": -0.0}', {"a": Decimal("-0.0")}),
    "an empty key": (b'{"": null}', {"": None}),
    "exactly the limit": (b" " * (MAX_BYTES - 2) + b"{}", {}),
    "32 deep": (b'{"a":' * 32 + b"1" + b"}" * 32, None),
}


@pytest.mark.parametrize(("body", "fault"), REFUSED.values(), ids=REFUSED)
def test_it_is_refused_with_a_code_of_its_own(body, fault):
    with pytest.raises(BadJson) as refused:
        loads_object(body)
    assert refused.value.fault is fault


@pytest.mark.parametrize(("body", "value"), ACCEPTED.values(), ids=ACCEPTED)
def test_it_is_accepted_as_it_is(body, value):
    assert value is None or repr(loads_object(body)) == repr(value)
    loads_object(body)


def test_every_fault_is_tried():
    tried = {fault for _body, fault in REFUSED.values()}
    assert tried | {fault for _value, fault, _at in VALUES.values()} == set(JsonFault)


def test_a_syntax_error_says_where():
    with pytest.raises(BadJson) as refused:
        loads_object('{\n  "a": 1\n  "b": 2\n}')
    assert (refused.value.line, refused.value.column) == (3, 3)


def test_too_much_depth_says_where():
    with pytest.raises(BadJson) as refused:
        loads_object("\n" + "[" * 40)
    assert (refused.value.line, refused.value.column) == (2, 33)


def test_a_bad_character_says_where():
    with pytest.raises(BadJson) as refused:
        loads_object(b'{"a/b": [1, {"~": "\\u0000"}]}')
    assert refused.value.pointer == "/a~1b/1/~0"


def test_text_with_half_a_surrogate_pair_is_refused():
    with pytest.raises(BadJson) as refused:
        loads('{"a": "\ud83d"}')
    assert refused.value.fault is JsonFault.LONE_SURROGATE


def test_any_value_may_stand_at_the_top_where_no_object_is_asked_for():
    assert loads("[1, null]") == [1, None]


@pytest.mark.parametrize(
    "body",
    [
        b'"' + b'\\"' * (MAX_BYTES // 2 - 1),
        b'"' * MAX_BYTES,
        b"\\" * MAX_BYTES,
        b'{"a":"' + b"\\u0000" * 40_000 + b'"}',
        b"[" + b"1.5e1," * 40_000,
        b'{"a":[' + b"{}," * 80_000 + b"1]}",
        b"9" * MAX_BYTES,
        b"1." + b"9" * (MAX_BYTES - 2),
        b"-" * MAX_BYTES,
    ],
    ids=lambda body: repr(body[:8]),
)
def test_no_body_takes_long(body):
    begun = time.thread_time()
    with suppress(BadJson):
        loads_object(body)
    assert time.thread_time() - begun < 1


@given(st.binary(max_size=200))
def test_any_bytes_are_accepted_or_refused(body):
    try:
        value = loads(body)
    except BadJson:
        return
    assert loads(dumps(value)) == value


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.decimals(
        allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12
    )
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), inner
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_what_is_written_is_read_again(value):
    assert loads(dumps(value)) == value


def nested(levels, inner=1):
    value = inner
    for _ in range(levels):
        value = {"a": value}
    return value


def circular():
    one = []
    one.extend([one, one])
    return one


# Values of Python code: what is refused of them, with the place.
VALUES = {
    "a model": ({"a": object()}, JsonFault.NOT_JSON, None),
    "a set": ({1}, JsonFault.NOT_JSON, None),
    "bytes": (b"\xff", JsonFault.NOT_JSON, None),
    "itself": (circular(), JsonFault.NOT_JSON, None),
    "NaN": ([float("nan")], JsonFault.NOT_FINITE, None),
    "a decimal infinity": ([Decimal("-Infinity")], JsonFault.NOT_FINITE, None),
    "33 deep": (nested(33), JsonFault.TOO_DEEP, "/a" * 32),
    "20,000 deep": (nested(20_000), JsonFault.TOO_DEEP, None),
    "1e5000": ({"x": [1, Decimal("1e5000")]}, JsonFault.NUMBER_TOO_LONG, "/x/1"),
    "1e131071": (Decimal("1e131071"), JsonFault.NUMBER_TOO_LONG, ""),
    "1e3000000": (Decimal("1e3000000"), JsonFault.NUMBER_TOO_LONG, ""),
    "1e-5000": (Decimal("-1e-5000"), JsonFault.NUMBER_TOO_LONG, ""),
    "zero with an exponent": (Decimal("0e5000"), JsonFault.NUMBER_TOO_LONG, ""),
    "a float of 309 digits": ({"a/b": 1e308}, JsonFault.NUMBER_TOO_LONG, "/a~1b"),
    "a float of 324 decimals": (5e-324, JsonFault.NUMBER_TOO_LONG, ""),
    "101 digits": (10**100, JsonFault.NUMBER_TOO_LONG, ""),
    "5,000 digits": ({"a": -(10**5000)}, JsonFault.NUMBER_TOO_LONG, "/a"),
    "a million digits": (1 << 3_321_928, JsonFault.NUMBER_TOO_LONG, ""),
    "a tuple of them": ((Decimal("1e5000"),), JsonFault.NUMBER_TOO_LONG, "/0"),
    "NUL": ({"a": ["x\0"]}, JsonFault.NUL_CHARACTER, "/a/0"),
    "NUL in a key": ({"a\0": 1}, JsonFault.NUL_CHARACTER, ""),
    "half a character": (["\ud800"], JsonFault.LONE_SURROGATE, "/0"),
    "large": ({"a": "x" * MAX_BYTES}, JsonFault.TOO_LARGE, None),
    "large in bytes": ({"a": "ع" * (MAX_BYTES // 2)}, JsonFault.TOO_LARGE, None),
}
LET_IN = {
    "32 deep": nested(31, []),
    "100 digits": [10**100 - 1, -(10**100 - 1), Decimal("0." + "1" * 99)],
    "a decimal with an exponent": Decimal("1E+99"),
    "floats": [1e98, -1.5, 0.0, -0.0, 1e-79, 1 / 3],
    "a tuple": (1, (2,)),
    "emoji": {"😀": "😀"},
    "a literal escape": "\\u0000 \\ud800",
    "just small enough": "ع" * (MAX_BYTES // 2 - 1),
    "booleans": [True, False, None, {}],
}


@pytest.mark.parametrize(("value", "fault", "at"), VALUES.values(), ids=VALUES)
def test_a_value_is_refused_with_its_code_and_place(value, fault, at):
    with pytest.raises(BadJson) as refused:
        check(value)
    assert (refused.value.fault, refused.value.pointer) == (fault, at)


@pytest.mark.parametrize("value", LET_IN.values(), ids=LET_IN)
def test_what_is_let_in_may_come_in_again_by_every_door(value):
    text = check(value)
    assert loads(readable(value), long_integers=True) is not NotImplemented
    kept, _size = keep(value)
    assert check(kept) == text


@pytest.mark.parametrize(
    "name", [name for name, (_v, fault, _at) in VALUES.items() if "NUMBER" in fault.name]
)
def test_a_run_does_not_keep_a_number_that_is_not_let_in(name):
    value, fault, at = VALUES[name]
    with pytest.raises(BadJson) as refused:
        keep(value)
    assert (refused.value.fault, refused.value.pointer) == (fault, at)


def test_a_stored_number_of_100_digits_may_come_back_where_people_get_it_back():
    longest = 10**100 - 1

    assert loads(str(longest), long_integers=True) == longest
    for bad in (f"{longest}0", f"-{longest}0", "9" * 5000):
        with pytest.raises(BadJson) as refused:
            loads(bad, long_integers=True)
        assert refused.value.fault is JsonFault.NUMBER_TOO_LONG


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.decimals()
        | st.text(st.characters(exclude_categories=()))
        | st.builds(lambda exponent: Decimal(f"1e{exponent}"), st.integers(-300, 300)),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    )
)
def test_any_hostile_value_is_refused_or_comes_back_as_it_was(value):
    try:
        text = check(value)
    except BadJson:
        return
    assert loads(dumps(loads(text, long_integers=True)), long_integers=True) == loads(
        text, long_integers=True
    )
