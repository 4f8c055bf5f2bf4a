"""Storm's sparse model checker, by stormpy 2: an explicit MDP from arrays, and expected costs until the end.

Storm knows costs that are not negative. With discount g, going on becomes going on with probability g and
ending otherwise, which is the same value. Every path then ends once; so a cost C for ending, less the
rewards on the way, adds up to C - V, and C is chosen as the least for which no pair has a negative cost.
Storm's own discounted total reward, since 1.11, takes any rewards as they are: the method "discounted".
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners import TabularMDP


@dataclass(frozen=True)
class StormModel:
    """The model in Storm, with what turns costs back into values."""

    model: Any
    discount: float
    shift: float  # C; NaN for the discounted property, whose results are the values
    num_states: int


def build_storm(mdp: TabularMDP, discount: float) -> StormModel:
    """The MDP with discounting in its probabilities; ValueError where no cost of ending keeps costs positive."""
    rows = np.flatnonzero(mdp.feasible)
    state = np.append(rows // mdp.num_actions, mdp.num_states)
    goes_on = discount * mdp.transitions[rows]
    ends = 1.0 - discount * (1.0 - mdp.termination.ravel()[rows])
    rewards = mdp.rewards.ravel()[rows]
    paying = rewards > 0
    if (ends[paying] <= 0).any():
        raise ValueError("a pair pays a reward and never ends: Storm has no negative costs")
    shift = float(np.max(rewards[paying] / ends[paying], initial=0.0)) * (1 + 1e-12)
    costs = np.append(np.maximum(shift * ends - rewards, 0.0), 0.0)
    return StormModel(_sparse_mdp(_with_end(goes_on, ends), state, costs), discount, shift, mdp.num_states)


def build_storm_discounted(mdp: TabularMDP, discount: float) -> StormModel:
    """The MDP as it is, with one more state for the end; ValueError at discount 1."""
    if discount == 1.0:
        raise ValueError("Storm's discounted reward needs a discount below 1")
    rows = np.flatnonzero(mdp.feasible)
    state = np.append(rows // mdp.num_actions, mdp.num_states)
    matrix = _with_end(mdp.transitions[rows], mdp.termination.ravel()[rows])
    rewards = np.append(mdp.rewards.ravel()[rows], 0.0)
    return StormModel(_sparse_mdp(matrix, state, rewards), discount, float("nan"), mdp.num_states)


def _with_end(goes_on: sparse.csr_array, ends: NDArray[np.float64]) -> sparse.csr_array:
    """(L + 1, S + 1) transitions with a last state that stays where it is."""
    states = goes_on.shape[1]
    last = sparse.csr_array(([1.0], ([0], [states])), shape=(1, states + 1))
    return sparse.vstack([sparse.hstack([goes_on, sparse.csr_array(ends[:, None])], format="csr"), last], format="csr")


def _sparse_mdp(matrix: sparse.csr_array, state: NDArray[np.int64], costs: NDArray[np.float64]) -> Any:
    from stormpy.datastructures import BitVector, SparseMatrixBuilder
    from stormpy.models import SparseMdp, SparseModelComponents, SparseRewardModel, StateLabeling

    matrix.sort_indices()
    pairs, states = matrix.shape
    builder = SparseMatrixBuilder[float](
        rows=pairs, columns=states, entries=matrix.nnz, has_custom_row_grouping=True, row_groups=states
    )
    row_of_entry = np.repeat(np.arange(pairs), np.diff(matrix.indptr))
    groups = np.searchsorted(state, np.arange(states))
    builder.add_next_values(row_of_entry.tolist(), matrix.indices.tolist(), matrix.data.tolist(), groups.tolist())
    labels = StateLabeling(states)
    labels.add_label("init")
    labels.add_label_to_state("init", 0)
    labels.add_label("end")
    labels.set_states("end", BitVector(states, [states - 1]))
    components = SparseModelComponents[float](
        transition_matrix=builder.build(),
        state_labeling=labels,
        reward_models={"cost": SparseRewardModel[float](optional_state_action_reward_vector=costs.tolist())},
    )
    return SparseMdp[float](components)


def solve_storm(built: StormModel, method: str, tolerance: float) -> NDArray[np.float64]:
    """Least expected cost until the end, by a method of Storm's; the tolerance is absolute."""
    import stormpy
    from stormpy.environments import Environment, MinMaxMethod

    methods = {
        "VI": MinMaxMethod.VALUE_ITERATION,
        "PI": MinMaxMethod.POLICY_ITERATION,
        "OVI": MinMaxMethod.OPTIMISTIC_VALUE_ITERATION,
        "discounted": MinMaxMethod.VALUE_ITERATION,
    }
    environment = Environment()
    environment.solver().force_soundness = method == "OVI"
    settings = environment.solver().min_max()
    settings.method = methods[method]
    settings.precision = stormpy.Rational(tolerance)
    settings.relative_termination_criterion = False
    asked = f'R{{"cost"}}max=? [Cdiscount={built.discount!r}]' if method == "discounted" else 'R{"cost"}min=? [F "end"]'
    found = stormpy.model_checking(built.model, stormpy.parse_property(asked), environment=environment)
    result = np.array(found.get_value_vector())[: built.num_states]
    return result if method == "discounted" else built.shift - result
