"""A replay as one HTML file that needs nothing else: `replay.html` around a document of JSON.

The document is data and never becomes markup: it stands in a block that no browser runs, with `<`, `>` and `&`
written as escapes, and the page shows its texts as text. A content security policy allows the page's own script and
style, by their hashes, and nothing from anywhere.

A document has:

title, subtitle   texts
facts             pairs of texts
unit              what is counted: "sweep", "update"
at                (F,) count at each frame
captions          (F,) a sentence for each frame
phases            pairs of a name and the frame with which it begins
rate              frames a second, at first
scenes            what moves: see the functions `draw...` of `replay.html`
charts            curves over the count
theme             colours
"""

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from gridworld_env.ui.files.whole_file import check_place, write_whole

ESCAPES: Final = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def page_text(document: Mapping[str, Any], template: str | None = None) -> str:
    """The page of a document.

    Args:
        document: What the page shows; at least a `title`.
        template: Another page than that of replays: HTML with one style, one script, and places for `{{title}}`,
            `{{policy}}` and `{{document}}`.
    """
    text = _replay() if template is None else template
    filled = {
        "title": html.escape(str(document["title"])),
        "policy": f"default-src 'none'; script-src {_hash('script', text)}; style-src {_hash('style', text)}; "
        "img-src data:",
        "document": as_json(document),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda place: filled[place[1]], text)


def write_page(path: str | Path, document: Mapping[str, Any], template: str | None = None) -> int:
    """Write the page of a document, whole or not at all, and return its size in bytes; `template` as of `page_text`.

    Raises:
        ValueError: The name does not end in .html.
        OSError: It cannot be written; a file that was there before is then as it was.
    """
    target = check_place(path, ".html")
    content = page_text(document, template).encode("utf-8", "backslashreplace")
    write_whole(target, content)
    return len(content)


def as_json(document: Mapping[str, Any]) -> str:
    r"""Compact JSON that may stand inside HTML.

    >>> as_json({"title": "</script>"})
    '{"title":"\\u003c/script\\u003e"}'
    """
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return re.sub("[<>&\u2028\u2029]", lambda found: ESCAPES[found[0]], text)


def size_text(size: int) -> str:
    """Bytes for people.

    >>> size_text(84_211)
    '84 kB'
    """
    return f"{size / 1e6:.1f} MB" if size >= 1_000_000 else f"{max(1, round(size / 1e3))} kB"


@cache
def _replay() -> str:
    return files("gridworld_env.ui.pages").joinpath("replay.html").read_text(encoding="utf-8")


@cache
def _hash(element: str, template: str) -> str:
    """What a content security policy calls the text of the template's one script or style."""
    (text,) = re.findall(rf"<{element}>(.*?)</{element}>", template, re.S)
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
