"""Text that does not fit into one line, in several."""

from collections.abc import Callable

Measure = Callable[[str], float]


def wrapped(text: str, width: float, measure: Measure) -> list[str]:
    """The lines of a text, none wider than `width`; a word that is too long for a line is broken.

    Args:
        text: Words with spaces between them.
        width: Of a line.
        measure: The width of a text, in the same unit.

    >>> wrapped("the policy is evaluated", 10, len)
    ['the policy', 'is', 'evaluated']
    >>> wrapped("/a/very/long/name.json", 10, len)
    ['/a/very/lo', 'ng/name.js', 'on']
    """
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if measure(longer) <= width:
            lines[-1] = longer
            continue
        if lines[-1]:
            lines.append("")
        while measure(word) > width and len(word) > 1:
            fits = next((n for n in range(len(word) - 1, 1, -1) if measure(word[:n]) <= width), 1)
            lines[-1], word = word[:fits], word[fits:]
            lines.append("")
        lines[-1] = word
    return lines
