"""Words for shapes and values in messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

from letitcrash_spec.shapes import AnswerOf, Choice, ListOf, MapOf, Named, Record, Row, Scalar, Shape, Tagged, Union

__all__ = ["describe_shape", "join_words", "shorten"]


def describe_shape(shape: Shape, shapes: Mapping[str, Shape]) -> str:
    """Return a shape's words, with an article: `"a label"`, `"'plain' or 'link'"`."""
    match shape:
        case Named():
            return describe_shape(shapes[shape.name], shapes)
        case Choice():
            return shape.what or join_words([repr(value) for value in shape.values])
        case AnswerOf():
            return "an answer with exactly one of 'ok', 'fail' and 'error'"
        case Scalar() | ListOf() | MapOf() | Row() | Record() | Union() | Tagged():
            return shape.what
        case _:
            assert_never(shape)


def join_words(words: list[str], last: str = "or") -> str:
    """Join words as a sentence does: `a, b or c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def shorten(value: Any, limit: int = 120) -> str:
    """Return the value's `repr`, cut in the middle if it is longer than `limit` characters."""
    text = repr(value)
    if len(text) <= limit:
        return text
    half = (limit - 5) // 2
    return f"{text[:half]} ... {text[-half:]}"
