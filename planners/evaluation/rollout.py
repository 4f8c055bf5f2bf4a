"""Playing episodes: the loop that every agent and every environment of this project uses.

observation = env.reset(), and agent.reset() if it has that
until the episode is terminated or truncated:
    action = agent.act(observation)
    observation, reward, terminated, truncated, info = env.step(action)
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from planners.agent import Agent, Environment
from planners.arguments import check_seed, check_whole
from planners.errors import InvalidOptionError
from planners.evaluation.vector_rollout import chooser, is_vector, play_many
from planners.models.state_names import StateNames
from planners.models.wrappers import ACTIONS, OBSERVATIONS, refuse_changes
from planners.plans.finite_plan import FinitePlan, StepCounter
from planners.plans.policy import TabularPolicy


class Transition(NamedTuple):
    """One step of an episode: the observation, the action, the reward and the result."""

    observation: Any
    action: Any
    reward: float
    next_observation: Any
    terminated: bool
    truncated: bool
    info: dict[str, Any]


@dataclass(frozen=True)
class Episode:
    """One episode from its first observation to its end.

    Attributes:
        transitions: Its steps, in order.
    """

    transitions: tuple[Transition, ...]

    def __len__(self) -> int:
        """Number of steps."""
        return len(self.transitions)

    @property
    def observations(self) -> list[Any]:
        """All observations, including the first and the last: one more than the number of steps."""
        return [self.transitions[0].observation, *(step.next_observation for step in self.transitions)]

    @property
    def actions(self) -> list[Any]:
        """The actions."""
        return [step.action for step in self.transitions]

    @property
    def rewards(self) -> list[float]:
        """The rewards."""
        return [step.reward for step in self.transitions]

    @property
    def terminated(self) -> bool:
        """Whether the environment ended the episode."""
        return self.transitions[-1].terminated

    @property
    def truncated(self) -> bool:
        """Whether a limit of steps cut the episode off."""
        return self.transitions[-1].truncated

    @property
    def total_reward(self) -> float:
        """Sum of the rewards."""
        return float(sum(self.rewards))

    def discounted_return(self, discount: float) -> float:
        """Sum of discount^t times the reward of step t = 0, 1, ..."""
        return float(sum(discount**t * reward for t, reward in enumerate(self.rewards)))

    def __repr__(self) -> str:
        """Length, reward and end in one line."""
        end = "terminated" if self.terminated else "truncated"
        return f"Episode({len(self)} steps, total reward {self.total_reward:g}, {end})"


def rollout(
    env: Environment,
    agent: Agent[Any, Any] | Any,
    *,
    episodes: int = 1,
    seed: int | None = None,
    max_steps: int = 10_000,
) -> list[Episode]:
    """Play whole episodes.

    Args:
        env: A Gymnasium environment, or anything with its `reset` and `step`; or a vector environment of Gymnasium or
            Stable-Baselines3, whose environments share the episodes.
        agent: Anything with `act(observation)`, such as `plan.policy`; a `Plan` or `FinitePlan`; or a model of
            Stable-Baselines3, or anything with its `predict(observation, state, episode_start, deterministic)`,
            which then acts deterministically. If it has a `reset()`, that is called when an episode begins.
        episodes: How many.
        seed: Seed of the environment, passed to the first `reset`, and of a policy that draws its actions.
            The same seed gives the same episodes.
        max_steps: Steps after which an episode without an end of its own is cut off (`truncated`).

    Returns:
        The episodes, in order.

    Raises:
        InvalidOptionError: `agent` cannot act, or a number is below 1.
        InvalidModelError: A plan or its policy is to be played through a wrapper that changes actions or observations.
    """
    count = check_whole("episodes", episodes)
    if not all(callable(getattr(env, name, None)) for name in ("reset", "step")):
        raise InvalidOptionError(
            f"a {type(env).__name__} has no reset() and step(); expected an environment. What a policy is worth in a "
            "model is told by planners.evaluate(model, policy, discount=...)"
        )
    if is_vector(env):
        return _play_many(env, agent, count, seed, check_whole("max_steps", max_steps))
    return [
        Episode(tuple(play_episode(env, agent, seed=seed if number == 0 else None, max_steps=max_steps)))
        for number in range(count)
    ]


def _play_many(env: Any, agent: Any, episodes: int, seed: int | None, max_steps: int) -> list[Episode]:
    actor = agent if hasattr(agent, "predict") and not hasattr(agent, "act") else _prepared(env, agent, seed)
    played = play_many(env, chooser(actor, env.num_envs), episodes=episodes, seed=seed, max_steps=max_steps)
    return [Episode(tuple(Transition(*step[1:]) for step in steps)) for steps in played]


def rollout_in_names(
    env: Any, agent: Any, *, names: StateNames, episodes: int = 1, seed: int | None = None, max_steps: int = 10_000
) -> list[Episode]:
    """Episodes of `rollout` with the names of states as observations: a key function is called while it can see them.

    Args:
        env: One environment.
        agent: As for `rollout`; it sees the observations of the environment.
        names: The names, which `enumerate_env(env, key=...)` found.
        episodes: How many.
        seed: Seed of the environment.
        max_steps: Steps after which an episode is cut off.
    """
    noting, found = _Noting(_prepared(env, agent, seed), partial(names.seen, env)), []
    for number in range(check_whole("episodes", episodes)):
        noting.states = []
        steps = list(play_episode(env, noting, seed=seed if number == 0 else None, max_steps=max_steps))
        keys = [names.keys[s] for s in (*noting.states, noting.state_of(steps[-1].next_observation))]
        pairs = zip(steps, keys[:-1], keys[1:], strict=True)
        found.append(Episode(tuple(s._replace(observation=key, next_observation=after) for s, key, after in pairs)))
    return found


class _Noting:
    """An agent that notes the states in which it acts."""

    def __init__(self, agent: Any, state_of: Callable[[Any], int]) -> None:
        self.agent, self.state_of = agent, state_of
        self.states: list[int] = []
        self.reset = getattr(agent, "reset", None)

    def act(self, observation: Any) -> Any:
        self.states.append(self.state_of(observation))
        return self.agent.act(observation)


def _prepared(env: Any, agent: Any, seed: int | None) -> Any:
    """What acts, if it may act here, with its draws begun anew."""
    agent, seed = as_agent(agent), check_seed(seed)
    if isinstance(agent, TabularPolicy | StepCounter):
        refuse_changes(env, "this policy", among=(ACTIONS, OBSERVATIONS), advice="Play it in the environment inside")
    if seed is not None and isinstance(agent, TabularPolicy):
        agent.reseed(seed)
    names = getattr(agent, "states", None) if isinstance(agent, TabularPolicy | StepCounter) else None
    return agent if names is None or names.identify is None or is_vector(env) else _Seeing(agent, env, names)


class _Seeing:
    """A policy on states that a key function tells from the environment itself."""

    def __init__(self, agent: Any, env: Any, names: StateNames) -> None:
        self.agent, self.env, self.names = agent, env, names
        self.reset = getattr(agent, "reset", None)

    def act(self, observation: Any) -> Any:
        return self.agent.act(self.names.keys[self.names.seen(self.env, observation)])


def play_episode(
    env: Environment, agent: Agent[Any, Any] | Any, *, seed: int | None = None, max_steps: int = 10_000
) -> Iterator[Transition]:
    """One episode, step by step; arguments as for `rollout`."""
    agent = _prepared(env, agent, seed)
    check_whole("max_steps", max_steps)
    observation, _ = env.reset(seed=seed)
    if callable(restart := getattr(agent, "reset", None)):
        restart()  # an agent that counts steps begins anew
    for step in range(max_steps):
        action = agent.act(observation)
        next_observation, reward, terminated, truncated, info = env.step(action)
        cut = bool(truncated) or (step + 1 == max_steps and not terminated)
        yield Transition(observation, action, float(reward), next_observation, bool(terminated), cut, info)
        if terminated or truncated:
            return
        observation = next_observation


def can_act(agent: Any) -> bool:
    """Whether `as_agent` finds one in it."""
    return any(callable(getattr(agent, name, None)) for name in ("act", "predict")) or isinstance(agent, FinitePlan)


def as_agent(agent: Any) -> Any:
    """The agent itself, that of a plan, or one around `predict`; `InvalidOptionError` where there is none."""
    if hasattr(agent, "act"):
        return agent
    if isinstance(agent, FinitePlan):
        return agent.agent()
    if callable(getattr(agent, "predict", None)):
        return Predicting(agent)
    policy = getattr(agent, "policy", agent)
    if not hasattr(policy, "act"):
        raise InvalidOptionError(
            f"a {type(policy).__name__} has no act(observation); expected an agent such as plan.policy"
        )
    return policy


class Predicting:
    """An `Agent` around `predict(observation, state, episode_start, deterministic)`, Stable-Baselines3's interface.

    Args:
        model: What has `predict`; it returns (action, state), and has its state back with the next step.
    """

    def __init__(self, model: Any) -> None:
        """Before the first episode."""
        self.model = model
        self.reset()

    def reset(self) -> None:
        """An episode begins: no state yet."""
        self._state, self._begins = None, True

    def act(self, observation: Any) -> Any:
        """Its action, without drawing."""
        begins, self._begins = np.array([self._begins]), False
        action, self._state = self.model.predict(
            observation, state=self._state, episode_start=begins, deterministic=True
        )
        return action.item() if isinstance(action, np.ndarray) and action.ndim == 0 else action
