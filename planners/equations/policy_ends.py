"""Whether a policy ends the episode from every state: by expected steps in small models, by the graph in others."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from planners.equations.graph import can_reach, next_towards
from planners.equations.linear_systems import TINY
from planners.equations.problem import Problem

SMALL: Final = 2_000  # states, of which a linear system of a policy takes a millisecond
MOST_STEPS: Final = 1e9  # to the end, and
LEAST_FALL: Final = 0.01  # of what is left of them: rounding leaves no doubt


def surely_ends(problem: Problem, policy: NDArray[np.int64]) -> bool:
    """Whether the policy, one row a state, ends the episode with probability 1 from everywhere."""
    return bool(may_end(problem, policy).all())


def may_end(problem: Problem, policy: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(n,) whether the policy can come to the end from there."""
    return problem.remembered("may end", policy, lambda: _may_end(problem, policy))


def _may_end(problem: Problem, policy: NDArray[np.int64]) -> NDArray[np.bool_]:
    ends = problem.termination[policy] > 0
    if TINY < problem.num_states <= SMALL and _takes_finite_steps(problem, policy):
        return np.ones(len(ends), dtype=bool)
    chain = problem.chain(policy)
    if isinstance(chain, np.ndarray):
        return can_reach(chain, ends)
    return next_towards(chain, np.arange(len(ends)), np.ones(len(ends), dtype=bool), ends) >= 0


def _takes_finite_steps(problem: Problem, policy: NDArray[np.int64]) -> bool:
    """Whether numbers h with h - P h > 0 show that the policy ends: where one stays for ever, the least h has none.

    They are the expected numbers of steps of the policy that was last evaluated; of this one, where they do not do. A
    search of the graph takes longer than its linear system, which is wanted next.
    """
    if problem.evaluated is not None and _falls(problem, policy):
        return True
    return problem.evaluation(policy).has_factors and _falls(problem, policy)


def _falls(problem: Problem, policy: NDArray[np.int64]) -> bool:
    """Whether the expected number of steps h of the policy that was last evaluated falls with each step of this one."""
    assert problem.evaluated is not None
    known, system = problem.evaluated
    if not system.has_factors:
        return False
    h = problem.remembered("steps", known, lambda: system.solve_once(np.ones(len(known))))
    with np.errstate(invalid="ignore"):
        finite = h.max() < MOST_STEPS and h.min() > 0.0
        return bool(finite and (h - problem.expected_next(h)[policy] >= LEAST_FALL).all())
