"""One line that the user types, such as the name of a file."""

from collections.abc import Callable
from dataclasses import dataclass, field

from gridworld_env.ui.widgets.events import Key


@dataclass
class Prompt:
    """A question with an answer being typed.

    Attributes:
        question: What is asked.
        answer: What has been typed so far.
        then: Called with the answer when Enter ends it.
        open: Whether it still waits; Escape or Enter close it.

    >>> asked = Prompt("name?", "map", then=print)
    >>> asked.key(Key("1", "1")); asked.key(Key("return"))
    map1
    >>> asked.open
    False
    """

    question: str
    answer: str
    then: Callable[[str], None]
    open: bool = field(default=True)

    def key(self, key: Key) -> None:
        """Answer a key."""
        if key.stroke == "escape":
            self.open = False
        elif key.stroke == "return":
            self.open = False
            self.then(self.answer.strip())
        elif key.stroke == "backspace":
            self.answer = self.answer[:-1]
        elif key.stroke == "ctrl+backspace":
            self.answer = ""
        elif key.text.isprintable():
            self.answer += key.text
