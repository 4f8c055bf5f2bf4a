"""Storm's and PRISM's explicit files: models written here by hand, with values that are known as fractions.

The model is a small protocol: a sender waits or sends; what it sends is lost with probability 1/4, and after two losses
it may give up. Its values were derived by hand; `benchmarks/storm.py` compares larger models with Storm.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import planners
from planners import InvalidModelError, InvalidOptionError, NotEnoughMemoryError, TabularMDP

DRN = """// Exported by hand
// Original model type: MDP
@type: MDP
@value_type: double
@parameters

@reward_models
steps energy 
@nr_states
4
@nr_choices
7
@model
state 0 [1, 0] init
//[lost=0]
\taction wait [0, 0.5]
\t\t0 : 1
\taction send [0, 2]
\t\t1 : 1/4
\t\t3 : 3/4
state 1 [1, 0] busy
\taction 0 [0, 0.5]
\t\t1 : 1
\taction 1 [0, 2]
\t\t2 : 0.25
\t\t3 : 0.75
state 2 [1, 0] busy lost
\taction 0 [0, 0]
\t\t2 : 1
\taction 1 [0, 3]
\t\t0 : .25
\t\t3 : 7.5e-1
state 3 [0, 0] done "all well"
\taction 0 [0, 0]
\t\t3 : 1
"""

TRA = """4 7 10
0 0 0 1 wait
0 1 1 0.25 send
0 1 3 0.75 send
1 0 1 1
1 1 2 0.25
1 1 3 0.75
2 0 2 1
2 1 0 0.25
2 1 3 0.75
3 0 3 1
"""
LAB = '0="init" 1="deadlock" 2="busy" 3="done" 4="lost" 5="all well"\n0: 0\n1: 2\n2: 2 4\n3: 3 5\n'
SREW = '# Reward structure "steps"\n4 3\n0 1\n1 1\n2 1\n'
TREW = "4 7 6\n0 1 1 2\n0 1 3 2\n1 1 2 2\n1 1 3 2\n2 1 0 3\n2 1 3 3\n"


@pytest.fixture
def drn(tmp_path: Path) -> Path:
    (tmp_path / "sender.drn").write_text(DRN)
    return tmp_path / "sender.drn"


@pytest.fixture
def prism(tmp_path: Path) -> list[Path]:
    paths = []
    for name, content in (("tra", TRA), ("lab", LAB), ("srew", SREW), ("trew", TREW)):
        paths.append(tmp_path / f"sender.{name}")
        paths[-1].write_text(content)
    return paths


def test_the_tables_of_storms_file(drn: Path) -> None:
    model = TabularMDP.from_drn(drn, reward="energy")
    assert (model.num_states, model.num_actions) == (4, 2)
    assert model.rewards.tolist() == [[0.5, 2.0], [0.5, 2.0], [0.0, 3.0], [0.0, 0.0]]
    assert model.feasible.tolist() == [[True, True], [True, True], [True, True], [True, False]]
    assert model.transitions.toarray()[1].tolist() == [0.0, 0.25, 0.0, 0.75]
    assert {name: np.flatnonzero(mask).tolist() for name, mask in model.labels.items()} == {
        "init": [0],
        "busy": [1, 2],
        "lost": [2],
        "done": [3],
        "all well": [3],
    }
    assert model.initial is not None
    assert model.initial.tolist() == [1.0, 0.0, 0.0, 0.0]


def test_prisms_files_are_the_same_model(drn: Path, prism: list[Path]) -> None:
    tra, lab, srew, trew = prism
    ours, theirs = TabularMDP.from_drn(drn, "steps"), TabularMDP.from_prism(tra, lab, srew)
    np.testing.assert_array_equal(ours.transitions.toarray(), theirs.transitions.toarray())
    np.testing.assert_array_equal(ours.rewards, theirs.rewards)
    np.testing.assert_array_equal(ours.feasible, theirs.feasible)
    assert set(theirs.labels) == {*ours.labels, "deadlock"}
    assert not theirs.labels["deadlock"].any()
    both = TabularMDP.from_prism(tra, srew=srew, trew=trew)
    assert both.rewards.tolist() == [[1.0, 3.0], [1.0, 3.0], [1.0, 4.0], [0.0, 0.0]]


def test_values_by_storms_exact_engine(drn: Path) -> None:
    model = TabularMDP.from_drn(drn, reward="energy")
    assert planners.reachability(model, "done").values.tolist() == [1.0] * 4
    assert planners.reachability(model, "done", minimise=True).values.tolist() == [0.0, 0.0, 0.0, 1.0]
    least = planners.stochastic_shortest_path(model, "done", minimise=True)  # R{"energy"}min=? [F "done"]
    np.testing.assert_allclose(least.values, [172 / 63, 184 / 63, 232 / 63, 0.0], rtol=1e-12)
    largest = planners.stochastic_shortest_path(model, "done", missing="infinite")  # R{"energy"}max=? [F "done"]
    assert largest.values.tolist() == [np.inf, np.inf, np.inf, 0.0]
    lost = planners.reachability(model, "lost")  # Pmax=? [F "lost"]
    np.testing.assert_allclose(lost.values, [1 / 16, 1 / 4, 1.0, 0.0], rtol=1e-12)


def test_a_markov_chain(tmp_path: Path) -> None:
    """Knuth and Yao's die: 11/3 flips of a coin, each number with probability 1/6."""
    nodes = ["1 2", "3 4", "5 6", "1 7", "8 9", "10 11", "2 12"]
    lines = ["@type: DTMC", "@reward_models", "flips", "@nr_states", "13", "@model"]
    rows = []
    for state in range(13):
        ends = state >= len(nodes)
        lines.append(f"state {state} [{int(not ends)}]" + (f" done s{state - 6}" if ends else ""))
        for to in [str(state)] if ends else nodes[state].split():
            lines.append(f"\t{to} : {1 if ends else 0.5}")  # without a line of an action
            rows.append(f"{state} {to} {1 if ends else 0.5}")
    (tmp_path / "die.drn").write_text("\n".join(lines))
    (tmp_path / "die.tra").write_text(f"13 {len(rows)}\n" + "\n".join(rows))
    (tmp_path / "die.trew").write_text("13 14\n" + "\n".join(f"{row} 1" for row in nodes_rewards(nodes)))
    (tmp_path / "die.lab").write_text('0="init" 1="done"\n0: 0\n' + "\n".join(f"{s}: 1" for s in range(7, 13)))
    die = TabularMDP.from_drn(tmp_path / "die.drn")
    for number in range(1, 7):
        assert planners.reachability(die, f"s{number}").values[0] == pytest.approx(1 / 6, rel=1e-12)
    again = TabularMDP.from_prism(*(tmp_path / f"die.{name}" for name in ("tra", "lab")), trew=tmp_path / "die.trew")
    for model in (die, again):
        plan = planners.stochastic_shortest_path(model, "done")
        assert plan.values[0] == pytest.approx(11 / 3, rel=1e-12)


