"""What nobody who reads a page may learn: the tokens of links that decide."""

import re
from typing import Final

from tenants.core.json import Json

# Long enough to be no id (36 characters): /api/v1/approvals/<id>/ stays whole.
_LINK: Final = re.compile(r"(/approvals/)[\w.:=%-]{60,}")


def mask_links(text: str) -> str:
    """Return `text` with “…” for the token of each signed link: who has it, decides."""
    return _LINK.sub(r"\1…", text)


def mask_links_in(value: Json) -> Json:
    """Return JSON with every text of it masked."""
    if isinstance(value, str):
        return mask_links(value)
    if isinstance(value, list):
        return [mask_links_in(inner) for inner in value]
    if isinstance(value, dict):
        return {key: mask_links_in(inner) for key, inner in value.items()}
    return value
