"""A thousand fuzzed inputs of each constructor: the right model, or a refusal in words; no raw error, no other model.

A valid model is written down in a random form, and then one thing is done to it: something that changes nothing, such
as labels in another order, or something that is wrong, such as a mask, a word among the numbers, or a ragged row.
There is nothing to be unlucky about: whatever is drawn, the answer is known.
"""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from planners import PlannerError, TabularMDP
from tests.planners.models.test_names import Frame

MANY = 1_000
Given = dict[str, Any]
Change = Callable[[np.random.Generator, Given], None]


def valid(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """P (S, A, S'), R (S, A); not as many actions as states."""
    S, A = int(rng.integers(2, 6)), int(rng.integers(1, 5))
    A += A == S
    P = rng.multinomial(8, np.ones(S) / S, size=(S, A)) / 8.0
    P[0, 0, 0] += 0.0
    return P, rng.normal(size=(S, A)).round(3)


def place(rng: np.random.Generator, table: np.ndarray) -> tuple[int, ...]:
    return tuple(int(rng.integers(size)) for size in table.shape)


def put(name: str, value: Any) -> Change:
    """One entry of a table becomes something else; of P, where a probability is not 0."""

    def change(rng: np.random.Generator, given: Given) -> None:
        table = np.array(given[name], dtype=object if isinstance(value, str | complex | list) else float)
        where = place(rng, table)
        if name in ("P", "Q"):
            places = np.argwhere(np.array(given[name]) > 0)
            where = tuple(int(i) for i in places[rng.integers(len(places))])
        table[where] = value
        given[name] = table

    return change


def masked(name: str) -> Change:
    def change(rng: np.random.Generator, given: Given) -> None:
        table = np.array(given[name], dtype=float)
        hidden = np.zeros(table.shape, dtype=bool)
        hidden[place(rng, table)] = True
        given[name] = np.ma.array(table, mask=hidden)

    return change


def ragged(name: str) -> Change:
    def change(rng: np.random.Generator, given: Given) -> None:
        table = np.array(given[name]).tolist()
        row = table[int(rng.integers(len(table)))] if isinstance(table[0], list) else table
        row.append(row[-1])
        given[name] = table

    return change


def instead(name: str, *values: Any) -> Change:
    def change(rng: np.random.Generator, given: Given) -> None:
        given[name] = copy.deepcopy(values[int(rng.integers(len(values)))])

    return change


ANYTHING: tuple[Any, ...] = (
    None,
    3,
    "x",
    {},
    {1: 2},
    [[]],
    object(),
    [["a", "b"]],
    np.nan,
    {"a": {"b": 1}},
    [None],
    set(),
    len,
)
WRONG: dict[str, Change] = {
    "NaN in R": put("R", np.nan),
    "inf in R": put("R", np.inf),
    "a word in R": put("R", "0.5"),
    "a complex number in R": put("R", 1j),
    "a list in R": put("R", [1.0]),
    "a masked R": masked("R"),
    "a ragged R": ragged("R"),
    "no R": instead("R", *ANYTHING),
    "terminal of another length": instead("terminal", [True], [False] * 9, [0.0, 1.0], "yes", np.nan),
    "initial that is none": instead("initial", [0.5], [np.nan] * 4, "nowhere", {"nowhere": 1.0}, [[1.0]], len),
    "too few names": instead("states", ["a"], "abc", 3, [[]] * 9, [np.nan] * 3),
    "too many actions": instead("actions", list("abcdefghij"), ["a", "a"]),
    "normalise that is no switch": instead("normalise", "yes", 2, None),
}  # fmt: skip
OF_P: dict[str, Change] = {
    "NaN in P": put("P", np.nan),
    "a negative probability": put("P", -0.25),
    "too much": put("P", 1.5),
    "a word in P": put("P", "1"),
    "a masked P": masked("P"),
    "a ragged P": ragged("P"),
    "no P": instead("P", *ANYTHING),
    "axes of another name": instead("axes", "SSA", 1, "sas"),
    "feasible that is none": instead("feasible", [[True]], [[1.0, 0.0]], "x", [[True], [True, False]]),
}


def unchanged(rng: np.random.Generator, given: Given) -> None:
    """As it is."""


def other_axes(rng: np.random.Generator, given: Given) -> None:
    given["P"] = given["P"].transpose(1, 0, 2)


def as_sparse(rng: np.random.Generator, given: Given) -> None:
    given["P"] = [sparse.coo_array(matrix) for matrix in given["P"].transpose(1, 0, 2)]


def stacked(rng: np.random.Generator, given: Given) -> None:
    given["P"], given["axes"] = sparse.csr_array(given["P"].reshape(-1, len(given["P"]))), "SAS"


def labelled(rng: np.random.Generator, given: Given) -> None:
    """Rows and columns in random orders, with their labels; numbers or words."""
    S, A = given["R"].shape
    states = [f"s{i}" for i in range(S)] if rng.random() < 0.5 else list(range(S))
    actions = [f"a{i}" for i in range(A)] if rng.random() < 0.5 else list(range(A))
    given["states"], given["actions"] = states, actions
    rows, columns, by = rng.permutation(S), rng.permutation(S), rng.permutation(A)
    named, across = [states[i] for i in rows], [states[i] for i in columns]
    P = given["P"].transpose(1, 0, 2)
    given["P"] = {actions[a]: Frame(P[a][np.ix_(rows, columns)], named, across) for a in by}
    given["R"] = Frame(given["R"][np.ix_(rows, by)], named, [actions[i] for i in by])


RIGHT: dict[str, Change] = {
    "as it is": unchanged, "other axes": other_axes, "sparse": as_sparse, "stacked": stacked, "labelled": labelled,
}  # fmt: skip


def mislabelled(rng: np.random.Generator, given: Given) -> None:
    labelled(rng, given)
    labels = given["R"].index if rng.random() < 0.5 else given["R"].columns
    spot = int(rng.integers(len(labels)))
    labels[spot] = "nobody" if len(labels) == 1 or rng.random() < 0.5 else labels[spot - 1]  # unknown, or twice


def is_model(found: TabularMDP, P: np.ndarray, R: np.ndarray) -> bool:
    return np.array_equal(found.transitions.toarray().reshape(P.shape), P) and np.array_equal(found.rewards, R)


def tried(make: Callable[..., Any], given: Given, what: str) -> Any:
    """The model, or the refusal; anything else that is raised says what was done."""
    try:
        return make(**given)
    except PlannerError as error:
        return error
    except Exception as error:
        raise AssertionError(f"{what}: {type(error).__name__}: {str(error)[:200]}") from error


def test_arrays(rng: np.random.Generator) -> None:
    changes = {**WRONG, **OF_P, "wrong labels": mislabelled}
    for _ in range(MANY):
        P, R = valid(rng)
        given: Given = {"P": P.copy(), "R": R.copy()}
        right = rng.random() < 0.3
        name = str(rng.choice(list(RIGHT if right else changes)))
        (RIGHT if right else changes)[name](rng, given)
        found = tried(TabularMDP.from_arrays, given, name)
        if right:
            assert isinstance(found, TabularMDP), f"{name}: {found}"
            assert is_model(found, P, R), name
        else:
            assert isinstance(found, PlannerError) or is_harmless(name, given), f"{name}: accepted {str(given)[:300]}"


def is_harmless(name: str, given: Given) -> bool:
    """Whether a change may have left a valid model: names, masks and starts that happen to fit its size."""
    fits = {"terminal": "states", "initial": "states", "too": "actions", "feasible": "states"}
    return any(name.startswith(start) for start in fits) and name != "too much"


def test_pairs(rng: np.random.Generator) -> None:
    for_pairs = {k: v for k, v in WRONG.items() if not k.startswith("too")}
    changes = {
        **for_pairs,
        "NaN in Q": put("Q", np.nan), "negative": put("Q", -0.25), "a word in Q": put("Q", "1"), "masked": masked("Q"),
        "ragged": ragged("Q"), "no Q": instead("Q", *ANYTHING), "no states": instead("states", *ANYTHING),
        "other states": instead("states", [0], [[0, 1]], [0.5, 1.5], ["a", "b"], [-1] * 4),
        "no actions": instead("actions", *ANYTHING), "num_actions": instead("num_actions", 0, 2.5, "x", True),
    }  # fmt: skip
    for _ in range(MANY):
        P, R = valid(rng)
        S, A = R.shape
        order = rng.permutation(S * A)
        states, actions = np.divmod(order, A)
        given: Given = {"R": R.ravel()[order], "Q": P.reshape(-1, S)[order], "states": states, "actions": actions}
        if rng.random() < 0.3:
            found = tried(TabularMDP.from_state_action_pairs, given, "as it is")
            assert is_model(found, P, R)
            continue
        name = str(rng.choice(list(changes)))
        changes[name](rng, given)
        found = tried(TabularMDP.from_state_action_pairs, given, name)
        assert isinstance(found, PlannerError) or is_harmless(name, given), f"{name}: accepted {str(given)[:300]}"


ENTRIES: tuple[Any, ...] = (
    None, 3, "x", (), (1.0,), (1.0, 0, 0.0), (1.0, 0, 0.0, True, 5), ("1.0", 0, 0.0, False), (1.0, 99, 0.0, False),
    (1.0, -1, 0.0, False), (1.0, 0.5, 0.0, False), (np.nan, 0, 0.0, False), (1.0, 0, np.nan, False),
    (1.0, "a", 0.0, False), (-1.0, 0, 0.0, False), (0.7, 0, 0.0, False), (1.0, 0, "x", False),
)  # fmt: skip


def test_dictionaries(rng: np.random.Generator) -> None:
    for _ in range(MANY):
        P, R = valid(rng)
        S, A = R.shape
        table: Any = {
            s: {a: [(float(P[s, a, t]), t, float(R[s, a]), False) for t in range(S) if P[s, a, t]] for a in range(A)}
            for s in range(S)
        }
        state, action = int(rng.integers(S)), int(rng.integers(A))
        kind = int(rng.integers(6))
        if kind == 0:
            np.testing.assert_allclose(tried(TabularMDP.from_gym_dict, {"P": table}, "right").rewards, R, atol=1e-12)
            continue
        entry = ENTRIES[int(rng.integers(len(ENTRIES)))]
        if kind == 1:
            table[state][action] = [entry]
        elif kind == 2:
            table[state][action].append(entry)
        elif kind == 3:
            table[state] = ANYTHING[int(rng.integers(len(ANYTHING)))]
        elif kind == 4:
            table[state][action] = ANYTHING[int(rng.integers(len(ANYTHING)))]
        else:
            table = ANYTHING[int(rng.integers(len(ANYTHING)))]
        found = tried(TabularMDP.from_gym_dict, {"P": table}, f"kind {kind}, {entry}")
        assert isinstance(found, PlannerError), f"kind {kind}: accepted {str(table)[:300]}"


CSV = "idstatefrom,idaction,idstateto,probability,reward\n0,0,0,.5,1\n0,0,1,.5,2\n0,1,1,1,-1\n1,0,1,1,0\n"
TRA = "2 3 4\n0 0 0 0.5\n0 0 1 0.5\n0 1 1 1\n1 0 1 1\n"
DRN = (
    "@type: MDP\n@parameters\n\n@reward_models\ncost\n@nr_states\n2\n@nr_choices\n3\n@model\nstate 0 [1] init\n"
    "\taction a [0]\n\t\t0 : 0.5\n\t\t1 : 0.5\n\taction b [2]\n\t\t1 : 1\nstate 1 [0]\n\taction a [0]\n\t\t1 : 1\n"
)


@pytest.mark.parametrize(
    ("read", "text"), [(TabularMDP.from_csv, CSV), (TabularMDP.from_prism, TRA), (TabularMDP.from_drn, DRN)]
)
def test_files_with_letters_changed(rng: np.random.Generator, tmp_path: Path, read: Any, text: str) -> None:
    """Another number may be another model; what is no model is refused in words."""
    path = tmp_path / "file"
    for _ in range(MANY):
        letters = list(text)
        for _ in range(int(rng.integers(1, 4))):
            spot = int(rng.integers(len(letters)))
            letters[spot] = str(
                rng.choice(["", " ", "\n", "\t", "x", "-", ".", "0", "1", "9", ",", "e", "é", "\0", letters[spot] * 2])
            )
        path.write_text("".join(letters), encoding="utf-8")
        tried(lambda: read(path), {}, repr("".join(letters)))
