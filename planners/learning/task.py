"""What is learned: an environment or a model, as a learner and the truth beside it need it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.errors import InvalidModelError, InvalidOptionError, PlannerError
from planners.models.convert import Model, as_model
from planners.models.moves import MoveMDP
from planners.models.tabular import TabularMDP
from planners.models.wrappers import OBSERVATIONS, changes
from planners.options import check_discount
from planners.plans.model_identity import is_same_model
from planners.plans.plan import Plan
from planners.plans.policy import state_of

PLAIN = ("TimeLimit", "OrderEnforcing", "PassiveEnvChecker")


@dataclass(frozen=True)
class Task:
    """An environment or a model, and the discount.

    Attributes:
        source: What was given.
        model: Its model, or None where it has no tables.
        num_states: S.
        num_actions: A.
        discount: 0 to 1.
        number: Makes the number of a state of an observation.
        limit: Steps after which an episode is cut off; 0: never.
        plan: A plan of the model at this discount that was given, or None.
        tables: Whether the model is the source's own: its steps may be drawn from it.
    """

    source: Any
    model: Model | None
    num_states: int
    num_actions: int
    discount: float
    number: Callable[[Any], int]
    limit: int = 0
    plan: Plan | None = None
    tables: bool = True

    @property
    def is_model(self) -> bool:
        """Whether a model was given, and nothing that has a `step`."""
        return isinstance(self.source, TabularMDP | MoveMDP)

    @property
    def runs_on_tables(self) -> bool:
        """Whether steps may be drawn from the tables: nothing around the environment wants to see them."""
        if self.is_model:
            return True
        return self.tables and self.model is not None and _is_plain(self.source)

    def options(self) -> list[list[int]]:
        """The actions that exist in each state."""
        every = list(range(self.num_actions))
        if self.model is None or bool(self.model.feasible.all()):
            return [every] * self.num_states
        return [[a for a in every if row[a]] for row in self.model.feasible.tolist()]

    def initial(self) -> NDArray[np.float64]:
        """(S,) probabilities of the first state.

        Raises:
            InvalidModelError: The model does not say.
        """
        own = getattr(getattr(self.source, "unwrapped", self.source), "initial_state_distrib", None)
        if self.tables and own is not None:
            return np.asarray(own, dtype=np.float64)
        if self.model is None or self.model.initial is None:
            raise InvalidModelError(
                "this model does not say where episodes begin; expected `initial`, (S,) probabilities: "
                "from_arrays(P, R, initial=...)"
            )
        return self.model.initial


def task_of(source: Any, discount: float, plan: Plan | None = None, limit: int | None = None) -> Task:
    """The task of an environment or a model; of `(S, A)`, one of which only the sizes are known.

    Raises:
        InvalidOptionError: The discount or the plan does not fit, or `source` holds many environments.
        InvalidModelError: Its states or actions cannot be numbered.
    """
    discount = check_discount(discount)
    if hasattr(source, "num_envs"):
        raise InvalidOptionError(
            f"a {type(source).__name__} holds many environments; expected one. For many runs: seeds=range(8)"
        )
    limit = _limit_of(source) if limit is None else limit
    if isinstance(source, tuple):
        states, actions = (int(size) for size in source)
        return Task(None, None, states, actions, discount, _numbered(states), limit)
    own = _model_of(source)
    model = own if plan is None else _checked(plan, own, discount)
    if model is None:
        return _without_tables(source, discount, limit)
    names = model.states if isinstance(model, TabularMDP) else None
    states = model.num_states
    if names is None:
        number = _numbered(states)
    elif hasattr(source, "step"):
        number = partial(names.seen, source)
    else:
        number = partial(state_of, states=names, num_states=states)
    return Task(source, model, states, model.num_actions, discount, number, limit, plan, own is not None)


def _numbered(count: int) -> Callable[[Any], int]:
    """The observation is the number of the state."""
    return partial(_number, count)  # which can be pickled, with the learner


def _number(count: int, observation: Any) -> int:
    plain = type(observation) is int and 0 <= observation < count
    return observation if plain else state_of(observation, None, count)


def _checked(plan: Plan, own: Model | None, discount: float) -> Model:
    """The model of a plan, if it is one of what is learned."""
    if plan.discount != discount or plan.minimise:
        raise InvalidOptionError(
            f"plan is one at discount {plan.discount}, minimise={plan.minimise}; expected one at discount "
            f"{discount} that maximises, or None"
        )
    if own is not None and not is_same_model(plan.model, own):
        raise InvalidOptionError("plan is of another model than the one to learn; expected a plan of that one, or None")
    return plan.model


def _model_of(source: Any) -> Model | None:
    """Its own tables; None where it has none, or something around it changes what is played."""
    if any(True for _ in changes(source)):
        return None
    try:
        return as_model(source)
    except PlannerError:
        if not hasattr(source, "step"):
            raise
        return None


def _without_tables(env: Any, discount: float, limit: int) -> Task:
    """The task of an environment whose spaces are finite, and of which nothing else is known."""
    actions, states = env.action_space, env.observation_space
    sizes = _sizes(states)
    count = getattr(actions, "n", None)
    if sizes is None or count is None or int(getattr(actions, "start", 0)):
        raise InvalidModelError(
            f"the observations of this {type(env).__name__} are of {states}, its actions of {actions}; expected "
            "Discrete ones, or observations that are a Tuple of Discrete. For others: use a wrapper that "
            "numbers them as Discrete ones, or plan=planners.solve(planners.enumerate_env(env)[0], discount=...)"
        )
    number = _numbered(sizes[0]) if _firsts(states) == (0,) else partial(_raveled, sizes, _firsts(states))
    return Task(env, None, math.prod(sizes), int(count), discount, number, limit)


def _raveled(sizes: tuple[int, ...], first: tuple[int, ...], observation: Any) -> int:
    """The number of an observation of several parts, each of which counts from `first` on."""
    many = isinstance(observation, tuple | list | np.ndarray) and np.ndim(observation)
    seen = observation if many else (observation,)
    return int(np.ravel_multi_index([int(o) - f for o, f in zip(seen, first, strict=True)], sizes))


def _sizes(space: Any) -> tuple[int, ...] | None:
    """How many values each part of an observation has; None where that is not finite, or not known."""
    if hasattr(space, "nvec"):
        return tuple(int(n) for n in np.ravel(space.nvec))
    parts = getattr(space, "spaces", (space,))
    if isinstance(parts, dict) or not all(hasattr(part, "n") and np.ndim(part.n) == 0 for part in parts):
        return None
    return tuple(int(part.n) for part in parts)


def _firsts(space: Any) -> tuple[int, ...]:
    if hasattr(space, "nvec"):
        return tuple(int(n) for n in np.ravel(getattr(space, "start", np.zeros_like(space.nvec))))
    return tuple(int(getattr(part, "start", 0)) for part in getattr(space, "spaces", (space,)))


def _limit_of(source: Any) -> int:
    """The limit of steps of the `TimeLimit` around an environment, or 0."""
    inner, limits = getattr(source, "unwrapped", source), []
    while source is not inner and source is not None:
        limits.append(getattr(source, "_max_episode_steps", None) if type(source).__name__ == "TimeLimit" else None)
        source = vars(source).get("env")
    return min((int(limit) for limit in limits if limit), default=0)


def _is_plain(source: Any) -> bool:
    """Whether all that lies around an environment neither changes nor watches its steps."""
    if any(OBSERVATIONS in what for _, what in changes(source)):
        return False
    inner = getattr(source, "unwrapped", source)
    while source is not inner and source is not None:
        if type(source).__name__ not in PLAIN:
            return False
        source = vars(source).get("env")
    return getattr(inner, "render_mode", None) != "human"
