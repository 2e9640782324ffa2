"""Two texts line by line, with the words that differ."""

from hypothesis import given
from hypothesis import strategies as st

from workflows.presentation.changes.raw import hunks, marks

TEXTS = st.text(alphabet="ab \n", max_size=40)


def test_a_changed_line_marks_its_words():
    [hunk] = hunks('{\n  "template": "a long name",\n}', '{\n  "template": "a short name",\n}')

    assert [
        (line.sign, [text for marked, text in line.parts if marked]) for line in hunk.lines
    ] == [
        (" ", []),
        ("-", ["long"]),
        ("+", ["short"]),
        (" ", []),
    ]


def test_a_line_that_only_came_is_not_marked_word_by_word():
    [hunk] = hunks("a", "a\nb")

    assert [(line.sign, line.parts) for line in hunk.lines] == [
        (" ", ((False, "a"),)),
        ("+", ((False, "b"),)),
    ]


def test_differences_far_apart_stand_apart_with_their_lines():
    old = [f"line {number}" for number in range(40)]
    new = [*old[:2], "other", *old[3:30], "more", *old[31:]]

    found = hunks("\n".join(old), "\n".join(new))

    assert [(hunk.old_line, hunk.new_line) for hunk in found] == [(1, 1), (28, 28)]


def test_the_same_text_has_no_differences():
    assert hunks("a\nb", "a\nb") == []


@given(TEXTS, TEXTS)
def test_marked_words_are_the_whole_text(old, new):
    left, right = marks(old, new)

    assert "".join(text for _marked, text in left) == old
    assert "".join(text for _marked, text in right) == new


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_from_the_lines(old, new):
    shown = [line for hunk in hunks(old, new) for line in hunk.lines]
    texts = ["".join(text for _marked, text in line.parts) for line in shown]

    olds = [text for text, line in zip(texts, shown, strict=True) if line.kind != "new"]
    news = [text for text, line in zip(texts, shown, strict=True) if line.kind != "old"]
    assert all(line in old.splitlines() for line in olds)
    assert all(line in new.splitlines() for line in news)


def test_very_many_equal_lines_are_compared_in_no_time():
    lines = ["0,"] * 50_000

    [hunk] = hunks("\n".join(lines), "\n".join([*lines[:25_000], "1,", *lines[25_001:]]))

    assert "1," in [text for line in hunk.lines for _marked, text in line.parts]
