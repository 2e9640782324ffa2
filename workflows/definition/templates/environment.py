"""The library, set up: which tags there are, and the limits it enforces itself."""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from liquid import Environment, Mode, Token
from liquid.builtin import content, illegal, output
from liquid.builtin.tags import (
    assign_tag,
    capture_tag,
    case_tag,
    comment_tag,
    for_tag,
    if_tag,
    inline_comment_tag,
    unless_tag,
)
from liquid.exceptions import LiquidSyntaxError
from liquid.token import TOKEN_EXPRESSION

from workflows.definition.templates.limits import (
    BLOCK_DEPTH,
    EXPRESSION_CHARACTERS,
    LOCALS_BYTES,
    LOOP_ROUNDS,
    OUTPUT_BYTES,
)

_TAGS: Final = (
    content.Literal,
    output.Output,
    illegal.Illegal,
    if_tag.IfTag,
    unless_tag.UnlessTag,
    case_tag.CaseTag,
    for_tag.ForTag,
    for_tag.BreakTag,
    for_tag.ContinueTag,
    assign_tag.AssignTag,
    capture_tag.CaptureTag,
    comment_tag.CommentTag,
    inline_comment_tag.InlineCommentTag,
)

# A payload may well have a field called `limit`, `for` or `empty`.
_WORDS: Final = (
    "true|false|nil|null|empty|blank|and|or|contains|not|in|offset|limit|reversed|cols|continue"
    "|with|for|as|if|else|required"
)
_WORD_AS_FIELD: Final = re.compile(rf"(\"[^\"]*\"|'[^']*')|(?<!\.)\.({_WORDS})(?![\w-])")


def _with_quoted_fields(token: Token) -> Token:
    """Write `.limit` as `['limit']`, which the library's parser takes."""
    if token.kind != TOKEN_EXPRESSION:
        return token
    if len(token.value) > EXPRESSION_CHARACTERS:
        most = EXPRESSION_CHARACTERS
        raise LiquidSyntaxError(f"more than {most} characters between braces", token=token)
    value = _WORD_AS_FIELD.sub(lambda found: found[1] or f"['{found[2]}']", token.value)
    return token._replace(value=value)


class Liquid(Environment):
    """Liquid without includes, counters and the library's own filters (ours: `FILTERS`)."""

    block_nesting_limit = BLOCK_DEPTH
    loop_iteration_limit = LOOP_ROUNDS
    output_stream_limit = OUTPUT_BYTES
    local_namespace_limit = LOCALS_BYTES
    isolates = False  # values can be told from the text around them

    def tokenizer(self) -> Callable[[str], Iterator[Token]]:
        """Return the library's scanner, with its own words allowed as names of fields."""
        scan = super().tokenizer()
        return lambda source: map(_with_quoted_fields, scan(source))

    def setup_tags_and_filters(self, **_: Any) -> None:
        """Register the tags that the language has."""
        for tag in _TAGS:
            self.add_tag(tag)


class IsolatingLiquid(Liquid):
    """For texts in which a value must not be read as markup."""

    isolates = True


TEXT: Final = Liquid(tolerance=Mode.STRICT)
ISOLATING: Final = IsolatingLiquid(tolerance=Mode.STRICT)
HTML: Final = Liquid(tolerance=Mode.STRICT, autoescape=True)
