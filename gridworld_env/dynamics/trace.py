"""What an environment remembers of its episode in order to draw it: where it was, and its last step."""

from collections import deque
from typing import Final

from gridworld_env.dynamics.rules_to_tables import Rules

TRAIL_LENGTH: Final = 10_000

Step = tuple[int, int, float, bool]  # action, move, reward, terminated


class Trace:
    """The trail of an episode and its last step.

    Attributes:
        states: States visited, oldest first, the last `TRAIL_LENGTH` of them.
        last: Action, move, reward and end of the last step; None: there was none yet.
    """

    def __init__(self) -> None:
        """Begin without an episode."""
        self.states: deque[int] = deque(maxlen=TRAIL_LENGTH)
        self.last: Step | None = None

    def begin(self, state: int) -> None:
        """Another episode starts in `state`."""
        self.states.clear()
        self.states.append(state)
        self.last = None

    def step(self, state: int, last: Step) -> None:
        """A step led to `state`."""
        self.states.append(state)
        self.last = last

    def caption(self, rules: Rules) -> str:
        """The last step in words, empty before the first: the action, where it slipped, the reward.

        >>> trace = Trace()
        >>> trace.begin(3)
        >>> trace.step(2, (0, 1, 1.0, True))
        >>> trace.caption(Rules())
        'UP, slipped RIGHT: reward 1, the end'
        """
        if self.last is None:
            return ""
        action, move, reward, terminated = self.last
        chosen, made = rules.action_moves[action].name, rules.all_moves[move % len(rules.all_moves)].name
        slipped = "" if made == chosen else f", slipped {made}"
        return f"{chosen}{slipped}: reward {reward:g}{', the end' if terminated else ''}"
