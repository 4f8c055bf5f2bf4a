"""Lists of pairs and files of transitions, compared with loops, with published tables, and with themselves."""

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import sparse

import planners
from planners import InvalidModelError, InvalidOptionError, TabularMDP

HEADER = "idstatefrom,idaction,idstateto,probability,reward"

# Pairs.

# Puterman (2005), Sections 3.2 and 4.6.1, stochastic inventory control, as in QuantEcon's tests: stock s,
# order a, s + a <= 3; the probabilities depend on s + a alone.
STATES, ACTIONS = [0, 0, 0, 0, 1, 1, 1, 2, 2, 3], [0, 1, 2, 3, 0, 1, 2, 0, 1, 0]
STOCK_REWARDS = [0.0, -1.0, -2.0, -5.0, 5.0, 0.0, -3.0, 6.0, -1.0, 5.0]
AFTER = np.array([[1, 0, 0, 0], [0.75, 0.25, 0, 0], [0.25, 0.5, 0.25, 0], [0, 0.25, 0.5, 0.25]])


def inventory(order: np.ndarray) -> TabularMDP:
    """The model from its pairs, in the given order."""
    states, actions = np.array(STATES)[order], np.array(ACTIONS)[order]
    return TabularMDP.from_state_action_pairs(np.array(STOCK_REWARDS)[order], AFTER[states + actions], states, actions)


def test_inventory_of_puterman(rng: np.random.Generator) -> None:
    """Three decisions: the values and orders that the book prints."""
    model = inventory(rng.permutation(10))
    values, orders = np.zeros(4), []
    for _ in range(3):
        returns = model.rewards + (model.transitions @ values).reshape(4, 4)
        returns[~model.feasible] = -np.inf
        values = returns.max(axis=1)
        orders.append(returns.argmax(axis=1).tolist())
    np.testing.assert_allclose(values, [67 / 16, 129 / 16, 194 / 16, 227 / 16], atol=1e-12)
    assert orders == [[0, 0, 0, 0], [2, 0, 0, 0], [3, 0, 0, 0]]


def test_quantecon_solves_the_same() -> None:
    markov = pytest.importorskip("quantecon.markov")
    theirs = markov.DiscreteDP(STOCK_REWARDS, AFTER[np.add(STATES, ACTIONS)], 0.9, STATES, ACTIONS)
    product = theirs.to_product_form()
    forms = (inventory(np.arange(10)), TabularMDP.from_arrays(product.Q, product.R, axes="SAS"))
    for model in forms:
        plan = planners.solve(model, discount=0.9, tolerance=1e-9)
        solution = theirs.solve(method="policy_iteration")
        np.testing.assert_allclose(plan.values, solution.v, atol=1e-8)
        assert plan.policy.actions.tolist() == solution.sigma.tolist()


# Files.


def file(folder: Path, lines: str, header: str = HEADER) -> Path:
    path = folder / "model.csv"
    path.write_text(header + "\n" + lines.replace(" ", "\n") + "\n", encoding="utf-8")
    return path


