"""Work in the background of a window, a slice of a frame at a time."""

from collections.abc import Iterator

from gridworld_env.ui.widgets.pace import Pace

Steps = Iterator[None]


class Job:
    """A generator and its pace.

    Args:
        name: What it is called.
        steps: It; each `next` is one step.
        paced: Whether the speed slider holds; else it goes on as fast as the window allows.
        recorded: Whether an unpaced one is remembered for the animation, once a frame.
    """

    def __init__(self, name: str, steps: Steps, *, paced: bool = True, recorded: bool = True) -> None:
        """Its first step is due at once."""
        self.name, self.steps, self.paced, self.recorded = name, steps, paced, recorded
        self._pace = Pace()

    def due(self, now: float, speed: float) -> int:
        """How many steps are due at a time in seconds."""
        if not self.paced:
            return 1_000_000
        return self._pace.due(now, speed)
