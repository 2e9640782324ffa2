"""Texts as they arrive: with signs that nobody sees, and letters that are written in two ways."""

import sys
import unicodedata
from functools import cache

from hypothesis import strategies as st

from tenants.core.text.characters import without_invisible

# One of each kind: marks of direction, joiners, a soft hyphen, a byte-order mark, variation
# selectors, a tag.
INVISIBLE = (
    "\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u202a\u202c"
    "\u2066\u2069\ufe0f\ufeff\U000e0101\U000e0041"
)
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


@cache
def invisible_signs():
    """Return every character that is dropped. All of Unicode is asked when the first test does."""
    everything = "".join(map(chr, range(sys.maxunicode + 1)))
    return sorted(set(everything) - set(without_invisible(everything)))


@st.composite
def disguised(draw, text):
    """Return the text with invisible signs around and inside, composed or not."""
    written = unicodedata.normalize(draw(st.sampled_from(("NFC", "NFD"))), text)
    hidden = st.text(st.sampled_from(INVISIBLE), max_size=2)
    return draw(hidden) + "".join(sign + draw(hidden) for sign in written)
