"""Episodes of many environments in step: Gymnasium's vector environments, and those of Stable-Baselines3.

Each environment plays its share of the episodes. To take those that end first would prefer the short ones.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from planners.errors import InvalidModelError, InvalidOptionError
from planners.models.convert import Model, as_model
from planners.plans.model_identity import is_same_model

Step = tuple[int, Any, Any, float, Any, bool, bool, dict[str, Any]]  # of which environment, then as `Transition`


def is_vector(env: Any) -> bool:
    """Whether it holds many environments that take their steps together."""
    return hasattr(env, "num_envs")


def one_of_many(env: Any, check: Callable[[Any], None]) -> Model:
    """The one model of all environments of a vector environment.

    Args:
        env: The vector environment.
        check: Called with each environment that is an object of its own.

    Raises:
        InvalidModelError: They differ, or they are in other processes.
    """
    inner = getattr(env, "unwrapped", env)
    if getattr(inner, "mdp", None) is not None:
        return as_model(inner)
    members = getattr(inner, "envs", None)
    if members is None:
        raise InvalidModelError(
            f"the environments of a {type(inner).__name__} are in other processes, so their tables cannot be seen; put "
            "GroundTruth inside each, or use vectorization_mode='sync'"
        )
    models = []
    for member in members:
        check(member)
        models.append(as_model(member))
    for number, model in enumerate(models):
        if not is_same_model(model, models[0]):
            raise InvalidModelError(f"environments 0 and {number} have different tables; expected the same in all")
    return models[0]


def play_many(
    env: Any,
    choose: Callable[[Any, Any], Any],
    *,
    episodes: int,
    seed: int | None,
    max_steps: int,
) -> Iterator[list[Step]]:
    """Whole episodes, as lists of steps.

    Args:
        env: The vector environment.
        choose: (observations, (n,) bool which episodes have just begun) to n actions.
        episodes: How many in all.
        seed: Of the environments.
        max_steps: Steps after which an episode is cut off: the rest of what its environment plays of it is not counted.
    """
    n = int(env.num_envs)
    wanted = [(episodes + number) // n for number in range(n)][::-1]
    playing: list[list[Step]] = [[] for _ in range(n)]
    lost = np.zeros(n, dtype=bool)  # cut off by max_steps: what follows until the environment's own end is not counted
    steps = _StableBaselines(env) if _is_stable_baselines(env) else _Gymnasium(env)
    observations, begins = steps.reset(seed), np.ones(n, dtype=bool)
    while any(wanted):
        actions = choose(observations, begins)
        after = steps.step(actions)
        for number in range(n):
            if steps.skipped[number]:
                continue
            final, terminated, truncated = after.final[number], after.terminated[number], after.truncated[number]
            if wanted[number] and not lost[number]:
                cut = truncated or (len(playing[number]) + 1 == max_steps and not terminated)
                step = (number, observations[number], actions[number], float(after.rewards[number]), final)
                playing[number].append((*step, terminated, cut, after.infos[number]))
                if terminated or cut:
                    yield playing[number]
                    playing[number], wanted[number] = [], wanted[number] - 1
                    lost[number] = not (terminated or truncated)
            lost[number] &= not (terminated or truncated)
        begins = steps.begin(after)
        observations = after.observations


class _After:
    """What one step of all environments led to; `final` is the last state of an episode that has ended."""

    def __init__(
        self, observations: Any, final: Any, rewards: Any, terminated: Any, truncated: Any, infos: Any
    ) -> None:
        self.observations, self.final, self.rewards, self.infos = observations, final, rewards, infos
        self.terminated, self.truncated = [bool(t) for t in terminated], [bool(t) for t in truncated]

    @property
    def over(self) -> np.ndarray:
        """(n,) bool."""
        return np.array(self.terminated) | np.array(self.truncated)


class _Gymnasium:
    """A vector environment of Gymnasium, in each of its modes of beginning anew."""

    def __init__(self, env: Any) -> None:
        self.env = env
        mode = (getattr(env, "metadata", None) or {}).get("autoreset_mode")
        self.mode = str(getattr(mode, "name", mode or "NEXT_STEP"))
        self.skipped = np.zeros(env.num_envs, dtype=bool)
        self._ended = self.skipped.copy()

    def reset(self, seed: int | None) -> Any:
        return self.env.reset(seed=seed)[0]

    def step(self, actions: Any) -> _After:
        self.skipped = self._ended.copy()
        observations, rewards, terminated, truncated, infos = self.env.step(np.asarray(actions))
        final = list(observations)
        if self.mode == "SAME_STEP" and "final_obs" in infos:
            for number in np.flatnonzero(infos["_final_obs"]):
                final[number] = infos["final_obs"][number]
        each = [{name: array[i] for name, array in infos.items() if np.shape(array)[:1] == (len(final),)}
                for i in range(len(final))]  # fmt: skip
        return _After(observations, final, rewards, terminated, truncated, each)

    def begin(self, after: _After) -> Any:
        if self.mode == "NEXT_STEP":  # the next step is a reset, and what it leads to is where the episode begins
            begun, self._ended = self._ended, after.over
            return begun
        if self.mode == "DISABLED" and after.over.any():
            after.observations = self.env.reset(options={"reset_mask": after.over})[0]
        return after.over


class _StableBaselines:
    """A `VecEnv` of Stable-Baselines3, which begins anew in the same step."""

    def __init__(self, env: Any) -> None:
        self.env, self.skipped = env, np.zeros(env.num_envs, dtype=bool)

    def reset(self, seed: int | None) -> Any:
        if seed is not None:
            self.env.seed(seed)
        return self.env.reset()

    def step(self, actions: Any) -> _After:
        observations, rewards, dones, infos = self.env.step(np.asarray(actions))
        truncated = [
            bool(done and info.get("TimeLimit.truncated", False)) for done, info in zip(dones, infos, strict=True)
        ]
        terminated = [bool(done) and not cut for done, cut in zip(dones, truncated, strict=True)]
        pairs = zip(observations, dones, infos, strict=True)
        final = [info.get("terminal_observation", seen) if done else seen for seen, done, info in pairs]
        return _After(observations, final, rewards, terminated, truncated, infos)

    def begin(self, after: _After) -> Any:
        return after.over


def _is_stable_baselines(env: Any) -> bool:
    return hasattr(env, "step_async") and not hasattr(env, "single_action_space")


def chooser(agent: Any, count: int) -> Callable[[Any, Any], Any]:
    """The function `choose` of an agent with `predict` for all at once, or with `act` for one after the other.

    Raises:
        InvalidOptionError: The agent has a `reset`, so that it remembers one episode, and there are many at a time.
    """
    if not hasattr(agent, "act") and callable(getattr(agent, "predict", None)):
        state: list[Any] = [None]

        def predicted(observations: Any, begins: Any) -> Any:
            actions, state[0] = agent.predict(observations, state=state[0], episode_start=begins, deterministic=True)
            return actions

        return predicted
    if callable(getattr(agent, "reset", None)) and count > 1:
        raise InvalidOptionError(
            f"a {type(agent).__name__} has a reset() for each episode, and {count} environments play at a time; play "
            "it in one"
        )
    return lambda observations, _: np.array([agent.act(observation) for observation in observations])
