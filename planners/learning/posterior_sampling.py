"""Posterior sampling (PSRL): take the best actions of a model that is drawn from the posterior.

    loop for each episode:
        draw a model from the posterior: P(.|s, a) from a Dirichlet distribution, r(s, a) from a normal one
        plan in it, and take its greedy actions until the episode ends

If an episode does not end, it counts as ended when some pair was tried as often in it as in all the time before it.
This is one of the rules of Ouyang, Gagrani, Nayyar and Jain (2017).

Source: Strens (2000), "A Bayesian framework for reinforcement learning"; Osband, Russo and Van Roy (2013), "(More)
efficient reinforcement learning via posterior sampling", Algorithm 1.
"""

from dataclasses import dataclass

import numpy as np

from planners.arguments import check_number
from planners.learning.model_learner import ModelLearner
from planners.learning.task import Task


@dataclass
class PosteriorSampling(ModelLearner):
    """PSRL.

    Attributes:
        prior: Parameter of the Dirichlet distribution for each next state, and for the end; above 0.
        noise: Standard deviation of a reward around r(s, a). The prior of r(s, a) is normal, with mean 0 and
            standard deviation 1.

    >>> agent = PosteriorSampling().begin((2, 2), discount=0.9, seed=1)
    >>> agent.learn(0, 1, 1.0, 0, terminated=True)
    >>> agent.act(0) in (0, 1)
    True
    """

    prior: float = 0.1
    noise: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what is no distribution."""
        super().__post_init__()
        self.prior, self.noise = (
            check_number("prior", self.prior, above=0.0),
            check_number("noise", self.noise, above=0.0),
        )

    def start(self, task: Task, seed: int | None) -> None:
        """Draw the first model."""
        super().start(task, seed)
        self.plan()

    def plan(self) -> None:
        """Draw a model and plan in it."""
        counted = np.concatenate((self.counts, self.endings[:, :, None]), axis=2)
        P = self.generator.standard_gamma(self.prior + counted)
        P /= P.sum(axis=2, keepdims=True) + 1e-300
        precision = 1.0 + self.tried / self.noise**2
        mean = self.rewards / self.noise**2 / precision
        self.plan_in(P, self.generator.normal(mean, 1.0 / np.sqrt(precision)))
