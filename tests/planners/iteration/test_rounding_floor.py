"""The floor of rounding: planners reach it, tell it from other ends, and refuse a tolerance below it by its name."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import planners
from gridworld_env.dynamics.rules_to_tables import Rules, make_mdp
from gridworld_env.grid.grid import parse_grid
from planners import NotConvergedError, Plan, Status, TabularMDP
from planners.equations.certificates import Certifier
from planners.equations.from_model import make_problem
from planners.iteration.iterates import Backup
from planners.iteration.loop import run
from planners.iteration.rounding_floor import floors, is_surely_provable
from planners.methods import modified_policy_iteration

METHODS: dict[str, Callable[..., Plan]] = {
    "vi": planners.value_iteration,
    "mpi": planners.modified_policy_iteration,
    "pi": partial(planners.policy_iteration, evaluation="direct", seed=0),
    "krylov": partial(planners.policy_iteration, evaluation="krylov", seed=0),
    "gs": planners.gauss_seidel,
    "lp": planners.linear_program,
    "solve": planners.solve,
}
every_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS.keys())
SWEEPING = ("vi", "mpi", "pi", "krylov")  # those whose floor is known beforehand


def ring(states: int) -> TabularMDP:
    """One or two steps on, and 1 on every seventh state: nothing mixes and nothing ends."""
    rows = range(states)
    return TabularMDP.from_gym_dict(
        {s: {a: [(1.0, (s + 1 + a) % states, float(s % 7 == 0) + 0.1 * a, False)] for a in range(2)} for s in rows}
    )


NEVER = (0.0, 0.0, 0.0)


def crowd(rng: np.random.Generator, states: int = 60, entries: int = 5, ends: Sequence[float] = NEVER) -> TabularMDP:
    """Random next states; each of the three actions ends the episode with the probability in `ends`."""
    P: Any = {s: {} for s in range(states)}
    for s in range(states):
        for a, end in enumerate(ends):
            reward = float(rng.normal())
            goes_on = (1.0 - end) * rng.dirichlet(np.ones(entries))
            P[s][a] = [(float(p), int(rng.integers(states)), reward, False) for p in goes_on]
            P[s][a] += [(end, s, reward, True)] if end else []
    return TabularMDP.from_gym_dict(P)


def maze() -> Any:
    """A map in which episodes end."""
    rows = ["....#...", ".##.#.#.", ".#....#.", ".#.##.#+", "...-#..."]
    return make_mdp(parse_grid(rows), Rules(slip=0.2, step_reward=-0.04))


def models(rng: np.random.Generator) -> dict[str, Any]:
    return {"ring": ring(50), "crowd": crowd(rng), "ending crowd": crowd(rng, ends=(0.1, 0.1, 0.2)), "maze": maze()}


KINDS = ("ring", "crowd", "ending crowd", "maze")
every_kind = pytest.mark.parametrize("kind", KINDS)


def floor_of(model: Any, plan: Plan) -> float:
    """Rounding of a backup of the plan's values, over the margin of an action that does not end the episode."""
    problem = make_problem(model.tabular, plan.discount)
    ends = float(problem.termination.min())
    return float(problem.rounding(plan.values).max()) / (1.0 - plan.discount * (1.0 - ends))


# Getting there.


@pytest.mark.parametrize("evaluation", ["direct", "krylov"])
@pytest.mark.parametrize("discount", [0.9, 0.999, 0.99999, 0.9999999])
@pytest.mark.parametrize("kind", [*KINDS, "long ring"])
def test_policy_iteration_goes_down_to_the_floor(
    evaluation: str, discount: float, kind: str, rng: np.random.Generator
) -> None:
    """What V might be wrong by is 1 / (1 - discount) times its residual: that must not keep a better action away."""
    model = {"long ring": ring(1000), **models(rng)}[kind]
    options: dict[str, Any] = {"discount": discount, "evaluation": evaluation, "seed": int(rng.integers(2**31))}
    plan = planners.policy_iteration(model, tolerance=1e-300, throw=False, **options)
    assert plan.status is Status.ROUNDING_FLOOR
    assert plan.error_bound <= 1.3 * floor_of(model, plan)
    assert plan.iterations < 300


def test_compiled_policy_iteration_notices_rounding_that_goes_round_in_circles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modified_policy_iteration, "COMPILED_FROM", 1)
    model = TabularMDP.from_gym_dict({0: {0: [(1.0, 1, 1.0, False)]}, 1: {0: [(1.0, 0, 0.0, False)]}})
    plan = planners.modified_policy_iteration(
        model, discount=1 - 2.0**-6, tolerance=1e-300, throw=False, max_iterations=3000
    )
    assert plan.status is Status.ROUNDING_FLOOR


