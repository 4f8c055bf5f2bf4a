"""An extension of griffe, which reads the docstrings for the reference: what is plain text there stays so in Markdown.

Doctests become blocks of code, as Markdown takes `>>>` for quotations; and a star, as in V* or s*A + a, stays a star,
as two of them in a paragraph would be emphasis.
"""

import re
from typing import Any

import griffe

# From a `>>>` to the next empty line, at any indentation.
DOCTEST = re.compile(r"^(?P<indent>[ ]*)>>> .*(?:\n(?![ ]*$).*)*", re.MULTILINE)
STAR = re.compile(r"`[^`]*`|(?<!\*)\*(?!\*)")  # code is matched too, so that stars in it are passed over


class ReadableDocstrings(griffe.Extension):
    """Makes Markdown of every docstring."""

    def on_instance(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        del kwargs
        if obj.docstring is not None:
            obj.docstring.value = markdown_of(obj.docstring.value)


def markdown_of(docstring: str) -> str:
    """The docstring with doctests fenced and stars escaped."""
    return "\n\n".join(_block(block) for block in docstring.split("\n\n"))


def _block(block: str) -> str:
    found = DOCTEST.search(block)
    if found is not None:
        before, indent = block[: found.start()], found["indent"]
        return f"{_escaped(before)}{indent}```pycon\n{block[found.start() :]}\n{indent}```"
    return block if block.startswith("    ") else _escaped(block)  # an equation on lines of its own is code already


def _escaped(text: str) -> str:
    return STAR.sub(lambda found: r"\*" if found[0] == "*" else found[0], text)
