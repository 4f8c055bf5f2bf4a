"""The exact truth beside a learner, step by step: a wrapper that adds it to `info`."""

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.utils import RecordConstructorArgs
from gymnasium.vector import AutoresetMode, VectorEnv, VectorWrapper
from numpy.typing import NDArray

import planners
from planners.errors import InvalidModelError
from planners.evaluation.regret import given_away, maximising, model_of, plan_of, state_number
from planners.evaluation.vector_rollout import one_of_many
from planners.models.backups import possible_actions
from planners.models.wrappers import refuse_changes

INSIDE = "Put GroundTruth inside: {wrapper}(GroundTruth(env, discount=...))"


class Truth:
    """What a plan says of steps that n environments take, one after the other.

    At discount 1 a step that only goes round for free gives nothing away, and yet whoever goes on like that earns
    nothing of V*. So the first such step counts all of V*, and the step that leads out again takes it back: the sum of
    the regrets is at any time what is lost if the agent goes on as it does.

    Args:
        plan: The plan.
        count: n.
    """

    def __init__(self, plan: planners.Plan, count: int) -> None:
        """Prepare for the first episodes."""
        self.values: NDArray[np.float64] = plan.values
        self.optimal: NDArray[np.int8] = plan.optimal_actions.astype(np.int8)
        self.lost: NDArray[np.float64] = given_away(plan)
        plan = maximising(plan)
        self.earned: NDArray[np.float64] = plan.values
        self.circles: NDArray[np.bool_] = np.zeros(self.optimal.shape, dtype=bool)
        if plan.discount == 1.0:
            possible = possible_actions(plan.model, plan.lower, plan.upper, plan.discount)
            self.circles = possible & ~plan.optimal_actions
        self.owed: NDArray[np.float64] = np.zeros(count)

    def begin(self, which: Any) -> None:
        """Other episodes begin, in the environments `which`."""
        self.owed[which] = 0.0

    def regrets(self, states: NDArray[np.int64], actions: NDArray[np.int64]) -> NDArray[np.float64]:
        """(n,) what the actions give away, taken in these states."""
        owed = np.where(self.circles[states, actions], np.maximum(self.earned[states], 0.0), 0.0)
        regrets = self.lost[states, actions] + (owed - self.owed)
        self.owed = owed
        return regrets


