"""Making the tables of an environment that has none, by trying every action in every state.

In every state that is reached, every action is taken on a copy of the environment, once for every way in which the
draws of the step can come out: a stand-in takes the place of NumPy's generators, see `enumerated_generator`. A key
function returns the state, by default the observation. If two copies in one state go on differently, the key leaves
something out: this is an error, and no wrong table is made. Where draws cannot be enumerated, `samples` says how often
each action is tried with random numbers, and the model is then an estimate.
"""

from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from planners.agent import Environment
from planners.arguments import check_function, check_seed, check_whole
from planners.enumeration.choices import Choices
from planners.enumeration.copies import Copies
from planners.enumeration.enumerated_generator import EnumeratedGenerator
from planners.enumeration.search import Reward, Search, Trial, UncountableStartsError, explored
from planners.errors import InvalidOptionError
from planners.models.state_names import Key, StateNames
from planners.models.tabular import TabularMDP
from planners.models.wrappers import refuse_changes
from planners.names import hashable
from planners.readers.functions import reporting_states


def enumerate_env(
    env: Environment,
    *,
    key: Key | None = None,
    reward: Reward | None = None,
    hidden: Callable[[Any], object] | None = None,
    seed: int | None = None,
    samples: int | None = None,
    max_states: int = 100_000,
    max_outcomes: int = 100_000,
    progress: bool | Callable[[int, int], object] = False,
) -> tuple[TabularMDP, list[Hashable]]:
    """Every state that can be reached from the first ones, as a `TabularMDP`.

    Its tables are exact where the environment draws by NumPy's `Generator` among finitely many outcomes: `integers`,
    `choice`, `permutation`, `shuffle`, `binomial`, `multinomial`, `hypergeometric`, and `random` and `uniform` where
    their numbers are compared with others or rounded to whole ones.

    Args:
        env: A Gymnasium environment with A discrete actions.
        key: (unwrapped environment, observation) to what identifies the state; None: the observation.
        reward: (unwrapped environment, its reward) to the reward of the model, where the environment's own
            depends on more than state and action, as MiniGrid's does on the number of steps; None: its own.
        hidden: Called with the unwrapped environment before each step. It draws again, by the environment's
            `np_random`, whatever the key does not tell, such as a card that lies face down, with its probabilities
            given the key.
        seed: The seed of `reset`, which chooses the first state and whatever the key does not tell, such as the walls
            of a room; also the seed of the random numbers that are tried. None: all first states that `reset` can draw,
            with their probabilities; where these cannot be enumerated, or with `samples`, only the one of seed 0.
        samples: How often each action is tried in each state, where draws cannot be enumerated: probabilities and
            rewards are then frequencies and means, off by about 1 / (2 sqrt(samples)), and what is rarer than
            1 / samples may be missed; a plan says that its model is an estimate. None: all outcomes, exactly.
        max_states: The largest number of states, as the environment may have infinitely many.
        max_outcomes: The largest number of outcomes of the draws of one step, or of `reset`.
        progress: Show a line on standard error; or a function that is called with the numbers of states that were
            followed and found.

    Returns:
        The model, whose `initial` are the first states; and the S keys of its states, which are also its `states`, so
        that a plan acts on observations, not on the numbers of states.

    Raises:
        InvalidOptionError: The actions are not discrete, `samples`, `max_states` or `max_outcomes` is not 1 or more,
            what `key` returns cannot be hashed, or there are more than `max_states` states.
        InvalidModelError: The environment cannot be copied, or a wrapper changes what is played; or, without
            `samples`, a step draws what cannot be enumerated, draws by a generator of another kind and leads elsewhere
            with other random numbers, or two copies in one state go on differently.

    Cost: a copy and a step for each outcome of each action; about twice that where states are reached in several ways.

    >>> import gymnasium as gym
    >>> model, keys = enumerate_env(gym.make("FrozenLake-v1"))
    >>> model
    TabularMDP(11 states, 4 actions, 98 transitions, 0.0 MB)
    """
    inner = getattr(env, "unwrapped", env)
    _check(seed, {"samples": samples, "max_states": max_states, "max_outcomes": max_outcomes}, key, reward, hidden)
    actions = _number_of_actions(inner)
    refuse_changes(env, "its tables", advice="Enumerate the environment inside it")

    def explore(observation: Any, *, drawn: bool) -> Search:
        choices = Choices(max_outcomes) if samples is None else None
        trial = Trial(
            actions, Copies(inner, None if choices is None else EnumeratedGenerator(choices)), choices,
            key or (lambda _, seen: hashable(seen)), reward or (lambda _, own: own), hidden, samples,
            np.random.SeedSequence(seed or 0),
        )  # fmt: skip
        with reporting_states(progress) as report:
            return explored(trial, observation, max_states, report, drawn=drawn)

    getattr(inner, "np_random", None)  # Gymnasium makes it when first asked, and copies should have it
    found = None
    if seed is None and samples is None:
        with suppress(UncountableStartsError):
            found = explore(None, drawn=True)
    if found is None:
        observation, _ = env.reset(seed=seed or 0)
        found = explore(observation, drawn=False)
    names = StateNames(tuple(found.results), key, samples, found=True)
    return replace(found.model(), states=names), list(found.results)


def _check(seed: Any, numbers: dict[str, Any], key: Any, reward: Any, hidden: Any) -> None:
    for name, number in numbers.items():
        if not (name == "samples" and number is None):
            check_whole(name, number, hint=", or None" if name == "samples" else "")
    for name, function in (("key", key), ("reward", reward), ("hidden", hidden)):
        check_function(name, function, f"{name}=lambda {'env' if name == 'hidden' else 'env, seen'}: ...")
    check_seed(seed)


def _number_of_actions(inner: Any) -> int:
    """A."""
    space = getattr(inner, "action_space", None)
    actions = getattr(space, "n", None)
    if actions is None or getattr(space, "start", 0) != 0:
        raise InvalidOptionError(f"the actions of the {type(inner).__name__} are {space}; expected Discrete, from 0 on")
    return int(actions)
