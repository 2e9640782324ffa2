"""Text without its HTML: as the library does it, and as quickly whatever the text is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from liquid.utils.html import strip_tags

from workflows.definition.templates.filters import text as filters

PIECES = ["<b>", "</b>", "<br />", '<a href="x">', "text", " < ", "&amp;", "<!-- c -->"]
HIDDEN = ["<script>a</script>", "<style>b</style>", "<!-- -->", "<SCRIPT x>c</SCRIPT>"]


@given(pieces=st.lists(st.sampled_from([*PIECES, *HIDDEN]), max_size=12))
def test_long_texts_are_stripped_as_short_ones(pieces):
    text = "".join(pieces)

    found = filters.strip_html(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(filters, "_MAX_LOOKED_AT", -1)
        assert filters.strip_html(text) == found == strip_tags(text)