@pytest.mark.parametrize("discount", [0.9, 0.99999, 1.0])
def test_actions_of_the_same_value_do_not_take_turns(discount: float, rng: np.random.Generator) -> None:
    """All ways through the middle of this field are as good as each other, but for rounding."""
    rows = ["." * 12 for _ in range(12)]
    rows[6] = "." * 11 + "+"
    model = make_mdp(parse_grid(rows), Rules(slip=0.3, step_reward=-0.1))
    for _ in range(5):
        plan = planners.policy_iteration(
            model, discount=discount, tolerance=1e-300, throw=False, seed=int(rng.integers(2**31))
        )
        assert plan.status is Status.ROUNDING_FLOOR
        assert plan.iterations < 60


@pytest.mark.parametrize("kind", ["crowd", "ending crowd"])
def test_the_bounds_tell_the_floor_and_not_the_residual(kind: str, rng: np.random.Generator) -> None:
    """Values that are all off by the same keep changing for 10^6 sweeps, when nothing is left to be proven."""
    model = models(rng)[kind]
    plan = planners.value_iteration(model, discount=1 - 1e-5, tolerance=1e-300, throw=False)
    assert plan.status is Status.ROUNDING_FLOOR
    assert plan.error_bound <= 1.3 * floor_of(model, plan)
    assert plan.iterations <= 1000


def test_the_iteration_limit_is_not_called_the_floor() -> None:
    for limit in (1, 2):
        plan = planners.policy_iteration(maze(), discount=0.99, max_iterations=limit, throw=False, seed=0)
        assert plan.status is Status.ITERATION_LIMIT
    assert planners.policy_iteration(maze(), discount=0.99, seed=0).converged


def test_values_that_are_far_off_are_not_the_floor_at_discount_1() -> None:
    """Beside 10^18 a step is hardly seen, and nothing can be proven of a policy that stays; others may follow."""
    model = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, -100.0, False)], 1: [(1.0, 0, -2.0, True)]}})
    problem = make_problem(model, 1.0)
    guesses = [np.array([1e18]), np.array([-2.0])]
    plan = run(
        problem,
        (Backup(V, problem.action_values(V)) for V in guesses),
        method="a guess",
        tolerance=1e-9,
        max_iterations=5,
        progress=False,
        throw=True,
    )
    assert plan.converged
    assert plan.iterations == 2


# Refusing what is below.


@every_kind
@every_method
@pytest.mark.parametrize("discount", [0.5, 0.99])
def test_just_above_is_met_and_just_below_is_refused(
    method: Callable[..., Plan], discount: float, kind: str, rng: np.random.Generator
) -> None:
    model = models(rng)[kind]
    best = method(model, discount=discount, tolerance=1e-300, throw=False)
    assert best.status is Status.ROUNDING_FLOOR
    assert method(model, discount=discount, tolerance=2.0 * best.error_bound).converged
    try:
        plan = method(model, discount=discount, tolerance=0.25 * best.error_bound)
    except NotConvergedError as error:
        refused = error
    else:  # where episodes end, a policy that is evaluated is also proven by its expected steps
        assert kind == "maze"
        assert "policy iteration" in plan.method or "linear program" in plan.method
        assert np.abs(plan.values - best.values).max() <= plan.error_bound + best.error_bound
        return
    plan = refused.plan
    assert "Rounding keeps the provable error above" in str(refused)
    assert plan.status is Status.ROUNDING_FLOOR
    assert plan.lower.max() <= best.upper.max()
    assert (plan.lower <= best.upper).all()
    assert (plan.upper >= best.lower).all()
    assert np.abs(plan.values - best.values).max() <= plan.error_bound + best.error_bound


@pytest.mark.parametrize("method", [METHODS[name] for name in SWEEPING], ids=SWEEPING)
@pytest.mark.parametrize("discount", [0.5, 0.9, 0.99])
def test_what_a_few_more_sweeps_can_prove_is_not_refused(method: Callable[..., Plan], discount: float) -> None:
    """One row of 100 entries makes the bound of rounding wide, while V rises in one state and falls in another."""
    P: Any = {s: {0: [(1.0, s, float(2 * (s % 2) - 1), False)]} for s in range(100)}
    P[100] = {0: [(0.01, s, 0.0, False) for s in range(100)]}
    model = TabularMDP.from_gym_dict(P)
    floor = floor_of(model, planners.policy_iteration(model, discount=discount))
    assert method(model, discount=discount, tolerance=1.05 * floor).converged


