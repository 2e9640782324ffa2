"""Hostile values by their kind. Add a row, and every door is tried with it."""

from decimal import Decimal

LENGTH = 300_000


def nested(levels, inner="1"):
    return '{"a":' * levels + inner + "}" * levels


# JSON as text: of one value.
JSON_TEXTS = {
    "1e5000": "1e5000",
    "1e131071": "1e131071",
    "1e-5000": "-1e-5000",
    "1e3000000": "1e3000000",
    "an exponent without end": "1e99999999999999999999",
    "zero with an exponent": "0e5000",
    "a float of 309 digits": "1e308",
    "101 digits": "9" * 101,
    "101 decimals": "0." + "1" * 101,
    "5,000 digits": "9" * 5000,
    "beyond 64 bits": "18446744073709551616",
    "NaN": "NaN",
    "Infinity": "-Infinity",
    "33 deep": nested(33),
    "300 deep": nested(300),
    "900 deep": nested(900),
    "100,000 deep": "[" * 100_000 + "]" * 100_000,
    "100,000 deep and cut off": '{"a":[' * 50_000,
    "large": '"' + "x" * LENGTH + '"',
    "large in members": "{" + ",".join(f'"k{n}":1' for n in range(27_000)) + "}",
    "NUL": '"a\\u0000b"',
    "NUL in a key": '{"a\\u0000":1}',
    "half a character": '"\\ud800"',
    "half a character in a key": '{"\\udfff":1}',
    "a key twice": '{"a":1,"a":2}',
    "control characters": '"\\u0001\\u001b\\u0085\\u2028\\u202e\\r\\n"',
    "no JSON": "{'a': 1}",
    "nothing": "",
}

# Values of Python code: what an application gives to `fire`, or an action gives back.
PYTHON_VALUES = {
    "1e5000": Decimal("1e5000"),
    "1e131071": Decimal("1e131071"),
    "1e3000000": Decimal("1e3000000"),
    "1e-5000": Decimal("-1e-5000"),
    "not a number": Decimal("NaN"),
    "an infinity": float("inf"),
    "a float of 309 digits": 1e308,
    "a float of 324 decimals": 5e-324,
    "101 digits": 10**100,
    "5,000 digits": 10**5000,
    "a million digits": 1 << 3_321_928,
    "100 deep": eval("[" * 90 + "]" * 90),
    "NUL": "a\0b",
    "half a character": "a\ud800b",
    "a bad key": {"a\0b\udfff": 1},
    "large": "x" * 2_000_000,
    "an object": object(),
    "a set": {1, 2},
}

NAMES = {
    "a carriage return": "Evil\rName",
    "a header": "Evil\r\nBcc: everybody@example.com",
    "a line feed": "a\nb",
    "NUL": "a\0b",
    "escape": "\x1b[2Ja",
    "next line": "a\x85b",
    "a line separator": "a\u2028b",
    "an override": "a\u202eb",
    "an isolate": "\u2067a",
    "long": "x" * 5000,
    "only blanks": " \t ",
}

ADDRESSES = {
    "a control character": '"\x01"@example.com',
    "an escaped one": '"\\\x01"@example.com',
    "a header": "a@example.com\r\nBcc: b@example.com",
    "two": "a@example.com,b@example.com",
    "a name": "A <a@example.com>",
    "an open bracket": "<a@example.com",
    "NUL": "a\0@example.com",
    "no domain": "a@",
    "another alphabet": "جوزيف@example.com",
    "dots": "a..b@example.com",
    "long": "a" * 250 + "@example.com",
    "a long label": "a@" + "b" * 300 + ".com",
}

CRONS = {
    "a step of nothing": "*/0 * * * *",
    "backwards": "5-1 * * * *",
    "long": "* " * 5000,
    "a long list": ",".join(["1"] * 3000) + " * * * *",
    "many digits": "9" * 5000 + " * * * *",
    "a step of many digits": "*/" + "9" * 60 + " * * * *",
    "years": "0 0 1 1 * 2099",
    "seconds": "0 0 0 1 1 *",
    "no such day": "0 0 31 2 *",
    "negative": "-1 * * * *",
    "empty parts": ", , , , ,",
    "an nth of nothing": "0 0 * * 1#9",
    "an nth and a step": "0 0 * * 1#2/2",
    "the last of nothing": "0 0 * * L",
    "superscript": "0 0 * * ²L",
    "NUL": "0 0 * *\0 *",
    "a line break": "0 0\n* * *",
    "a word": "@reboot",
}

ZONES = {
    "a file": "/etc/localtime",
    "a path": "../../etc/passwd",
    "a folder": "Asia",
    "localtime": "localtime",
    "unknown": "Mars/Olympus",
    "NUL": "Asia/Beirut\0",
    "a line break": "Asia/Beirut\n/x",
    "long": "x" * 10_000,
    "offset": "UTC+99:99",
}
