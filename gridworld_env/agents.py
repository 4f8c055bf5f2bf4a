"""The learners by name that the explorer and the command line offer, with settings that suit small maps."""

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, Final, NamedTuple

import numpy as np

import planners
from gridworld_env.errors import MapError


class Offer(NamedTuple):
    """A learner that can be chosen.

    Attributes:
        title: What it is called, for a button.
        about: What it does, in a line.
        make: Makes one; it is given the largest reward that a step can pay.
    """

    title: str
    about: str
    make: Callable[[float], Any]


AGENTS: Final = {
    "q-learning": Offer("Q-learning", "Learns what the best next action is worth", lambda _: planners.QLearning()),
    "sarsa": Offer("Sarsa", "Learns what its own next action is worth", lambda _: planners.Sarsa()),
    "expected-sarsa": Offer(
        "Exp. Sarsa", "Expected Sarsa: what its next action is worth on average", lambda _: planners.ExpectedSarsa()
    ),
    "double-q": Offer(
        "Double Q", "Q-learning with two tables: luck is not taken for value", lambda _: planners.DoubleQLearning()
    ),
    "n-step-sarsa": Offer("n-step Sarsa", "Sarsa that looks four steps ahead", lambda _: planners.NStepSarsa(n=4)),
    "sarsa-lambda": Offer("Sarsa(lambda)", "Sarsa with eligibility traces", lambda _: planners.SarsaLambda()),
    "q-lambda": Offer("Q(lambda)", "Watkins's: traces up to the first exploring step", lambda _: planners.QLambda()),
    "monte-carlo": Offer("Monte Carlo", "Averages the returns of whole episodes", lambda _: planners.MonteCarlo()),
    "dyna-q": Offer("Dyna-Q", "Q-learning, with planning steps after each step", lambda _: planners.DynaQ()),
    "sweeping": Offer(
        "Sweeping", "Prioritised sweeping: plans first where most changed", lambda _: planners.PrioritizedSweeping()
    ),
    "r-max": Offer(
        "R-max",
        "Takes what it tried less than ten times for the best there is",
        lambda largest: planners.RMax(largest_reward=largest),
    ),
    "psrl": Offer("PSRL", "Acts as is best in a model drawn from its beliefs", lambda _: planners.PosteriorSampling()),
    "reinforce": Offer("Reinforce", "Policy gradient by whole episodes", lambda _: planners.Reinforce()),
    "actor-critic": Offer("Actor-critic", "Policy gradient beside a learned V", lambda _: planners.ActorCritic()),
}


def find_agent(name: str) -> Offer:
    """The learner of that name.

    Raises:
        MapError: There is none.

    >>> find_agent("psrl").title
    'PSRL'
    """
    if name not in AGENTS:
        near = get_close_matches(name, AGENTS, 1, 0.5)
        asked = f"did you mean {near[0]!r}? " if near else ""
        raise MapError(f"agent is {name!r:.80}; {asked}Expected one of {', '.join(AGENTS)}")
    return AGENTS[name]


def make_agent(name: str, model: Any) -> Any:
    """The learner of that name for a map.

    Args:
        name: A key of `AGENTS`.
        model: The `MoveMDP` of the map, whose largest reward R-max has to know.

    Raises:
        MapError: There is no such learner.

    >>> import gymnasium as gym
    >>> make_agent("sarsa", gym.make("GridWorld-v0").unwrapped.mdp)
    Sarsa(rate=0.1, exploration=EpsilonGreedy(epsilon=0.1), initial=0.0)
    """
    return find_agent(name).make(float(np.max(model.outcome_reward, initial=0.0)))