@every_kind
@pytest.mark.parametrize("method", [METHODS[name] for name in (*SWEEPING, "solve")], ids=[*SWEEPING, "solve"])
@pytest.mark.parametrize("discount", [0.9, 0.9999, 1 - 1e-7])
def test_the_tolerance_that_is_named_can_be_met(
    method: Callable[..., Plan], discount: float, kind: str, rng: np.random.Generator
) -> None:
    """And the refusal comes long before the floor: near discount 1 it is 10^5 sweeps away and more."""
    model = models(rng)[kind]
    floor = planners.policy_iteration(model, discount=discount, tolerance=1e-300, throw=False).error_bound
    with pytest.raises(NotConvergedError, match="Rounding keeps the provable error above") as caught:
        method(model, discount=discount, tolerance=1e-6 * floor)
    assert caught.value.plan.iterations <= 1024
    words = re.search(r"error above (\S+): ask for tolerance=(\S+) or more", str(caught.value))
    assert words is not None
    least, enough = map(float, words.groups())
    assert 1e-6 * floor < least <= 3.0 * floor
    assert method(model, discount=discount, tolerance=enough).converged
    if caught.value.plan.iterations < 1024:  # by then the size of V* is known
        assert enough <= 12 * floor


@pytest.mark.parametrize(("seed", "kind", "discount"), [(40, "ending crowd", 0.9999), (45, "crowd", 1 - 1e-7)])
def test_what_is_named_stands_after_rounding(seed: int, kind: str, discount: float) -> None:
    """Twice the least error was met by the first kind of weights, but for the last rounding, and then refused."""
    model = models(np.random.default_rng(seed))[kind]
    krylov = METHODS["krylov"]
    with pytest.raises(NotConvergedError) as caught:
        krylov(model, discount=discount, tolerance=1e-30)
    named = re.search(r"ask for tolerance=(\S+) or more", str(caught.value))
    assert named is not None
    assert krylov(model, discount=discount, tolerance=float(named.group(1))).converged


@pytest.mark.parametrize("method", [METHODS[name] for name in SWEEPING], ids=SWEEPING)
def test_where_nothing_can_be_proven(method: Callable[..., Plan]) -> None:
    model = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)]}})
    with pytest.raises(NotConvergedError, match="proving any error here: use a smaller discount") as caught:
        method(model, discount=1 - 4 * 2.0**-53)
    assert caught.value.plan.error_bound == np.inf
    assert caught.value.plan.iterations < 200


def test_the_best_there_is_without_throw() -> None:
    """So that a tolerance which is too small still gives the best plan: `is_optimal` counts on it."""
    model = ring(20)
    plan = planners.value_iteration(model, discount=0.99, tolerance=1e-300, throw=False)
    with pytest.raises(NotConvergedError) as caught:
        planners.value_iteration(model, discount=0.99, tolerance=1e-300)
    assert plan.error_bound <= 1.3 * floor_of(model, plan)
    assert caught.value.plan.iterations < plan.iterations


@given(
    seed=st.integers(0, 2**32 - 1),
    ends=st.sampled_from([NEVER, (0.0, 0.01, 0.9), (0.3, 0.4, 0.5), (0.001, 0.001, 1.0)]),
    discount=st.sampled_from([0.0, 0.5, 0.99, 1 - 2.0**-20, 1 - 2.0**-45]),
    away=st.sampled_from([0.0, 1e-12, 1e-3, 1e6]),
)
def test_no_proof_ever_gets_below_the_floor(seed: int, ends: Sequence[float], discount: float, away: float) -> None:
    """Whatever the values are that it starts from: that is what refusals rest on."""
    rng = np.random.default_rng(seed)
    model = crowd(rng, int(rng.integers(1, 6)), int(rng.integers(1, 4)), ends)
    problem = make_problem(model, discount)
    values = planners.evaluate(model, np.zeros(model.num_states, dtype=int), discount=discount)
    values = values * (1.0 + away * rng.normal()) + away * rng.normal(size=len(values))
    bounds = Certifier(problem).bounds(values, problem.action_values(values))
    least, enough = floors(problem, bounds.lower, bounds.upper)
    assert least <= bounds.error
    assert least <= enough
    assert not is_surely_provable(problem, bounds.lower, bounds.upper, 0.999 * min(least, 1e300))
