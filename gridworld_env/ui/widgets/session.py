"""The state of a program in a window, as far as every window has it: a status line, and work in the background.

Whatever cannot be done raises one of the session's `refusals`; `attempt` turns it into a line of the status, and
everything is as it was before.
"""

import time
from collections.abc import Callable
from typing import Any, ClassVar, Final

from gridworld_env.ui.widgets.jobs import Job

FRAME_PART: Final = 0.009  # seconds of a frame that work in the background may take


class BaseSession:
    """What the commands of a window act on; a subclass adds what it is about.

    Args:
        greeting: The first message.
        speed: Steps a second of what goes on.

    Attributes:
        refusals: Errors that say what cannot be done.
        status: The last message, and whether it is a refusal.
        stamp: Counts whatever is seen to change: another number when the window has to be painted again.
        job: What runs in the background; None: nothing.
    """

    refusals: ClassVar[tuple[type[Exception], ...]] = (ValueError, OSError)

    def __init__(self, greeting: str, speed: float) -> None:
        """Begin without a running job."""
        self.status: tuple[str, bool] = (greeting, False)
        self.stamp: int = 0
        self.speed = speed
        self.job: Job | None = None

    @property
    def busy(self) -> bool:
        """Whether something goes on that needs `advance` without an event."""
        return self.job is not None

    @property
    def problem(self) -> str:
        """What is wrong with what is shown; empty where nothing is."""
        return ""

    @property
    def unsaved(self) -> str:
        """The question before what is not saved would be lost; empty where nothing would be."""
        return ""

    def say(self, text: str, *, refusal: bool = False) -> None:
        """Put a message into the status line."""
        self.status = (text, refusal)
        self.stamp += 1

    def refuse(self, error: Exception) -> None:
        """Say why something cannot be done."""
        self.say(str(error), refusal=True)

    def attempt(self, action: Callable[[], Any]) -> bool:
        """Do something; what cannot be done is said in the status line. Whether it could."""
        try:
            action()
        except self.refusals as error:
            self.refuse(error)
            return False
        self.stamp += 1
        return True

    def begin(self, job: Job) -> None:
        """Begin something that takes a while, in place of what runs."""
        self.job = job
        self.stamp += 1

    def stop(self) -> None:
        """End what runs."""
        if self.job is not None:
            self.say(f"{self.job.name}: stopped")
        self.job = None

    def advance(self, now: float) -> None:
        """Go on with what runs, for a small part of a frame; `now` is in seconds."""
        job = self.job
        if job is None:
            return
        due, deadline = job.due(now, self.speed), time.perf_counter() + FRAME_PART
        try:
            while due > 0 and self.job is job:
                next(job.steps)
                due -= 1
                if time.perf_counter() > deadline:
                    break
        except StopIteration:
            self.job = None if self.job is job else self.job
        except self.refusals as error:
            self.job = None
            self.refuse(error)
        self.stamp += self.job is not job  # its button is not lit any more; its steps say themselves what they changed