def test_lines_are_added_up_and_states_without_lines_end(tmp_path: Path) -> None:
    path = file(tmp_path, "0,0,0,0.25,4 0,0,1,0.25,8 0,0,0,0.5,-2 0,1,2,1,7")
    model = TabularMDP.from_csv(path)
    assert model.transitions.toarray().tolist() == [[0.75, 0, 0], [0, 0, 0], *[[0, 0, 0]] * 4]
    assert model.termination.tolist() == [[0.25, 1.0], [1.0, 1.0], [1.0, 1.0]]
    assert model.rewards.tolist() == [[2.0, 7.0], [0.0, 0.0], [0.0, 0.0]]
    assert planners.solve(model, discount=1.0).values.tolist() == pytest.approx([8.0, 0.0, 0.0], abs=1e-6)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_columns_in_any_order_and_the_habits_of_spreadsheets(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "model.csv"
    text = '"Reward", probability,IDSTATETO,idaction,idstatefrom\r\n\r\n"-1",1e0,2.0,1, 1\r\n5,1,1,2,2\r\n'
    path.write_bytes(text.encode(encoding))
    model = TabularMDP.from_csv(path, base=1)
    assert model.feasible.tolist() == [[True, False], [False, True]]
    assert model.rewards.tolist() == [[-1.0, 0.0], [0.0, 5.0]]
    assert model.transitions.toarray().tolist() == [[0, 1], [0, 0], [0, 0], [1, 0]]


def test_one_of_several_models(tmp_path: Path) -> None:
    """As in riverswim.csv of MDPs.jl, where idoutcome numbers the models that a robust MDP may be."""
    header = "idstatefrom,idaction,idstateto,idoutcome,probability,reward"
    path = file(tmp_path, "0,0,0,0,1,5 0,0,0,1,1,5 1,0,0,0,0.25,0 1,0,1,0,0.75,0 1,0,0,1,1,0", header)
    assert TabularMDP.from_csv(path, outcome=0).transitions.toarray().tolist() == [[1, 0], [0.25, 0.75]]
    assert TabularMDP.from_csv(path, outcome=1).transitions.toarray().tolist() == [[1, 0], [1, 0]]
    with pytest.raises(InvalidModelError, match=r"a column idoutcome: it holds several models.*outcome="):
        TabularMDP.from_csv(path)
    with pytest.raises(InvalidModelError, match="no idoutcome 2; it has 0, 1"):
        TabularMDP.from_csv(path, outcome=2)
    path.write_text(path.read_text().replace("1,0,0,1,1,0", "1,0,0,1,2,0"))
    with pytest.raises(InvalidModelError, match="line 6: probability is 2; expected a number from 0 to 1"):
        TabularMDP.from_csv(path, outcome=1)


LINES: list[tuple[str, int, str]] = [
    ("0,0,0,1,0 0,1,0,half,0", 0, "line 3: probability is 'half'; expected a number"),
    ("0,0,0,1,0  0,1,0,half,0", 0, "line 4: probability is 'half'"),
    ("0,0,0,1,0 0,1,0,1", 0, "line 3: there are 4 fields; expected 5, idstatefrom,"),
    ("0,0,0,1,0,9 0,1,0,1,0,9", 0, "line 2: there are 6 fields; expected 5"),
    ("0,0,0,1", 0, "line 2: there are 4 fields; expected 5"),
    ("", 0, "has no transition below its header"),
    ("0,0,0,1,0 0,1,0.5,1,0", 0, r"line 3: idstateto is 0\.5; expected an integer from 0"),
    ("0,0,0,1,0 0,-1,0,1,0", 0, "line 3: idaction is -1; expected an integer from 0"),
    ("0,0,0,1,0 nan,1,0,1,0", 0, "line 3: idstatefrom is nan; expected an integer from 0"),
    ("0,0,0,1,0  0,1,1e30,1,0", 0, r"line 4: idstateto is 1e\+30; expected an integer from 0"),
    ("0,0,0,1,0 0,1,0,-0.5,0 0,1,0,1.5,0", 0, r"line 3: probability is -0\.5; expected a number from 0 to 1"),
    ("0,0,0,1,0 0,1,0,1.5,0", 0, r"line 3: probability is 1\.5; expected a number from 0 to 1"),
    ("0,0,0,1,0 0,1,0,nan,0", 0, "line 3: probability is nan; expected a number from 0 to 1"),
    ("0,0,0,1,0 0,1,0,1,inf", 0, "line 3: reward is inf; expected a finite number"),
    ("0,0,0,1,0 0,1,0,1,-inf", 0, "line 3: reward is -inf; expected a finite number"),
    ("0,0,0,1,0  0,1,0,0.25,0 0,1,0,0.5,0", 0, r"line 4: .* idstatefrom 0, idaction 1 sum to 0\.75 over 2 lines"),
    ("1,1,1,1,0 1,2,1,0.5,0", 1, r"line 3: .* idstatefrom 1, idaction 2 sum to 0\.5 over 1 lines; expected 1"),
    ("0,0,0,0.500000002,0 0,0,0,0.5,0", 0, r"line 2: .*sum to 1\.000000002"),
    ("0,0,0,1,0 0,1,0,0,0", 0, "line 3: .*sum to 0 over 1 lines"),
    ("1,1,2,1,0 2,1,1,1,0", 0, r"names states up to 2, but no state 0.*without gaps\. Ids from 1 are read with base=1"),
    ("0,0,2,1,0 2,0,0,1,0", 0, "names states up to 2, but no state 1; expected all from 0, without gaps$"),
    ("0,0,1000000000000,1,0", 0, "names states up to 1000000000000, but no state 1;"),
    ("0,1,1,1,0 1,1,0,1,0", 1, r"line 2: idstatefrom is 0; expected an integer from 1\. .*base=0"),
    ("0,99999999999999,0,1,0", 0, "1 states, 100000000000000 actions and 1 transitions needs about .* of memory"),
]


@pytest.mark.parametrize(("lines", "base", "message"), LINES)
def test_wrong_lines_are_named(tmp_path: Path, lines: str, base: int, message: str) -> None:
    path = file(tmp_path, lines)
    with pytest.raises(planners.PlannerError, match=message) as caught:
        TabularMDP.from_csv(path, base=base)
    assert "of memory" in message or str(path) in str(caught.value)


HEADERS = [
    ("", r"line 1: the header is 'nothing'; expected 'idstatefrom,idaction,.*Missing: idaction"),
    ("0,0,0,1,0", r"line 1: the header is '0,0,0,1,0'; expected"),
    (HEADER + ",note", r"expected .*, in any order\. Remove: 'note'"),
    (HEADER + ",reward", "line 1: the header is"),
    (HEADER.replace(",", ";"), "Missing: idaction, idstatefrom, idstateto, probability, reward"),
    (HEADER.replace("reward", "cost"), "Missing: reward"),
]


@pytest.mark.parametrize(("header", "message"), HEADERS)
def test_wrong_headers(tmp_path: Path, header: str, message: str) -> None:
    with pytest.raises(InvalidModelError, match=message):
        TabularMDP.from_csv(file(tmp_path, "0,0,0,1,0", header))


def test_wrong_base(tmp_path: Path) -> None:
    path = file(tmp_path, "0,0,0,1,0")
    with pytest.raises(InvalidOptionError, match="base is 2; expected 0 or 1"):
        TabularMDP.from_csv(path, base=2)
    with pytest.raises(InvalidOptionError, match="base is -1; expected 0 or 1"):
        TabularMDP.from_csv(path).to_csv(path, base=-1)
    with pytest.raises(FileNotFoundError):
        TabularMDP.from_csv(tmp_path / "none.csv")


# There and back.


def random_model(rng: np.random.Generator, states: int, actions: int, end: str) -> TabularMDP:
    """Rows of up to four outcomes, some of them endings, some actions missing."""
    P, ending = np.zeros((states, actions, states)), np.zeros((states, actions))
    for s in range(states):
        for a in range(actions):
            shares = rng.dirichlet(np.ones(4))
            for share in shares[1:]:
                P[s, a, rng.integers(states)] += share
            ending[s, a] = shares[0]
    if end == "never":
        P, ending = P / P.sum(axis=2, keepdims=True), np.zeros_like(ending)
    feasible = rng.random((states, actions)) < 0.7
    feasible[:, -1] = True
    rewards = rng.normal(size=(states, actions))
    if end == "terminal":
        ending += P[:, :, -1]
        P[:, :, -1] = 0.0
        P[-1], ending[-1], rewards[-1], feasible[-1] = 0.0, 1.0, 0.0, True
    P[~feasible], ending[~feasible], rewards[~feasible] = 0.0, 0.0, 0.0
    return TabularMDP(sparse.csr_array(P.reshape(-1, states)), ending, rewards, feasible)


def same(first: Any, second: Any, states: int) -> None:
    """Equal tables of the first states, but for a last bit where a row was normalised again."""
    A = first.num_actions
    assert second.num_actions == A
    flows = [model.transitions[: states * A, :states].toarray() for model in (first, second)]
    np.testing.assert_allclose(flows[1], flows[0], rtol=1e-15, atol=0)
    np.testing.assert_allclose(second.termination[:states], first.termination, rtol=1e-15, atol=0)
    np.testing.assert_array_equal(second.rewards[:states], first.rewards)
    np.testing.assert_array_equal(second.feasible[:states], first.feasible)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    states=st.integers(1, 6),
    actions=st.integers(1, 4),
    end=st.sampled_from(["never", "anywhere", "terminal"]),
    base=st.sampled_from([0, 1]),
    seed=st.integers(0, 2**32 - 1),
)
def test_there_and_back(tmp_path: Path, states: int, actions: int, end: str, base: int, seed: int) -> None:
    model = random_model(np.random.default_rng(seed), states, actions, end)
    model.to_csv(tmp_path / "model.csv", base=base)
    read = TabularMDP.from_csv(tmp_path / "model.csv", base=base)
    added = 1 if end == "anywhere" or (end == "terminal" and states == 1) else 0
    assert read.num_states == states + added
    same(model, read, states)
    assert (read.termination[states:] == 1).all()
    read.to_csv(tmp_path / "again.csv", base=base)  # now it has its terminal state
    assert (tmp_path / "again.csv").read_text() == (tmp_path / "model.csv").read_text()


