"""At discount 1, models of which nothing has to be taken out or merged keep their own equations."""

import numpy as np

import planners
from planners import TabularMDP
from planners.equations.from_model import make_problem
from planners.equations.undiscounted import reduced_problem


def drawn(rng: np.random.Generator) -> TabularMDP:
    """Up to six states: most rows cost, some are free or pay, some lead back to their own state, some are missing."""
    S, A = int(rng.integers(1, 7)), int(rng.integers(1, 4))
    P = rng.dirichlet(np.full(S + 1, 0.2), size=(S, A))
    stays = rng.random((S, A)) < 0.1
    P[stays] = 0.0
    P[stays, np.nonzero(stays)[0]] = 1.0
    reward = np.where(rng.random((S, A)) < 0.6, rng.choice([0.0, 1.0]), -rng.random((S, A)))
    feasible = rng.random((S, A)) < 0.9
    feasible[:, 0] = True
    row = [(s, a) for s in range(S) for a in range(A) if feasible[s, a]]
    return TabularMDP.from_gym_dict(
        {
            s: {
                a: [(p, t, reward[s, a], False) for t, p in enumerate(P[s, a, :S])] + [(P[s, a, S], s, 0.5, True)]
                for b, a in row
                if b == s
            }
            for s in range(S)
        }
    )


def test_they_are_what_the_search_of_the_graph_finds(rng: np.random.Generator) -> None:
    own = 0
    for _ in range(60):
        model = drawn(rng)
        try:
            short, long = make_problem(model, 1.0), reduced_problem(model)
        except planners.UnboundedValueError:
            continue
        own += short.merging is None
        assert long.merging is not None
        assert np.array_equal(short.transitions.toarray(), long.transitions.toarray())
        for name in ("rewards", "termination", "row_state", "row_pair"):
            assert np.array_equal(getattr(short, name), getattr(long, name)), name
        values = rng.normal(size=short.num_states)
        assert np.array_equal(short.expand(values), long.expand(values))
    assert 3 <= own <= 57  # about two thirds of 60: outside with a probability of less than 1e-6


def test_a_plan_that_stays_for_ever_is_a_start_too() -> None:
    dear_end = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, -1.0, False)], 1: [(1.0, 0, -5.0, True)]}})
    staying = planners.solve(dear_end, discount=0.1)
    assert staying.policy.act(0) == 0
    assert make_problem(dear_end, 1.0).merging is None
    for method in (planners.policy_iteration, planners.modified_policy_iteration, planners.value_iteration):
        assert method(dear_end, discount=1.0, start=staying).values == [-5.0]
