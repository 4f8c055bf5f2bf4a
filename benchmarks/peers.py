"""One adapter for each solver: how it is given the model, how it solves it, and its values in our order.

`build` is what it takes to hand a `TabularMDP` over in the form that the library documents for sparse models;
`solve` is the solving alone. `default` is the library's own tolerance, None for a method that has none.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from peer_storm import build_storm, build_storm_discounted, solve_storm
from scipy import sparse

import planners
from planners import MoveMDP, TabularMDP

Values = NDArray[np.float64]


class UnsupportedError(Exception):
    """The solver does not take such a model; the message says why."""


@dataclass(frozen=True)
class Solver:
    """A library with one of its methods.

    Attributes:
        build: (model, discount) to whatever `solve` takes.
        solve: (built, method, tolerance) to the (S,) values.
        default: The library's own tolerance.
        undiscounted: Whether it takes discount 1.
        remembers: Whether a second `solve` would start from the values of the first.
    """

    package: str
    method: str
    build: Callable[[Any, float], Any]
    solve: Callable[[Any, str, float], Values]
    default: float | None = None
    undiscounted: bool = False
    remembers: bool = False

    @property
    def module(self) -> str:
        """What to import."""
        return {"ours": "planners", "quantecon": "quantecon.markov", "pymdptoolbox": "mdptoolbox.mdp"}.get(
            self.package, self.package
        )

    @property
    def name(self) -> str:
        return f"{self.package} {self.method}"

    @property
    def is_ours(self) -> bool:
        return self.package == "ours"


@dataclass(frozen=True)
class Pairs:
    """The feasible pairs of a model whose ending transitions lead to one more state, which pays nothing."""

    transitions: sparse.csr_matrix  # (L, n) with rows that sum to 1
    rewards: Values  # (L,)
    state: NDArray[np.int64]  # (L,)
    action: NDArray[np.int64]  # (L,)
    first: NDArray[np.int64]  # (n + 1,) first pair of each state
    num_states: int  # S of the model; n is S, or S + 1 where an episode can end


def make_pairs(mdp: TabularMDP) -> Pairs:
    rows = np.flatnonzero(mdp.feasible)
    whole = len(rows) == mdp.feasible.size
    transitions, rewards = mdp.transitions if whole else mdp.transitions[rows], mdp.rewards.ravel()[rows]
    state, action = np.divmod(rows, mdp.num_actions)
    if mdp.termination.any():
        end = sparse.csr_array(mdp.termination.ravel()[rows][:, None])
        last = sparse.csr_array(([1.0], ([0], [mdp.num_states])), shape=(1, mdp.num_states + 1))
        transitions = sparse.vstack([sparse.hstack([transitions, end], format="csr"), last], format="csr")
        rewards, state, action = np.append(rewards, 0.0), np.append(state, mdp.num_states), np.append(action, 0)
    first = np.searchsorted(state, np.arange(transitions.shape[1] + 1))
    return Pairs(sparse.csr_matrix(transitions), rewards, state, action, first, mdp.num_states)


def solve_ours(built: tuple[Any, float], method: str, tolerance: float) -> Values:
    model, discount = built
    return planners.solve(model, discount=discount, tolerance=tolerance)


def tables(model: MoveMDP | TabularMDP, discount: float) -> tuple[Any, float]:
    return model.tabular, discount


def moves(model: MoveMDP | TabularMDP, discount: float) -> tuple[Any, float]:
    if not isinstance(model, MoveMDP):
        raise UnsupportedError("no MoveMDP")
    return model, discount


def build_quantecon(model: MoveMDP | TabularMDP, discount: float) -> Any:
    """The state-action pairs with a sparse Q."""
    from quantecon.markov import DiscreteDP

    pairs = make_pairs(model.tabular)
    return DiscreteDP(pairs.rewards, pairs.transitions, discount, pairs.state, pairs.action), pairs.num_states


def solve_quantecon(built: Any, method: str, tolerance: float) -> Values:
    process, num_states = built
    name = {"VI": "value_iteration", "PI": "policy_iteration", "MPI": "modified_policy_iteration"}[method]
    return process.solve(method=name, epsilon=tolerance, max_iter=10**9).v[:num_states]


def build_mdpsolver(model: MoveMDP | TabularMDP, discount: float) -> Any:
    """Probabilities and columns as nested lists, the second of its two sparse forms."""
    import mdpsolver

    pairs = make_pairs(model.tabular)
    csr, first = pairs.transitions, pairs.first.tolist()
    data, indices, indptr = csr.data.tolist(), csr.indices.tolist(), csr.indptr.tolist()
    ends = list(pairwise(indptr))
    groups = list(pairwise(first))
    rewards = pairs.rewards.tolist()
    solver = mdpsolver.model()
    solver.mdp(
        discount=discount,
        rewards=[rewards[a:b] for a, b in groups],
        tranMatProbs=[[data[i:j] for i, j in ends[a:b]] for a, b in groups],
        tranMatColumns=[[indices[i:j] for i, j in ends[a:b]] for a, b in groups],
    )
    return solver, pairs.num_states


def solve_mdpsolver(built: Any, method: str, tolerance: float) -> Values:
    solver, num_states = built
    algorithm, _, update = method.lower().partition("-")
    solver.solve(algorithm=algorithm, update=update or "standard", tolerance=tolerance, makeFinalCheck=False)
    return np.array(solver.getValueVector())[:num_states]


def build_pymdptoolbox(model: MoveMDP | TabularMDP, discount: float) -> Any:
    """A list of (S, S) CSR matrices and (S, A) rewards; a missing action repeats the state's first."""
    pairs = make_pairs(model.tabular)
    n, actions = pairs.transitions.shape[1], int(pairs.action.max()) + 1
    pair = np.repeat(pairs.first[:-1, None], actions, axis=1)
    pair[pairs.state, pairs.action] = np.arange(len(pairs.state))
    matrices = [pairs.transitions[pair[:, action]] for action in range(actions)]
    return matrices, pairs.rewards[pair].reshape(n, actions), discount, pairs.num_states


