"""Problems whose answer is known without any planner: by hand, from a book, by fractions, or by plain sweeps."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np

from planners import TabularMDP
from tests.oracles.sweeps import swept_values


class Problem(NamedTuple):
    """A model at a discount, and what is known of it.

    Attributes:
        make: Makes the model, or the environment.
        discount: The discount.
        values: (S,) V*, or that of some states.
        wrong_by: What the known values may be wrong by.
        optimal: The optimal actions of the first states, as many as there are here.
        actions: The actions of the policy in the first states, likewise.
    """

    make: Callable[[], Any]
    discount: float
    values: Callable[[], Sequence[float] | Mapping[int, float]]
    wrong_by: float = 1e-9
    optimal: Sequence[set[int]] = ()
    actions: Sequence[int] = ()


def tables(P: Any) -> Callable[[], TabularMDP]:
    return lambda: TabularMDP.from_gym_dict(P)


def line(length: int, step: float = -1.0) -> dict[int, Any]:
    """A walk along a line; only the right end ends it."""
    P: dict[int, Any] = {
        s: {0: [(1.0, max(s - 1, 0), step, False)], 1: [(1.0, s + 1, step, False)]} for s in range(length - 1)
    }
    P[length - 1] = {0: [(1.0, length - 2, step, False)], 1: [(1.0, length - 1, step, True)]}
    return P


def baited_line() -> dict[int, Any]:
    P = line(4)
    P[4] = {0: [(1.0, 4, -1.0, False)], 1: [(1.0, 4, -2.0, False)]}  # a trap that costs
    P[5] = {0: [(0.5, 4, 0.0, False), (0.5, 0, 0.0, False)], 1: [(1.0, 5, -1.0, False)]}  # may fall into it
    P[0][2] = [(1.0, 4, 100.0, False)]  # a bait that leads into it
    return P


def free_loops(order: Sequence[int]) -> dict[int, Any]:
    """Every action has the right Q, and staying for ever earns nothing; the way to the end leads along `order`."""
    P: dict[int, Any] = {}
    for place, (state, ahead) in enumerate(pairwise(order)):
        P[state] = {
            0: [(1.0, state, 0.0, False)],
            1: [(0.5, order[0], 0.0, False), (0.5, ahead, 0.0, False)],
            2: [(1.0, order[max(place - 1, 0)], 0.0, False)],
        }
    P[order[-1]] = {0: [(1.0, order[0], 0.0, False)], 1: [(1.0, order[0], 3.0, True)]}
    return P


RESTING: dict[int, Any] = {
    0: {0: [(1.0, 1, 0.0, False)], 1: [(1.0, 0, -3.0, True)]},
    1: {0: [(1.0, 0, 0.0, False)], 1: [(1.0, 1, -1.0, False)]},
}
HALF_ENDS = {0: {0: [(0.5, 0, 0.0, True), (0.5, 0, 1.0, False)]}}
ONE_FLAG = {0: {0: [(0.5, 1, 0.0, True), (0.5, 1, 0.0, False)]}, 1: {0: [(1.0, 1, 8.0, True)]}}
EXCHANGE = {0: {0: [(1.0, 1, 1.0, False)]}, 1: {0: [(1.0, 0, 0.0, False)]}}
STAY_OR_STOP = {0: {0: [(1.0, 0, 1.0, False)], 1: [(1.0, 0, 3.0, True)]}}

TOY_TEXT: dict[str, tuple[str, dict[str, Any]]] = {
    "FrozenLake 4x4": ("FrozenLake-v1", {"map_name": "4x4"}),
    "FrozenLake 8x8": ("FrozenLake-v1", {"map_name": "8x8"}),
    "Taxi": ("Taxi-v4", {}),
    "CliffWalking": ("CliffWalking-v1", {}),
    "CliffWalking, slippery": ("CliffWalking-v1", {"is_slippery": True}),
}


@cache
def swept(name: str, discount: float) -> Sequence[float]:
    """Of Gymnasium's tables, by sweeps written over them; at discount 1 from 0, which finds the optimum there."""
    found: Any = toy_text(name).unwrapped
    return swept_values(found.P, discount).tolist()


def toy_text(name: str) -> gym.Env:
    id_, options = TOY_TEXT[name]
    return gym.make(id_, **options)


PROBLEMS: dict[str, Problem] = {
    # V = 1/2 + g/2 V; the span bounds of MacQueen (1966), for episodes without end, are wrong here
    **{
        f"half of all steps end, {g}": Problem(tables(HALF_ENDS), g, lambda g=g: [0.5 / (1 - g / 2)], 0.0)
        for g in (0.5, 0.875, 0.96875, 0.9990234375)
    },
    "the flag of each transition decides": Problem(tables(ONE_FLAG), 0.5, lambda: [0.5 * 0.5 * 8, 8], 0.0),
    "two states take turns": Problem(tables(EXCHANGE), 0.75, lambda: [16 / 7, 12 / 7], 1e-15),
    "stay for 1": Problem(tables(STAY_OR_STOP), 0.75, lambda: [4.0], 0.0, [{0}], [0]),
    "stop for 3": Problem(tables(STAY_OR_STOP), 0.5, lambda: [3.0], 0.0, [{1}], [1]),
    "stay or stop, all the same": Problem(tables(STAY_OR_STOP), 2 / 3, lambda: [3.0], 1e-14, [{0, 1}]),
    "a line": Problem(tables(line(12)), 1.0, lambda: range(-12, 0), 0.0, [{1}] * 12, [1] * 12),
    # one a step to the end; no policy surely ends from the trap, nor from where it may fall into it
    "a line, a bait and a trap": Problem(
        tables(baited_line()), 1.0, lambda: [-4.0, -3.0, -2.0, -1.0, -np.inf, -np.inf], 0.0, [{1}] * 4, [1] * 4
    ),
    # Storm's issue 940: there is no cost, and the end can be reached for sure
    **{
        f"free loops, {order}": Problem(
            tables(free_loops(order)),
            *(1.0, lambda: [3.0] * 5, 0.0),
            [{1}] * 5,  # every action is free; to stay and to go back lead nowhere
        )
        for order in ((0, 1, 2, 3, 4), (4, 3, 2, 1, 0), (2, 0, 4, 1, 3), (3, 1, 0, 4, 2), (1, 4, 3, 0, 2))
    },
    "resting for nothing beats paying": Problem(tables(RESTING), 1.0, lambda: [0.0, 0.0], 0.0, [{0}, {0}], [0, 0]),
    **{
        f"{name}, {g}": Problem(lambda name=name: toy_text(name), g, lambda name=name, g=g: swept(name, g))
        for name in TOY_TEXT
        for g in (0.9, 0.95, 0.99)
    },
    # FrozenLake pays only at the end, and Taxi can end from everywhere
    **{
        f"{name}, 1": Problem(lambda name=name: toy_text(name), 1.0, lambda name=name: swept(name, 1.0), 1e-8)
        for name in list(TOY_TEXT)[:3]
    },
    # Sutton and Barto (2018), Example 6.6: 13 steps of -1 from the start, state 36, along the edge. The goal, state 47,
    # moves like any square when started in: one step back up and one down, or against the edge.
    "CliffWalking, 1": Problem(lambda: toy_text("CliffWalking"), 1.0, lambda: {36: -13.0, 47: -1.0}, 0.0),
}