def nodes_rewards(nodes: list[str]) -> list[str]:
    return [f"{state} {to}" for state, leads in enumerate(nodes) for to in leads.split()]


def test_labels_are_kept_by_copies_and_closed_for_writing(drn: Path) -> None:
    import pickle

    model = pickle.loads(pickle.dumps(TabularMDP.from_drn(drn, "steps")))
    with pytest.raises(ValueError, match="read-only"):
        model.labels["done"][0] = True
    assert planners.reachability(model, "done").values[0] == 1.0


WRONG_DRN: list[tuple[str, str, str]] = [
    ("@type: MDP", "@type: CTMC", "line 3: @type is 'CTMC'; expected DTMC or MDP"),
    ("@type: MDP\n", "", "line 3: the file begins with '@value_type: double'"),
    ("double", "double-interval", "line 4: @value_type is 'double-interval'"),
    ("@parameters\n", "@parameters\np q", "line 6: the model has the parameters 'p q'"),
    ("@nr_choices", "@nr_players", "line 11: there is a section '@nr_players'"),
    ("@nr_states\n4", "@nr_states\n5", "there are 4 states; @nr_states says 5"),
    ("@nr_states\n4\n", "", "@model comes before @nr_states"),
    ("@nr_states\n4", "@nr_states\nfour", "line 10: the number of states is 'four'"),
    ("@nr_choices\n7", "@nr_choices\n8", "there are 7 choices; @nr_choices says 8"),
    ("state 1", "state 2", "line 21: there is state 2; expected 1: all from 0 to 3, in order"),
    ("\t\t1 : 1/4", "\t\t9 : 1/4", "line 19: a next state is '9'; expected a whole number from 0 to 3"),
    ("1/4", "1/0", "line 19: a probability is '1/0'; expected a finite number"),
    ("1/4", "-1/4", "line 18: a probability is -0.25; expected a number from 0 to 1"),
    ("1/4", "nan", "line 19: a probability is 'nan'"),
    ("1/4", "1/5", "line 18: the probabilities of choice 1 of state 0 sum to 0.95"),
    ("[0, 0.5]", "[0]", "line 16: the rewards are '[0]'; expected 2 in brackets"),
    ("[0, 0.5]", "[0, x]", "line 16: a reward is 'x'"),
    ("state 1 [1, 0]", "state 1 !3 [1, 0]", "line 21: state 1 has '!3 [1, 0] busy'"),
    ("\t\t1 : 1\n", "", "state 1 ends before a transition|line 23"),
    ("\t\t1 : 1\n", "\t\t1 1\n", "line 23: there is '1 1'; expected state, action, or a transition"),
    ('"all well"', '"all well', "line 33: the labels"),
]