def solve_pymdptoolbox(built: Any, method: str, tolerance: float) -> Values:
    from mdptoolbox import mdp

    matrices, rewards, discount, num_states = built
    if method == "VI":
        solver = mdp.ValueIteration(matrices, rewards, discount, epsilon=tolerance, max_iter=10**9)
    elif method == "MPI":
        solver = mdp.PolicyIterationModified(matrices, rewards, discount, epsilon=tolerance, max_iter=10**9)
    else:
        solver = mdp.PolicyIteration(matrices, rewards, discount, max_iter=10**9)
    solver.run()
    return np.array(solver.V)[:num_states]


def build_stormpy(model: MoveMDP | TabularMDP, discount: float) -> Any:
    return _supported(build_storm, model, discount)


def build_stormpy_discounted(model: MoveMDP | TabularMDP, discount: float) -> Any:
    return _supported(build_storm_discounted, model, discount)


def _supported(make: Callable[[TabularMDP, float], Any], model: MoveMDP | TabularMDP, discount: float) -> Any:
    try:
        return make(model.tabular, discount)
    except ValueError as error:
        raise UnsupportedError(str(error)) from None


def solvers() -> dict[str, Solver]:
    """All of them by name, ours first."""
    found = [
        Solver("ours", "tables", tables, solve_ours, undiscounted=True),
        Solver("ours", "moves", moves, solve_ours, undiscounted=True),
    ]
    found += [Solver("stormpy", m, build_stormpy, solve_storm, 1e-6, True) for m in ("VI", "PI", "OVI")]
    found.append(Solver("stormpy", "discounted", build_stormpy_discounted, solve_storm, 1e-6))
    found += [
        Solver("quantecon", m, build_quantecon, solve_quantecon, None if m == "PI" else 1e-3)
        for m in ("MPI", "VI", "PI")
    ]
    found += [
        Solver("mdpsolver", m, build_mdpsolver, solve_mdpsolver, 1e-3, remembers=True)
        for m in ("MPI", "MPI-GS", "VI", "VI-GS", "PI")
    ]
    found += [
        Solver("pymdptoolbox", m, build_pymdptoolbox, solve_pymdptoolbox, None if m == "PI" else 0.01, True)
        for m in ("MPI", "VI", "PI")
    ]
    return {solver.name: solver for solver in found}
