"""Every verb on every form of a model with every option: the answer of the tables, or a refusal in a sentence."""

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from scipy import sparse

import gridworld_env  # noqa: F401 - registers GridWorld-v0
import planners
from planners import PairMDP, PlannerError, TabularMDP
from planners.readers import state_action_pairs

Verb = Callable[[Any, dict[str, Any]], Any]


def policy(model: Any) -> Any:
    return planners.solve(model, discount=0.9).policy


def without(options: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name not in names}


VERBS: dict[str, Verb] = {
    "solve": lambda m, o: planners.solve(m, **o).values,
    "solve_many": lambda m, o: [plan.values for plan in planners.solve_many([m, m], **o)],
    "sweep": lambda m, o: [plan.values for plan in planners.sweep(lambda _: m, [0, 1], **o).plans],
    "evaluate": lambda m, o: planners.evaluate(m, policy(m), **o),
    "evaluate, a horizon": lambda m, o: planners.evaluate(m, policy(m), horizon=3, final_values=lambda s: 2.0, **o),
    "is_optimal": lambda m, o: float(bool(planners.is_optimal(m, planners.solve(m, **o).policy, **o))),
    "certify": lambda m, o: planners.certify(m, planners.solve(m, **o).values, **o).lower,
    "simulate": lambda m, o: planners.simulate(m, policy(m), episodes=200, seed=1, **o).value,
    "backward_induction": lambda m, o: planners.backward_induction(m, horizon=3, final_values={0: 2.0}, **o).values,
    "regret": lambda m, o: planners.regret(m, policy(m), **o).value,
    "reachability": lambda m, o: planners.reachability(m, goal=[0], **without(o, "discount")).values,
    "shortest path": lambda m, o: (
        planners.stochastic_shortest_path(m, goal=[0], missing="infinite", **without(o, "discount")).values
    ),
    **{name: lambda m, o, method=method: method(m, **o).values for name, method in planners.METHODS.items()},
}
OPTIONS = ("plain", "undiscounted", "minimise", "table", "table, minimise", "table of ones", "relative", "epsilon")


def options_of(name: str, model: Any) -> dict[str, Any]:
    table = np.full(model.tabular.rewards.shape, 1.0 if name.endswith("ones") else 0.9)
    table[0] -= 0.0 if name.endswith("ones") else 0.1
    options: dict[str, Any] = {"discount": table if name.startswith("table") else 0.9}
    options |= {"discount": 1.0} if name == "undiscounted" else {}
    options |= {"relative_tolerance": 1e-9} if name == "relative" else {}
    return options | ({"minimise": True} if "minimise" in name else {}) | ({name: 1} if name == "epsilon" else {})


def pairs(monkeypatch: pytest.MonkeyPatch) -> PairMDP:
    """Four states, the last of which ends the episode; state 1 has one action."""
    monkeypatch.setattr(state_action_pairs, "is_scattered", lambda *_: True)
    Q = [
        [0.5, 0.25, 0.0, 0.25],
        [0.0, 0.5, 0.5, 0.0],
        [0.25, 0.25, 0.25, 0.25],
        [0.0, 0.0, 0.5, 0.5],
        [1.0, 0.0, 0.0, 0.0],
    ]
    R, states, actions = [-1.0, -2.0, -3.0, -1.5, -0.5], [0, 0, 1, 2, 2], [0, 1, 0, 0, 1]
    ends = [False, False, False, True]
    return TabularMDP.from_state_action_pairs(R, sparse.csr_array(Q), states, actions, terminal=ends)  # type: ignore[return-value]


def moves() -> Any:
    env: Any = gym.make("GridWorld-v0", desc=["..+", ".#.", "..-"], slip=0.2, step_reward=-0.1).unwrapped
    return env.mdp


def answer(verb: Verb, model: Any, options: dict[str, Any]) -> tuple[Any, str]:
    """The numbers, or what was said; anything but a refusal in words is raised."""
    try:
        return verb(model, options), ""
    except PlannerError as error:
        said = str(error)
    assert len(said) > 40, said
    assert "array(" not in said, said
    return None, said


@pytest.mark.parametrize("form", ["pairs", "moves"])
@pytest.mark.parametrize("verb", VERBS)
def test_the_answer_of_the_tables_or_a_refusal(monkeypatch: pytest.MonkeyPatch, verb: str, form: str) -> None:
    model: Any = pairs(monkeypatch) if form == "pairs" else moves()
    for name in OPTIONS:
        options = options_of(name, model)
        found, refused = answer(VERBS[verb], model, options)
        wanted, also_refused = answer(VERBS[verb], model.tabular, options)
        assert bool(refused) == bool(also_refused), (name, refused, also_refused)
        if not refused:
            assert np.asarray(found) == pytest.approx(np.asarray(wanted), abs=2e-5), name
        if name == "epsilon":
            assert "has no option 'epsilon'" in refused
        if name in ("plain", "relative", "undiscounted") and verb in ("solve", "sweep", *planners.METHODS):
            assert not refused


def test_a_policy_has_a_value_whichever_way_is_better() -> None:
    model = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)]}})
    with pytest.raises(planners.InvalidOptionError, match=r"evaluate has no option 'minimise'.* sign of the rewards"):
        planners.evaluate(model, [0], discount=0.9, minimise=True)  # type: ignore[call-arg]
    with pytest.raises(planners.InvalidOptionError, match=r"discount is a table of shape \(1, 1\); .*discounted"):
        planners.regret(model, [0], discount=np.array([[0.9]]))  # type: ignore[arg-type]
