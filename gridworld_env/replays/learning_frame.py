"""What a replay of learning keeps of a step."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class LearningFrame:
    """What a learner knew after a step.

    Attributes:
        step: The number of the step.
        episodes: How many had ended.
        q: (S, A) float32, what was learned; -inf for actions that do not exist.
        visits: (S, A) int32.
        greedy: (S, A) bool.
        agent: State of the agent.
        regret: The sum of what all steps gave away.
        value: V^pi of the greedy policy at the start.
        said: The step in words.
    """

    step: int
    episodes: int
    q: NDArray[np.float32]
    visits: NDArray[np.int32]
    greedy: NDArray[np.bool_]
    agent: int
    regret: float
    value: float
    said: str

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays, as the page has them."""
        return self.q.nbytes + self.visits.nbytes + 2 * len(self.greedy)


def frame_caption(frame: LearningFrame, best: float) -> str:
    """A frame in words."""
    step = f"Step {frame.step:,}, episode {frame.episodes + 1:,}: {frame.said}" if frame.step else frame.said
    return f"{step}. Regret {frame.regret:.4g}; the greedy policy is worth {frame.value:.4g} of {best:.4g}"
