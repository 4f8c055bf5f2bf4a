"""An extension of griffe, which reads the docstrings for the reference: doctests become blocks of code.

Without it Markdown takes `>>>` for quotations. A run of lines from a `>>>` to the next empty line, at any indentation,
is fenced.
"""

import re
from typing import Any

import griffe

DOCTEST = re.compile(r"^(?P<indent>[ ]*)>>> .*(?:\n(?![ ]*$).*)*", re.MULTILINE)


class DoctestFences(griffe.Extension):
    """Fences the doctests of every docstring."""

    def on_instance(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        del kwargs
        if obj.docstring is not None:
            obj.docstring.value = fenced(obj.docstring.value)


def fenced(docstring: str) -> str:
    """The docstring with its doctests in fences."""
    return DOCTEST.sub(lambda found: f"{found['indent']}```pycon\n{found[0]}\n{found['indent']}```", docstring)