def test_taxi_there_and_back(tmp_path: Path) -> None:
    model = TabularMDP.from_env(gym.make("Taxi-v4", is_rainy=True))
    model.to_csv(tmp_path / "taxi.csv")
    read = TabularMDP.from_csv(tmp_path / "taxi.csv")
    same(model, read, 500)
    values = planners.solve(model, discount=0.9).values
    np.testing.assert_allclose(planners.solve(read, discount=0.9).values, [*values, 0.0], atol=1e-5)


def test_a_probability_may_round_to_more_than_one(tmp_path: Path) -> None:
    """0.3 + 0.3 + 0.4000000000000002 of one next state, added up, is written as 1.0000000000000002."""
    read = TabularMDP.from_csv(file(tmp_path, "0,0,0,1.0000000000000002,3"))
    assert read.transitions.toarray()[0, 0] == pytest.approx(1.0, abs=3e-16)
    assert read.rewards.tolist() == [[3.0]]


def test_utf_16_that_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "model.csv"
    path.write_bytes(f"{HEADER}\n0,0,0,1,0\n".encode("utf-16")[:-1])
    with pytest.raises(InvalidModelError, match=r"is no UTF-16; save the table as comma-separated values in UTF-8"):
        TabularMDP.from_csv(path)


def test_an_action_of_a_hundred_million_is_refused_before_its_table_is_made(tmp_path: Path) -> None:
    path = file(tmp_path, "0,0,1,1,0 0,100000000,1,1,0 1,0,1,1,0")
    with pytest.raises(InvalidModelError, match=r"line 3: idaction is 100000000; expected actions numbered from 0"):
        TabularMDP.from_csv(path)


