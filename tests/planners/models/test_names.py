"""Names of states and actions: kept by every constructor, aligned by labels, used by plans, policies and errors."""

import enum
import io
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rich
from rich.console import Console
from scipy import sparse

import planners
from planners import InvalidModelError, InvalidPolicyError, TabularMDP
from planners.distributed import solve_in_parts

STATES, ACTIONS = ("high", "low", ("no", 1)), ("wait", "sell")
NAMED: Any = {"states": STATES, "actions": ACTIONS}


class Frame:
    """As much of a pandas DataFrame as is read: the labels, and the numbers."""

    def __init__(self, values: Any, index: Any = None, columns: Any = None) -> None:
        self.values = np.asarray(values)
        self.index = list(range(len(self.values)) if index is None else index)
        if self.values.ndim == 2:
            self.columns = list(range(self.values.shape[1]) if columns is None else columns)

    def to_numpy(self) -> np.ndarray:
        return self.values


def tables(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """P (A, S, S'), R (S, A)."""
    return rng.dirichlet(np.ones(3), size=(2, 3)), rng.normal(size=(3, 2))


def model(rng: np.random.Generator, **options: Any) -> TabularMDP:
    return TabularMDP.from_arrays(*tables(rng), axes="ASS", **{**NAMED, **options})


def constructed(folder: Path) -> dict[str, Any]:
    """Every constructor, by name, of the same chain 0, 1, 2, to be called with options."""
    csv, tra = folder / "chain.csv", folder / "chain.tra"
    csv.write_text("idstatefrom,idaction,idstateto,probability,reward\n0,0,1,1,1\n0,1,2,1,1\n1,0,2,1,1\n2,0,2,1,0\n")
    tra.write_text("3 4 4\n0 0 1 1\n0 1 2 1\n1 0 2 1\n2 0 2 1\n")
    drn = folder / "chain.drn"
    drn.write_text(
        "@type: MDP\n@parameters\n\n@reward_models\n\n@nr_states\n3\n@nr_choices\n4\n@model\nstate 0 init\n\taction a\n"
        "\t\t1 : 1\n\taction b\n\t\t2 : 1\nstate 1\n\taction a\n\t\t2 : 1\nstate 2\n\taction a\n\t\t2 : 1\n"
    )
    P = np.zeros((3, 2, 3))
    P[0, 0, 1] = P[0, 1, 2] = P[1, 0, 2] = P[2, 0, 2] = 1.0
    R = np.array([[1.0, 1.0], [1.0, -np.inf], [0.0, -np.inf]])
    gym_dict = {
        s: {a: [(1.0, int(P[s, a].argmax()), max(R[s, a], 0), False)] for a in (0, 1) if P[s, a].any()}
        for s in range(3)
    }
    pairs = ([1.0, 1.0, 1.0, 0.0], P.reshape(6, 3)[[0, 1, 2, 4]], [0, 0, 1, 2], [0, 1, 0, 0])

    def of_pairs(states: Any = None, actions: Any = None, **options: Any) -> TabularMDP:
        return TabularMDP.from_state_action_pairs(*pairs, state_names=states, action_names=actions, **options)

    return {
        "arrays": lambda **options: TabularMDP.from_arrays(P, R, **options),
        "pairs": of_pairs,
        "gym": lambda **options: TabularMDP.from_gym_dict(gym_dict, **options),
        "csv": lambda **options: TabularMDP.from_csv(csv, **options),
        "drn": lambda **options: TabularMDP.from_drn(drn, **options),
        "prism": lambda **options: TabularMDP.from_prism(tra, **options),
    }


@pytest.mark.parametrize("name", ["arrays", "pairs", "gym", "csv", "drn", "prism"])
def test_every_constructor_takes_names_ends_and_a_beginning(name: str, tmp_path: Path) -> None:
    make = constructed(tmp_path)[name]
    whole = make(**NAMED, terminal=[("no", 1)], initial={"high": 0.25, "low": 0.75})
    assert (tuple(whole.states), whole.actions) == (STATES, ACTIONS)
    assert whole.initial.tolist() == [0.25, 0.75, 0.0]
    assert whole.termination[:, 0].tolist() == [0.0, 1.0, 1.0]
    assert planners.reachability(whole, ("no", 1)).values.tolist() == [1.0, 1.0, 1.0]
    plain = make(terminal=[False, False, True], initial=[0.25, 0.75, 0.0])
    for table in ("transitions", "endings"):
        assert (getattr(plain, table) != getattr(whole, table)).nnz == 0
    np.testing.assert_array_equal(plain.rewards, whole.rewards)
    for wrong, message in (
        ({"states": ["a", "b"]}, "states has 2 names; expected 3"),
        ({"states": ["a", "b", "a"]}, "states has 'a' twice, as 0 and 2"),
        ({"actions": ["a", {1}]}, r"actions has \{1\} as name 1; expected what can be hashed"),
        ({"states": "abc"}, "states is 'abc'; expected a list of names"),
        ({**NAMED, "terminal": ["nowhere"]}, "terminal names 'nowhere', which is none of the states 'high', 'low'"),
        ({**NAMED, "initial": {"nowhere": 1.0}}, "initial names 'nowhere'"),
        ({**NAMED, "initial": [0.5, 0.6, 0.0]}, "the probabilities of initial sum to 1.1"),
        ({**NAMED, "initial": [0.5, np.nan, 0.0]}, "initial is nan for state 'low'"),
    ):
        with pytest.raises(InvalidModelError, match=message):
            make(**wrong)


@pytest.mark.parametrize("names", list(itertools.permutations(range(3))))
def test_labels_in_any_order_are_one_model(rng: np.random.Generator, names: tuple[int, ...]) -> None:
    """Rows and columns are permuted independently; every labelled form gives the model of the plain arrays."""
    P, R = tables(rng)
    expected: Any = TabularMDP.from_arrays(P, R, axes="ASS", **NAMED)
    rows, columns = list(names), list(rng.permutation(3))
    label = lambda order: [STATES[i] for i in order]  # noqa: E731
    matrices = {a: Frame(P[i][np.ix_(rows, columns)], label(rows), label(columns)) for i, a in enumerate(ACTIONS)}
    matrices = dict(rng.permutation(np.array(list(matrices.items()), dtype=object)).tolist())
    rewards = Frame(R[np.ix_(rows, [1, 0])], label(rows), ACTIONS[::-1])
    pairs = [(s, a) for s in range(3) for a in range(2)]
    order = [pairs[i] for i in rng.permutation(6)]
    stacked = Frame([P[a, s][columns] for s, a in order], [(STATES[s], ACTIONS[a]) for s, a in order], label(columns))
    by_pair = Frame([R[s, a] for s, a in order], [(STATES[s], ACTIONS[a]) for s, a in order])
    listed = [Frame(P[i][np.ix_(rows, columns)], label(rows), label(columns)) for i in range(2)]
    by_action = {a: dict(zip(STATES, R[:, i], strict=True)) for i, a in enumerate(ACTIONS)}
    one: Any
    for one in (
        TabularMDP.from_arrays(matrices, rewards, **NAMED),
        TabularMDP.from_arrays(stacked, by_pair, **NAMED),
        TabularMDP.from_arrays(listed, rewards, **NAMED),
        TabularMDP.from_arrays(P, by_action, axes="ASS", **NAMED),
        TabularMDP.from_state_action_pairs(
            [R[p] for p in order], Frame([P[a, s][columns] for s, a in order], columns=label(columns)),
            [STATES[s] for s, _ in order], [ACTIONS[a] for _, a in order], state_names=STATES, action_names=ACTIONS,
        ),
    ):  # fmt: skip
        assert (tuple(one.states), one.actions) == (STATES, ACTIONS)
        assert (one.transitions != expected.transitions).nnz == 0
        np.testing.assert_array_equal(one.rewards, expected.rewards)
    free = TabularMDP.from_arrays(matrices, rewards)  # named by the first table
    plan, truth = planners.solve(free, discount=0.9), planners.solve(expected, discount=0.9)
    for state in STATES:
        assert plan.value(state) == pytest.approx(truth.value(state), abs=1e-9)
        assert plan.action(state) == truth.action(state)
    numbered = Frame(R[np.ix_(rows, [1, 0])], rows, [1, 0])  # numbers are labels too
    np.testing.assert_array_equal(TabularMDP.from_arrays(P, numbered, axes="ASS").rewards, R)


def test_labels_that_do_not_fit_are_refused(rng: np.random.Generator) -> None:
    P, R = tables(rng)
    with pytest.raises(InvalidModelError, match=r"R has labels that are not the states: unknown 'hig', missing 'high'"):
        TabularMDP.from_arrays(P, Frame(R, ["hig", "low", ("no", 1)], ACTIONS), axes="ASS", **NAMED)
    with pytest.raises(InvalidModelError, match=r"the labels of R, its actions, has 'wait' twice"):
        TabularMDP.from_arrays(P, Frame(R, STATES, ["wait", "wait"]), axes="ASS")
    with pytest.raises(
        InvalidModelError, match=r"R has 5 rows for pairs \(state, action\), which do not name each pair once"
    ):
        TabularMDP.from_arrays(P, Frame(np.ones(5), [(s, a) for s in STATES for a in ACTIONS][:5]), axes="ASS", **NAMED)
    with pytest.raises(InvalidModelError, match="nothing says which column of Q is which; pass state_names="):
        TabularMDP.from_state_action_pairs([1.0], [[1.0]], ["home"], [0])
    with pytest.raises(InvalidModelError, match=r"from_gym_dict\(P\)"):
        TabularMDP.from_arrays({0: {0: [(1.0, 0, 0.0, True)]}}, [0.0])


def test_real_data_frames(rng: np.random.Generator) -> None:
    pd = pytest.importorskip("pandas")
    P, R = tables(rng)
    states = ["x", "y", "z"]
    frame = pd.DataFrame(R, index=states, columns=ACTIONS)
    matrices = {
        a: pd.DataFrame(P[i], index=states, columns=states).loc[::-1, ["y", "z", "x"]] for i, a in enumerate(ACTIONS)
    }
    one: Any = TabularMDP.from_arrays(
        matrices, frame[["sell", "wait"]].iloc[::-1], states=states, initial=pd.Series({"y": 1.0, "x": 0, "z": 0})
    )
    np.testing.assert_array_equal(one.rewards, R)
    assert one.initial.tolist() == [0.0, 1.0, 0.0]
    plan = planners.solve(one, discount=0.9)
    table = plan.table().to_pandas()
    assert table.index.tolist() == states
    assert table.loc["y", "action"] == plan.action("y")
    stacked = frame.stack()
    np.testing.assert_array_equal(
        TabularMDP.from_arrays(P, stacked, axes="ASS", states=states, actions=ACTIONS).rewards, R
    )


def test_a_plan_answers_by_name(rng: np.random.Generator, tmp_path: Path) -> None:
    plan = planners.solve(model(rng), discount=0.9)
    for number, name in enumerate(STATES):
        assert plan.value(name) == plan.value(number) == plan.values[number]
        assert plan.action(name) == ACTIONS[plan.policy.act(name)]
    table = plan.table()
    assert [row[0] for row in table] == list(STATES)
    assert str(table).splitlines()[1].split()[0] == "high"
    assert "high" in repr(plan)
    assert str(plan.action("high")) in repr(plan)
    assert str(plan.action("high")) in plan._repr_html_()
    console = Console(file=io.StringIO(), width=80)
    console.print(table)
    assert "high" in console.file.getvalue()  # type: ignore[attr-defined]
    table.to_csv(tmp_path / "plan.csv")
    lines = (tmp_path / "plan.csv").read_text().splitlines()
    assert lines[0] == "state,action,value,lower,upper"
    assert float(lines[1].split(",")[2]) == plan.values[0]
    with pytest.raises(InvalidPolicyError, match="'nowhere' is none of the 3 states, of which the first is 'high'"):
        plan.value("nowhere")
    unnamed = planners.solve(model(rng, states=None, actions=None), discount=0.9)
    assert unnamed.action(1) == unnamed.policy.actions[1]
    with pytest.raises(InvalidPolicyError, match="state 3 is not in the policy"):
        unnamed.value(3)


def test_a_long_table_shows_its_first_rows() -> None:
    ring = np.roll(np.eye(40), 1, axis=1)
    plan = planners.solve(TabularMDP.from_arrays([ring], np.arange(40.0)), discount=0.5)
    assert str(plan.table()).endswith("and 28 more")
    assert repr(plan).endswith("and 35 more")
    assert len(list(plan.table())) == 40
    with pytest.raises(IndexError):
        plan.table()[40]
    assert rich.get_console()


class Weather(enum.Enum):
    SUN = 1
    RAIN = 2


@pytest.mark.parametrize("names", [STATES, (1, 0, 2), (2.5, None, "x"), ((1, (2, b"b")), True, 0)])
def test_plan_files_keep_names(rng: np.random.Generator, tmp_path: Path, names: Any) -> None:
    plan = planners.solve(model(rng, states=names), discount=0.9)
    plan.save(tmp_path / "plan")
    loaded = planners.load_plan(tmp_path / "plan")
    loaded.save(tmp_path / "again")
    for kept in (loaded, planners.load_plan(tmp_path / "again"), planners.load_plan(tmp_path / "plan", plan.model)):
        assert list(kept.table()) == list(plan.table())
        assert [type(row[0]) for row in kept.table()] == [type(name) for name in names]


def test_names_that_a_file_cannot_keep_are_asked_of_the_model(rng: np.random.Generator, tmp_path: Path) -> None:
    plan = planners.solve(model(rng, states=[Weather.SUN, Weather.RAIN, "fog"]), discount=0.9)
    plan.save(tmp_path / "plan")
    with pytest.raises(InvalidPolicyError, match="loaded without its model"):
        planners.load_plan(tmp_path / "plan").value(Weather.SUN)
    assert planners.load_plan(tmp_path / "plan", plan.model).value(Weather.RAIN) == plan.values[1]


def test_numbers_as_names_are_names(rng: np.random.Generator) -> None:
    plan = planners.solve(model(rng, states=[2, 0, 1]), discount=0.9)
    assert [plan.value(name) for name in (2, 0, 1)] == plan.values.tolist()
    assert plan.policy.act(np.int64(2)) == plan.policy.actions[0]


def test_policies_and_goals_by_name(rng: np.random.Generator) -> None:
    named = model(rng)
    by_name = {("no", 1): "sell", "high": "sell", "low": "wait"}
    np.testing.assert_array_equal(
        planners.evaluate(named, by_name, discount=0.9), planners.evaluate(named, [1, 0, 1], discount=0.9)
    )
    with pytest.raises(InvalidPolicyError, match="it says nothing of state 'low'"):
        planners.evaluate(named, {"high": "sell", ("no", 1): 0}, discount=0.9)
    with pytest.raises(InvalidPolicyError, match="'buy' is none of the actions"):
        planners.evaluate(named, {**by_name, "high": "buy"}, discount=0.9)
    for goal in ("low", ["low"], {"low"}, lambda name: name == "low", 1, [1], [False, True, False]):
        assert planners.reachability(named, goal).values.tolist() == [1.0, 1.0, 1.0]
    assert planners.reachability(named, ("no", 1), discount=0.5).value(("no", 1)) == 1.0


def test_errors_name_states_and_actions() -> None:
    P = np.tile(np.eye(3), (2, 1, 1))
    R = np.ones((3, 2))
    for change, message in (
        ({"R": np.where(np.eye(3, 2) > 0, np.nan, R)}, "state 'high', action 'wait' has reward nan.*feasible="),
        ({"P": P * 0.5}, "the probabilities of state 'high', action 'wait' sum to 0.5"),
        ({"P": P * 0}, "state 'high', action 'wait' leads nowhere"),
        ({"P": P - 2 * np.eye(3)[1]}, r"state 'high', action 'wait' has probability -2.0 of state 'low'"),
    ):
        with pytest.raises(InvalidModelError, match=message):
            TabularMDP.from_arrays(**{"P": P, "R": R, "axes": "ASS", **NAMED, **change})
    stays = TabularMDP.from_arrays(P, R, axes="ASS", **NAMED)
    with pytest.raises(planners.UnboundedValueError, match=r"for ever in 3 states \('high', 'low', \('no', 1\)\)"):
        planners.solve(stays, discount=1.0)
    with pytest.raises(planners.PlannerError, match="start is nan in state 'low'"):
        planners.value_iteration(stays, discount=0.5, start=[0, np.nan, 0])
    worse = TabularMDP.from_arrays(P, R - np.eye(2)[0], axes="ASS", **NAMED)
    assert "state 'high' loses" in repr(planners.is_optimal(worse, [0, 1, 1], discount=0.5))
    assert "action 'sell' is better" in repr(planners.is_optimal(worse, [0, 1, 1], discount=0.5))


def test_printed_tables_are_scaled_where_somebody_asks_for_it(tmp_path: Path) -> None:
    printed = np.full((1, 3, 3), 0.333)
    with pytest.raises(InvalidModelError, match=r"sum to 0\.999.*normalise=True"):
        TabularMDP.from_arrays(printed, np.zeros(3))
    scaled = TabularMDP.from_arrays(printed, np.zeros(3), normalise=True)
    np.testing.assert_allclose(scaled.transitions.toarray(), 1 / 3, atol=1e-15)
    assert scaled.rescaled == pytest.approx(0.001)
    assert "rows scaled that were off 1 by up to 0.001" in repr(scaled)
    plan = planners.solve(scaled, discount=0.9)
    assert "they were off by up to 0.001" in repr(plan)
    plan.save(tmp_path / "plan")
    assert "they were off by up to 0.001" in repr(planners.load_plan(tmp_path / "plan"))
    for make in constructed(tmp_path).values():
        assert make(normalise=True).rescaled == 0.0
        with pytest.raises(planners.InvalidOptionError, match="normalise is 'yes'; expected True or False"):
            make(normalise="yes")
    (tmp_path / "chain.csv").write_text(
        "idstatefrom,idaction,idstateto,probability,reward\n0,0,0,.667,1\n0,0,1,.334,1\n"
    )
    assert TabularMDP.from_csv(tmp_path / "chain.csv", normalise=True).rescaled == pytest.approx(0.001)
    with pytest.raises(InvalidModelError, match=r"sum to 0\.97"):  # an outcome is missing
        TabularMDP.from_arrays(np.full((1, 2, 2), 0.485), np.zeros(2), normalise=True)


def test_what_is_below_zero_by_rounding() -> None:
    rates = np.array([1.0 + 1e-12, -1e-12])
    with pytest.raises(
        InvalidModelError, match=r"the rounding of a sum, such as 1 - sum\(rates\): normalise=True reads"
    ):
        TabularMDP.from_arrays([[rates, [0.0, 1.0]]], [0.0, 0.0])
    assert TabularMDP.from_arrays([[rates, [0.0, 1.0]]], [0.0, 0.0], normalise=True).transitions.nnz == 2
    assert TabularMDP.from_arrays([[[1.0, -1.1e-16], [0.0, 1.0]]], [0.0, 0.0]).transitions.nnz == 2
    with pytest.raises(InvalidModelError, match=r"probability -0.1 of state 1; expected a number from 0 to 1$"):
        TabularMDP.from_arrays([[[1.1, -0.1], [0.0, 1.0]]], [0.0, 0.0], normalise=True)


def test_masked_elements_are_refused() -> None:
    P = np.tile(np.eye(2), (1, 1, 1))
    R = np.ma.array([[1.0], [2.0]], mask=[[False], [True]])
    with pytest.raises(InvalidModelError, match=r"R is masked at \(1, 0\); expected a number.*feasible="):
        TabularMDP.from_arrays(P, R)
    with pytest.raises(InvalidModelError, match=r"P\[0\] is masked at \(0, 1\)"):
        TabularMDP.from_arrays([np.ma.masked_equal(np.eye(2), 0.0)], [0.0, 0.0])
    with pytest.raises(InvalidModelError, match="terminal is masked at"):
        TabularMDP.from_arrays(P, [0.0, 0.0], terminal=np.ma.array([True, False], mask=[True, False]))
    assert TabularMDP.from_arrays(P, np.ma.array([[1.0], [2.0]])).rewards.tolist() == [[1.0], [2.0]]


def test_minus_infinity_is_no_action_in_every_form_of_rewards() -> None:
    P = np.tile(np.array([[0.5, 0.5], [0.0, 1.0]]), (2, 1, 1))
    R = np.zeros((2, 2, 2))
    R[1, 0, 1] = -np.inf  # action 1 in state 0, where it may lead to 1
    for rewards in (R, [sparse.csr_array(each) for each in R]):
        model = TabularMDP.from_arrays([sparse.csr_array(each) for each in P], rewards, axes="ASS")
        assert model.feasible.tolist() == [[True, False], [True, True]]


def test_folders_of_plans_keep_names(tmp_path: Path) -> None:
    """As files do; a folder is read without the model."""
    for model in (maze(), TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)]}}, actions=["stay"])):
        solve_in_parts(model, discount=0.9, out=tmp_path / "plan")
        plan, whole = planners.load_plan(tmp_path / "plan"), planners.solve(model, discount=0.9)
        assert [row[:2] for row in plan.table()] == [row[:2] for row in whole.table()]
        assert planners.load_plan(tmp_path / "plan", model).action_name(0) == whole.action_name(0)
    assert plan.state_name(0) == 0


def test_names_survive_a_csv_file(tmp_path: Path) -> None:
    """Each end is written as the state that it leads to, so that the states keep their numbers."""
    model = maze()
    model.to_csv(tmp_path / "maze.csv")
    again = TabularMDP.from_csv(
        tmp_path / "maze.csv", states=model.states, actions=model.actions, initial=model.initial
    )
    assert list(again.states or ()) == list(model.states or ())
    one, other = (planners.solve(each, discount=0.9) for each in (model, again))
    assert [row[:2] for row in one.table()] == [row[:2] for row in other.table()]
    assert one.values.tolist() == other.values.tolist()
    for goal in ("lost", "home"):
        assert planners.reachability(model, goal=[goal]).values.tolist() == (
            planners.reachability(again, goal=[goal]).values.tolist()
        )


def maze() -> TabularMDP:
    """Two ends that only names tell apart, and one that nothing leads to."""
    return TabularMDP.from_functions(
        ["start", "never"],
        lambda s: ["left", "right"],
        lambda s, a: [(0.5, ("room", 2), 1.0), (0.5, "lost" if a == "left" else "home", 2.0)],
        terminal={"lost", "home", "never"},
    )
