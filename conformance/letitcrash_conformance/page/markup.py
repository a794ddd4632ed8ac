"""HTML by construction: everything that is not markup already is escaped on its way in."""

from __future__ import annotations

import html
import json
from typing import Any, TypeAlias

from letitcrash_conformance.render_lines import printable

__all__ = ["Child", "Html", "escape", "join", "prose", "script_data", "tag"]

_EMPTY = frozenset({"input", "meta"})


class Html(str):
    """Text that is markup and is not escaped again."""

    __slots__ = ()


Child: TypeAlias = str | None
"""What stands inside an element: text, which is escaped, or `Html`; None stands for nothing."""


def escape(text: str) -> Html:
    """Return a text as markup that shows it; what a reader could not see is shown as Python writes it."""
    return Html(html.escape(printable(text)))


def join(*children: Child) -> Html:
    """Return texts and markup as one piece of markup."""
    return Html("".join(each if isinstance(each, Html) else escape(each) for each in children if each is not None))


def tag(name: str, *children: Child, **attributes: object) -> Html:
    """Return an element.

    Args:
        name: Its name.
        children: What stands inside.
        attributes: Its attributes: `class_` is `class`, `aria_label` is `aria-label`; True gives an attribute without
            a value; None and False give none.
    """
    words = [name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        label = key.rstrip("_").replace("_", "-")
        words.append(label if value is True else f'{label}="{escape(str(value))}"')
    start = f"<{' '.join(words)}>"
    return Html(start) if name in _EMPTY and not children else Html(f"{start}{join(*children)}</{name}>")


def prose(text: str) -> Html:
    """Return a sentence of the specification as markup: what stands between backticks is code."""
    pieces = text.split("`")
    return join(*(tag("code", piece) if index % 2 else piece for index, piece in enumerate(pieces)))


def script_data(value: Any) -> Html:
    """Return a value as JSON that can stand inside a `script` element: nothing in it can end the element."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Html(text)