def test_what_cannot_be_written_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = file(tmp_path, "0,0,0,1,0")
    model, before = TabularMDP.from_csv(path), path.read_bytes()

    def full_disk(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        model.to_csv(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_byte_order_mark(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "spreadsheet.csv"
    path.write_bytes("idstatefrom,idaction,idstateto,probability,reward\n0,0,1,1,-2\n".encode(encoding))
    assert TabularMDP.from_csv(path).rewards.tolist() == [[-2.0], [0.0]]


FORGOTTEN = "idstatefrom,idaction,idstateto,probability,reward\n1,1,2,0.5,1\n1,1,3,0.5,2\n"


def test_terminal_names_the_states_that_need_no_line(tmp_path: Path) -> None:
    path = tmp_path / "model.csv"
    path.write_text(FORGOTTEN)
    told, silent = (TabularMDP.from_csv(path, base=1, terminal=terminal) for terminal in ([2, 3], None))
    assert (told.termination == silent.termination).all()
    with pytest.raises(InvalidModelError, match="line 3: idstateto is 3; expected a state that has lines of its own"):
        TabularMDP.from_csv(path, base=1, terminal=[2])
    with pytest.raises(InvalidModelError, match="state 0 is terminal, and action 0 has reward"):
        TabularMDP.from_csv(path, base=1, terminal=[1, 2, 3])
    with pytest.raises(InvalidModelError, match="line 2: idstateto is 2"):
        TabularMDP.from_csv(path, base=1, terminal=[])


@pytest.mark.parametrize("terminal", [0, [4], [2.0, 3.0], [[2, 3]], "23"])
def test_terminal_is_of_states_of_the_file(tmp_path: Path, terminal: Any) -> None:
    path = tmp_path / "model.csv"
    path.write_text(FORGOTTEN)
    with pytest.raises(InvalidOptionError, match="expected states of"):
        TabularMDP.from_csv(path, base=1, terminal=terminal)
