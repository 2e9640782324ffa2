"""Formatted text of a mail: both parts say the same, and nothing in it can do harm."""

import re
from html import unescape

import pytest
from django.utils.html import strip_tags
from hypothesis import given
from hypothesis import strategies as st

from actions.mail.formatted import escaped, formatted

TAGS = {"div", "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "strong", "em", "a", "br"}
MARKS = st.sampled_from(
    [
        *("**", "*", "_", "# ", "- ", "1. ", "\n", "\n\n", "[a](", ")", "https://a.example"),
        *("{{ x }}", "{% if x %}", "{% endif %}", "javascript:", "<b>", "&", '"', "    ", "`"),
        *("!", "\\", "a b"),
    ]
)

# Written, the text part, and what the HTML holds.
WRITTEN = {
    "bold": ("**{{ a }}**", "{{ a }}\n", "<strong>{{ a }}</strong>"),
    "italic": ("*now*", "now\n", "<em>now</em>"),
    "a heading": ("## Order {{ n }}", "Order {{ n }}\n", "Order {{ n }}</h2>"),
    "a list": ("- one\n- two", "- one\n- two\n", "one</li>"),
    "a list inside": ("- one\n  - two\n\nend", "- one\n  - two\n\nend\n", "two</li>"),
    "numbers": ("3. one\n4. two", "3. one\n4. two\n", '<ol start="3"'),
    "a link": ("[here](https://a.example/?a=1&b=2)", "here: https://a.example/?a=1&b=2\n", "b=2"),
    "a link to a value": ("[here]({{ l }})", "here: {{ l }}\n", '<a href="{{ l }}">here</a>'),
    "lines": ("one\ntwo", "one\ntwo\n", "one<br>\ntwo"),
    "filters with signs": ("{{ a | default: '*_[' }}", "{{ a | default: '*_[' }}\n", "'*_['"),
    "a condition around a block": (
        "{% if a %}\n\nCall.\n\n{% endif %}\n\nBye",
        "{% if a %}Call.\n\n{% endif %}Bye\n",
        "{% if a %}\n<p",
    ),
    "no HTML of one's own": ("<b>x</b> & y", "<b>x</b> & y\n", "&lt;b&gt;x&lt;/b&gt; &amp; y"),
    "no script as an address": ("[x](javascript:alert(1))", None, "[x](javascript:alert(1))"),
    "no data as an address": ("[x](data:text/html,x)", None, "[x](data:text/html,x)"),
}


@pytest.mark.parametrize(("source", "text", "html"), WRITTEN.values(), ids=WRITTEN)
def test_what_is_written_stands_in_both_parts(source, text, html):
    made = formatted(source)

    assert text is None or made.text == text
    assert html in made.html


def test_a_button_is_a_link_in_both_parts():
    made = formatted('[Pay now](https://shop.example/{{ n }} "button")', "ar")

    assert made.text == "Pay now: https://shop.example/{{ n }}\n"
    assert re.search(
        r'<a href="https://shop.example/\{\{ n \}\}" style="[^"]+">Pay now</a>', made.html
    )
    assert '<div dir="rtl" lang="ar"' in made.html


@given(st.lists(MARKS, max_size=25).map("".join))
def test_html_holds_known_elements_only_and_every_place_in_order(source):
    made = formatted(source)

    places = re.findall(r"\{\{ x \}\}|\{% \w+(?: x)? %\}", source)
    bare = re.sub(r"\{\{ x \}\}|\{% \w+(?: x)? %\}", "", made.html)
    assert {name.lower() for name in re.findall(r"</?([a-zA-Z0-9]+)", bare)} <= TAGS
    assert "javascript:" not in "".join(re.findall(r'href="([^"]*)"', made.html))
    assert sorted(re.findall(r"\{\{ x \}\}|\{% \w+(?: x)? %\}", made.html)) == sorted(places)


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=60))
def test_plain_text_reads_the_same_once_it_is_escaped(text):
    words = " ".join(text.replace("{", "").split())

    made = formatted(escaped(words))

    assert " ".join(made.text.split()) == words
    assert " ".join(unescape(strip_tags(made.html)).split()) == words