class GroundTruth(gym.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """A wrapper that adds V*, the optimal actions and the regret to the `info` of an environment with tables.

    `info["optimal_value"]` is V* of the reached state. `info["optimal_actions"]` is (A,) int8, 1 for every action that
    can be optimal there. After a step, `info["regret"]` is `V*(s) - Q*(s, a)` of the action just taken. It is 0 for
    optimal actions, and also where V* is -inf, as no more can be lost there. The discounted sum of the regrets of an
    episode that ends is, on average, what the agent loses against the best policy (the performance difference lemma;
    Kakade and Langford, 2002). At discount 1, a step into a loop that costs nothing counts all of V* as regret, until a
    step out of the loop takes it back with a negative regret.

    For a vector environment of such environments it returns a `VectorGroundTruth`. Where each reset draws another map
    (`GridWorld/RandomMap-v0`), the new map is solved at each reset.

    Args:
        env: An environment that `planners` can solve. Wrappers that change actions, rewards or observations belong
            around this wrapper, not inside it.
        discount: 0 to 1.
        plan: A plan of this environment at this discount, also one of `planners.enumerate_env`; None: it is solved
            here.
        minimise: Whether rewards are costs, so that V* is the least cost and the regret is `Q*(s, a) - V*(s)`.

    Raises:
        PlannerError: The environment has no tables, they cannot be solved, a wrapper changes what is played, or the
            plan is of another model or discount.

    >>> import gridworld_env
    >>> env = GroundTruth(gym.make("GridWorld-v0", map_name="lecture"), discount=0.9)
    >>> state, info = env.reset(seed=1)
    >>> round(info["optimal_value"], 3), info["optimal_actions"].tolist()
    (0.519, [1, 1, 0, 0])
    """

    same_mdp = True  # what is played is as it was

    def __new__(cls, env: Any = None, **options: Any) -> Any:
        """Return a `VectorGroundTruth` for a vector environment; a copy is made without an environment."""
        return VectorGroundTruth(env, **options) if isinstance(env, VectorEnv) else super().__new__(cls)

    def __init__(
        self, env: gym.Env[Any, Any], *, discount: float, plan: planners.Plan | None = None, minimise: bool = False
    ) -> None:
        """Solve the environment."""
        _check_single(env)
        RecordConstructorArgs.__init__(self, discount=discount, plan=plan, minimise=minimise)
        super().__init__(env)
        model = model_of(env, plan)
        self._solves_anew = _draws_tables(env)
        if plan is not None and self._solves_anew:
            raise InvalidModelError("plan= is of one map, but each reset draws another; leave it out")
        self._options: dict[str, Any] = {"discount": discount, "minimise": minimise}
        self._know(model, plan_of(model, plan, discount, minimise))
        self._state = 0

    def _know(self, model: Any, plan: planners.Plan) -> None:
        self.plan: planners.Plan = plan
        self._model, self._truth = model, Truth(plan, 1)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """As in the environment, with what is optimal in `info`."""
        observation, info = self.env.reset(seed=seed, options=options)
        if self._solves_anew:
            model = model_of(self.env, None)
            self._know(model, plan_of(model, None, **self._options))
        self._state = self._number(observation, info)
        self._truth.begin(0)
        return observation, {**info, **self._known()}

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """As in the environment, with what is optimal in `info`."""
        before = self._state
        observation, reward, terminated, truncated, info = self.env.step(action)
        self._state = self._number(observation, info)
        regret = float(self._truth.regrets(np.array([before]), np.array([int(action)]))[0])
        return observation, reward, terminated, truncated, {**info, **self._known(), "regret": regret}

    def _number(self, observation: Any, info: dict[str, Any]) -> int:
        return int(info["state"]) if self._solves_anew else state_number(self._model, observation, self.env)

    def _known(self) -> dict[str, Any]:
        return {
            "optimal_value": float(self._truth.values[self._state]),
            "optimal_actions": self._truth.optimal[self._state].copy(),
        }


class VectorGroundTruth(VectorWrapper, RecordConstructorArgs):
    """`GroundTruth` for `gym.make_vec`, native or "sync": (n,) `optimal_value` and `regret`, (n, A) `optimal_actions`.

    If a step begins another episode instead of taking the action (autoreset, `NEXT_STEP`), `regret` is 0 and its mask
    `_regret` is False. With `SAME_STEP`, `regret` is that of the last step of the old episode, and the values are those
    of the first state of the new one.

    >>> import gridworld_env
    >>> envs = GroundTruth(gym.make_vec("GridWorld-v0", num_envs=2, map_name="lecture"), discount=0.9)
    >>> states, info = envs.reset(seed=1)
    >>> states, rewards, terminated, truncated, info = envs.step(np.array([0, 3]))
    >>> info["regret"].round(3).tolist()
    [0.0, 0.092]
    """

    same_mdp = True

    def __init__(self, env: Any, *, discount: float, plan: planners.Plan | None = None, minimise: bool = False) -> None:
        """Solve one of the environments; they must be alike."""
        RecordConstructorArgs.__init__(self, discount=discount, plan=plan, minimise=minimise)
        super().__init__(env)
        refuse_changes(env, "the truth", advice=INSIDE.format(wrapper=getattr(env, "kind", type(env)).__name__))
        if any(map(_draws_tables, getattr(env.unwrapped, "envs", ()))):
            raise InvalidModelError(
                "each environment draws a map of its own at each reset; put GroundTruth inside each: gym.make_vec(..., "
                f"wrappers=[lambda env: GroundTruth(env, discount={discount})])"
            )
        model = one_of_many(env, _check_single)
        self.plan: planners.Plan = plan_of(model, plan, discount, minimise)
        self._truth = Truth(self.plan, self.num_envs)
        self._state = np.zeros(self.num_envs, dtype=np.int64)
        self._ended = np.zeros(self.num_envs, dtype=bool)

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """As in the environments, with what is optimal in the infos."""
        begins = (options or {}).get("reset_mask")
        begins = np.ones(self.num_envs, dtype=bool) if begins is None else np.array(begins)
        observations, infos = self.env.reset(seed=seed, options=options)
        self._state = np.array(observations, dtype=np.int64)
        self._ended[begins] = False
        self._truth.begin(begins)
        return observations, {**infos, **self._known()}

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """As in the environments, with what is optimal in the infos."""
        before, again = self._state, self._ended
        observations, rewards, terminated, truncated, infos = self.env.step(actions)
        self._state = np.array(observations, dtype=np.int64)
        regrets = np.where(again, 0.0, self._truth.regrets(before, np.array(actions, dtype=np.int64)))
        over = np.array(terminated) | np.array(truncated)
        self._truth.begin(again | over)
        at_once = self.metadata.get("autoreset_mode") is AutoresetMode.SAME_STEP
        self._ended = np.zeros_like(over) if at_once else over
        infos = {**infos, **self._known(), "regret": regrets, "_regret": ~again}
        return observations, rewards, terminated, truncated, infos

    def _known(self) -> dict[str, Any]:
        everywhere = np.ones(self.num_envs, dtype=bool)
        return {
            "optimal_value": self._truth.values[self._state],
            "_optimal_value": everywhere,
            "optimal_actions": self._truth.optimal[self._state],
            "_optimal_actions": everywhere.copy(),
        }


def _draws_tables(env: Any) -> bool:
    """Whether its tables are others after each reset."""
    return bool(getattr(env.unwrapped, "new_tables_each_reset", False))


def _check_single(env: Any) -> None:
    """`InvalidModelError` for what is not one environment whose steps are those of its tables."""
    if hasattr(env, "num_envs"):
        raise InvalidModelError(
            f"a {type(env).__name__} holds many environments; expected one, or Gymnasium's own kind. Put GroundTruth "
            "inside: DummyVecEnv([lambda: GroundTruth(gym.make(...), discount=...)])"
        )
    wrapper = type(env).__name__
    refuse_changes(env, "the truth", advice=INSIDE.format(wrapper=wrapper))
