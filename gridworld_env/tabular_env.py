"""`Tabular-v0`: an environment of any finite model, and of the textbooks' that are no grids."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from gymnasium.error import InvalidAction
from gymnasium.vector import AutoresetMode
from numpy.typing import ArrayLike, NDArray

from gridworld_env.dynamics.outcome_mdp import OutcomeMDP
from gridworld_env.dynamics.row_sampler import RowSampler
from gridworld_env.dynamics.sampled_env import SampledEnv
from gridworld_env.dynamics.sampled_vector_env import Array, SampledVectorEnv
from gridworld_env.dynamics.sampler import Sampler
from gridworld_env.dynamics.trace import Trace
from gridworld_env.errors import MapError
from gridworld_env.models import find_model
from planners.models.convert import Model, as_model
from planners.models.moves import MoveMDP
from planners.models.starts import checked_initial
from planners.models.tabular import TabularMDP


class TabularEnv(SampledEnv):
    """An environment whose `step()` samples from a model.

    Observations and actions are the numbers of states and actions. An `OutcomeMDP`, or a toy_text table
    `P[s][a] = [(probability, next_state, reward, terminated), ...]`, pays the reward of the drawn outcome. A
    `TabularMDP` knows only the expected reward of a state and action, and every step pays that.

    Args:
        mdp: A `TabularMDP`, a toy_text table, or another form of model that `planners` reads; None: `world`.
        world: Name of a model in `gridworld_env.MODELS`; None: "river_swim", unless an `mdp` is given.
        initial: (S,) probabilities of the first state; None: those of the model or, if it has none, equal ones for all
            states in which an episode need not end at once.
        render_mode: "ansi" or None.
        **options: Options of the function that makes the world, such as `size=10`.

    Attributes:
        mdp: The model from which `step()` samples.

    `info["action_mask"]` is 1 for actions that exist in the state; on a gridworld it is that of its environment.

    Raises:
        MapError: Both a model and a world are given, or the world or an option is unknown.
        InvalidModelError: `mdp` holds no model.

    >>> import gymnasium as gym, gridworld_env, planners
    >>> env = gym.make("Tabular-v0", world="gambler")
    >>> float(planners.solve(env, discount=1).values[50].round(6))
    0.4
    """

    mdp: Model
    metadata: dict[str, Any] = {"render_modes": ["ansi"], "render_fps": 4}

    def __init__(
        self,
        *,
        mdp: Any = None,
        world: str | None = None,
        initial: ArrayLike | None = None,
        render_mode: str | None = None,
        **options: Any,
    ) -> None:
        """Find the model and list its outcomes."""
        if mdp is not None and (world is not None or options):
            given = ", ".join(f"{name}={value!r}" for name, value in {"world": world, **options}.items() if value)
            raise MapError(f"mdp and {given} are both given; expected one of the two")
        if mdp is None:
            model = find_model("river_swim" if world is None else world, options)
        elif isinstance(mdp, Mapping | list | tuple):
            model = OutcomeMDP.from_gym_dict(mdp)
        else:
            model = as_model(mdp)
            table = getattr(getattr(mdp, "unwrapped", mdp), "P", None)
            if type(model) is TabularMDP and isinstance(table, Mapping):  # of toy_text, which knows more
                model = OutcomeMDP.from_gym_dict(table, model.initial)
        self._initial = checked_initial(initial, model.num_states)
        super().__init__(model, Sampler(model) if isinstance(model, MoveMDP) else RowSampler(model), render_mode)

    @property
    def initial_state_distrib(self) -> NDArray[np.float64]:
        """(S,) probability that each state is the first."""
        if self._initial is not None:
            return self._initial
        if self.mdp.initial is not None:
            return self.mdp.initial
        goes_on = ((self.mdp.termination < 1.0) & self.mdp.feasible).any(axis=1)
        weights = (goes_on if goes_on.any() else ~goes_on).astype(np.float64)
        return weights / weights.sum()

    def picture(self, trace: Trace, mode: str | None = None) -> str:
        """The state and the last step as text."""
        if not trace.states:
            return "no episode yet"
        if trace.last is None:
            return f"state {trace.states[-1]}"
        action, _, reward, terminated = trace.last
        last = f"from state {trace.states[-2]} by action {action}: reward {reward:g}"
        return f"state {trace.states[-1]}, {last}{', the end' if terminated else ''}"

    def _checked_action(self, action: Any) -> int:
        chosen, state = super()._checked_action(action), self._state or 0
        if not self.mdp.feasible[state, chosen]:
            raise no_action(chosen, state, self.mdp.feasible)
        return chosen


def no_action(action: int, state: int, feasible: NDArray[np.bool_]) -> InvalidAction:
    """What to raise for an action that does not exist in a state."""
    exist = ", ".join(map(str, np.flatnonzero(feasible[state])[:20]))
    return InvalidAction(
        f"action {action} does not exist in state {state}; expected one of {exist}. info['action_mask'] tells: "
        "action_space.sample(info['action_mask'])"
    )


class TabularVectorEnv(SampledVectorEnv):
    """`num_envs` environments of one model, with what is said of `SampledVectorEnv`.

    >>> import gymnasium as gym, gridworld_env
    >>> gym.make_vec("Tabular-v0", num_envs=3, world="river_swim").reset(seed=1)[0]
    array([0, 0, 0])
    """

    mdp: Model
    single: ClassVar[type[SampledEnv]] = TabularEnv
    metadata: dict[str, Any] = {**TabularEnv.metadata, "autoreset_mode": AutoresetMode.NEXT_STEP}

    def _checked_actions(self, actions: Any) -> Array:
        given, feasible = super()._checked_actions(actions), self.mdp.feasible
        state = self._state
        assert state is not None  # `step` has looked
        missing = ~feasible[state, given]
        if missing.any():
            given = np.where(missing & self._ended, feasible[state].argmax(axis=1), given)  # which nobody plays
            wrong = np.flatnonzero(missing & ~self._ended)
            if len(wrong):
                raise no_action(int(given[wrong[0]]), int(state[wrong[0]]), feasible)
        return given