@pytest.mark.parametrize(("old", "new", "message"), WRONG_DRN)
def test_what_storms_reader_refuses(drn: Path, old: str, new: str, message: str) -> None:
    assert old in DRN
    drn.write_text(DRN.replace(old, new, 1))
    with pytest.raises(InvalidModelError) as caught:
        TabularMDP.from_drn(drn, reward="energy")
    assert any(each in str(caught.value) for each in message.split("|")), str(caught.value)
    assert str(drn) in str(caught.value)


def test_reward_models_are_chosen_by_name(drn: Path) -> None:
    with pytest.raises(InvalidOptionError, match="has the reward models 'steps', 'energy'; choose one with reward="):
        TabularMDP.from_drn(drn)
    with pytest.raises(InvalidOptionError, match="reward is 'time'; expected 'steps', 'energy'"):
        TabularMDP.from_drn(drn, reward="time")
    with pytest.raises(InvalidOptionError, match=r"goal is the label 'don'.*did you mean 'done'"):
        planners.reachability(TabularMDP.from_drn(drn, "steps"), "don")


WRONG_PRISM: list[tuple[int, str, str, str]] = [
    (0, "4 7 10", "4", "line 1: the first line is '4'; expected the numbers of states, choices and transitions"),
    (0, "4 7 10", "4 7 11", "there are 10 rows; the first line says 11"),
    (0, "4 7 10", "4 8 10", "there are 7 choices; the first line says 8"),
    (0, "4 7 10", "5 7 10", "state 4 has no transition"),
    (0, "4 7 10", "99999999999 7 10", "there are 99999999999 states and 10 transitions"),
    (0, "0 1 1 0.25 send", "0 1 0.25", "line 3: there is '0 1 0.25'; expected state, choice, next state, a prob"),
    (0, "0 1 1 0.25 send", "0 1 7 0.25", "line 3: a next state is '7'; expected a whole number from 0 to 3"),
    (0, "0 1 1 0.25 send", "0 1 1 0.3", "line 3: the probabilities of choice 1 of state 0 sum to 1.05"),
    (0, "3 0 3 1", "3 1 3 1", "line 11: choices have gaps|line 3: choices have gaps"),
    (1, '0="init"', "0=init", "line 1: the first line is"),
    (1, "2: 2 4", "2: 2 9", "line 4: state 2 has the label '9'"),
    (1, "2: 2 4", "2 2 4", "line 4: there is '2 2 4'; expected a state and its labels"),
    (2, "4 3", "5 3", "line 2: the number of states is 5; the file of transitions has 4"),
    (2, "4 3", "4 2", "there are 3 rewards; the first line says 2"),
    (2, "1 1\n", "1 1 1\n", "line 4: there is '1 1 1'; expected a state and its reward"),
    (3, "4 7 6", "4 6 6", "the first line is '4 6 6'; expected the sizes of the file of transitions"),
    (3, "0 1 1 2", "0 1 2 2", "line 2: state 0 has no transition to state 2 with choice 1"),
    (3, "0 1 1 2", "0 1 1 inf", "line 2: a reward is 'inf'; expected a finite number"),
]


@pytest.mark.parametrize(("number", "old", "new", "message"), WRONG_PRISM)
def test_what_prisms_reader_refuses(prism: list[Path], number: int, old: str, new: str, message: str) -> None:
    content = prism[number].read_text()
    assert old in content
    prism[number].write_text(content.replace(old, new, 1))
    with pytest.raises(InvalidModelError) as caught:
        TabularMDP.from_prism(*prism)
    assert any(each in str(caught.value) for each in message.split("|")), str(caught.value)
    assert str(prism[number]) in str(caught.value)


@pytest.mark.parametrize("reader", [TabularMDP.from_drn, TabularMDP.from_prism])
def test_no_file_and_no_model(reader: Callable[..., Any], tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        reader(tmp_path / "none")
    for content in (b"", b"\x00\xff\xfe", b"{}", "\u0664 \u0664\n".encode()):
        (tmp_path / "odd").write_bytes(content)
        with pytest.raises(InvalidModelError, match="odd"):
            reader(tmp_path / "odd")


def test_a_size_that_does_not_fit_is_refused(drn: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planners.memory.available_bytes", lambda: 100.0)
    monkeypatch.setattr("planners.memory.ANYWHERE", 0.0)
    with pytest.raises(NotEnoughMemoryError, match=r"reading .*sender\.drn"):
        TabularMDP.from_drn(drn, reward="steps")
