"""Random small models in every form that is read, each with its rows as they are given, for `exact_fuzz.py`."""

import os
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from planners import MoveMDP, TabularMDP
from planners.distributed import Rows

Entry = tuple[float, int, float, bool]
Table = dict[int, dict[int, list[Entry]]]
DISCOUNTS = [0.0, 0.3, 0.9, 0.99, 0.999, 1 - 1e-6, 1 - 2.0**-30, 1 - 2.0**-40]


class Case(NamedTuple):
    """A model in one form.

    Attributes:
        model: What is planned on.
        form: Its form, in words.
        rows: {state: {action: [(probability, next state, reward, whether it ends)]}} as they are given.
        discount: The discount.
        source: The same as a function of slices, where there is one.
    """

    model: Any
    form: str
    rows: Table
    discount: float
    source: Rows | None = None


def make_case(seed: int, undiscounted: bool = False) -> Case:
    """The model of a seed."""
    rng = np.random.default_rng(seed)
    if undiscounted:
        return [loop_case, loop_case, table_case, move_case][int(rng.integers(4))](rng, 1.0)
    discount = float(rng.choice(DISCOUNTS))
    return [table_case, array_case, move_case, pair_case, csv_case][int(rng.integers(5))](rng, discount)


def probabilities(rng: np.random.Generator, count: int) -> np.ndarray:
    """(count,) that sum to 1 as floats do, or miss it by up to what is accepted."""
    weights = rng.random(count) ** rng.integers(1, 12)
    weights /= weights.sum()
    if rng.random() < 0.3:
        weights *= 1.0 + rng.uniform(-0.9e-9, 0.9e-9)
    return weights


def amounts(rng: np.random.Generator, weights: np.ndarray, size: float) -> np.ndarray:
    """Rewards of the outcomes of a row; sometimes they cancel, or all are the same."""
    rewards = size * rng.normal(size=len(weights))
    kind = rng.integers(5)
    if kind == 0 and len(weights) > 1:
        rewards[-1] = -float((weights[:-1] * rewards[:-1]).sum() / max(weights[-1], 1e-9))
    if kind == 1:
        rewards[:] = rewards[0]
    if kind == 2:
        rewards[:] = 0.0
    return rewards


def size_of(rng: np.random.Generator) -> float:
    """Of ordinary rewards mostly, and now and then one that is hardly a number."""
    return float(10.0 ** (rng.integers(-6, 7) if rng.random() < 0.8 else rng.integers(-320, 300)))


def table(rng: np.random.Generator, end: float, size: float) -> Table:
    """Rows of up to five states."""
    states, penalty = int(rng.integers(1, 6)), rng.random() < 0.2
    rows: Table = {}
    for state in range(states):
        rows[state] = {}
        for action in range(int(rng.integers(1, 4))):
            weights = probabilities(rng, int(rng.integers(1, 5)))
            rewards = amounts(rng, weights, size)
            if penalty and action == 1:
                rewards = -np.minimum(np.abs(rewards), 1e290) * 1e9
            targets = rng.integers(states, size=len(weights)) if rng.random() < 0.8 else np.full(len(weights), state)
            ends = rng.random(len(weights)) < end
            columns = (column.tolist() for column in (weights, targets, rewards, ends))
            rows[state][action] = list(zip(*columns, strict=True))
    return rows


def table_case(rng: np.random.Generator, discount: float) -> Case:
    """A toy_text dictionary."""
    rows = table(rng, rng.choice([0.0, 0.0, 0.05, 0.3]), size_of(rng))
    return Case(TabularMDP.from_gym_dict(rows), "dictionary", rows, discount)


def loop_case(rng: np.random.Generator, discount: float) -> Case:
    """For discount 1: what one may go round in for nothing, for a little more or for a little less.

    Rewards are differences of a potential, which no loop gains by, and some rows pay or are paid more.
    """
    states, size = int(rng.integers(1, 6)), float(rng.choice([1.0, 2.0**-20, 2.0**30, 0.1, 1 / 3]))
    potential = size * rng.integers(-3, 4, size=states) * (rng.random() < 0.6)
    little = float(rng.choice([1.0, 2.0**-10, 2.0**-45])) * size
    extras = rng.choice([0.0, -1.0, 1.0], size=(states, 3), p=rng.choice([[0.6, 0.3, 0.1], [0.5, 0.5, 0.0]]))
    rows: Table = {}
    for state in range(states):
        rows[state] = {}
        for action in range(int(rng.integers(1, 4))):
            count = int(rng.integers(1, 4))
            weights = (
                probabilities(rng, count)
                if rng.random() < 0.3
                else np.array([[1], [0.25, 0.75], [0.5, 0.25, 0.25]][count - 1])
            )
            rows[state][action] = []
            for weight in weights.tolist():
                target, ends = int(rng.integers(states)), bool(rng.random() < 0.08)
                after = 0.0 if ends else potential[target]
                reward = float(after - potential[state] + extras[state, action] * little)
                rows[state][action].append((weight, target, reward, ends))
    return Case(TabularMDP.from_gym_dict(rows), "loops", rows, discount)


def array_case(rng: np.random.Generator, discount: float) -> Case:
    """Dense or sparse arrays, by state or by action, in float64 or float32, with rewards of transitions."""
    states, actions, size = int(rng.integers(1, 6)), int(rng.integers(1, 4)), size_of(rng)
    dtype = np.float32 if rng.random() < 0.3 else np.float64
    P = np.array([[probabilities(rng, states) for _ in range(actions)] for _ in range(states)]).astype(dtype)
    R = np.array([[amounts(rng, P[s, a].astype(float), size) for a in range(actions)] for s in range(states)])
    kind = ["state first", "action first", "sparse"][int(rng.integers(3))]
    if kind == "state first":
        model = TabularMDP.from_arrays(P, R, axes="SAS")
    elif kind == "action first":
        model = TabularMDP.from_arrays(P.swapaxes(0, 1), R.swapaxes(0, 1), axes="ASS")
    else:
        model = TabularMDP.from_arrays(
            [sparse.csr_array(P[:, a]) for a in range(actions)], [R[:, a] for a in range(actions)], axes="ASS"
        )
    rows = {
        s: {a: [(float(P[s, a, t]), t, float(R[s, a, t]), False) for t in range(states)] for a in range(actions)}
        for s in range(states)
    }
    return Case(model, f"arrays of {np.dtype(dtype)}, {kind}", rows, discount)


def pair_case(rng: np.random.Generator, discount: float) -> Case:
    """State-action pairs with expected rewards, and the same rows as a function of slices."""
    states, actions, size = int(rng.integers(1, 6)), int(rng.integers(1, 5)), size_of(rng)
    feasible = rng.random((states, actions)) < 0.6
    feasible[np.arange(states), rng.integers(actions, size=states)] = True
    P = np.array([probabilities(rng, states) for _ in range(states * actions)])
    P *= ~((rng.random(P.shape) < 0.3) & (np.arange(states) != P.argmax(axis=1)[:, None]))
    P /= P.sum(axis=1, keepdims=True)
    R = size * rng.normal(size=states * actions)
    pairs = np.flatnonzero(feasible.ravel())
    order = rng.permutation(pairs)
    Q = P[order] if rng.random() < 0.5 else sparse.csr_array(P[order])
    model = TabularMDP.from_state_action_pairs(R[order], Q, order // actions, order % actions, num_actions=actions)

    def part(first: int, last: int) -> tuple[Any, ...]:
        some = slice(first * actions, last * actions)
        exists = feasible[first:last]
        kept = sparse.csr_array(P[some] * exists.ravel()[:, None])
        return kept, np.where(exists, R[some].reshape(-1, actions), 0.0), np.zeros(exists.shape), exists

    rows = {
        s: {
            int(a): [(float(p), t, float(R[s * actions + a]), False) for t, p in enumerate(P[s * actions + a])]
            for a in np.flatnonzero(feasible[s])
        }
        for s in range(states)
    }
    return Case(model, "pairs", rows, discount, Rows(part, states, actions))


def csv_case(rng: np.random.Generator, discount: float) -> Case:
    """A file of transitions; whatever ends leads to a state without lines."""
    rows = table(rng, rng.choice([0.0, 0.05, 0.3]), size_of(rng))
    sink, base = len(rows), int(rng.integers(2))
    lines, used = ["idstatefrom,idaction,idstateto,probability,reward"], {*rows}
    for state, actions in rows.items():
        for action, entries in actions.items():
            for probability, target, reward, ends in entries:
                to = sink if ends else target
                used.add(to)
                lines.append(f"{state + base},{action + base},{to + base},{probability!r},{reward!r}")
    if sink in used:
        rows[sink] = {0: [(1.0, sink, 0.0, True)]}
    handle, name = tempfile.mkstemp(suffix=".csv")
    os.close(handle)
    try:
        Path(name).write_text("\n".join(lines) + "\n")
        model = TabularMDP.from_csv(name, base=base)
    finally:
        os.unlink(name)
    if sink in used:
        rows[sink] = {action: rows[sink][0] for action in range(model.num_actions)}
    return Case(model, "csv", rows, discount)


def move_case(rng: np.random.Generator, discount: float) -> Case:
    """Moves and mixtures; now and then with more actions than a byte can number."""
    states, moves, outcomes, kinds = (int(rng.integers(1, top)) for top in (6, 5, 5, 3))
    actions = int(rng.integers(2, 5) if rng.random() < 0.98 else rng.choice([255, 256, 257, 300, 1000]))
    size = size_of(rng)
    mixture = np.array([[probabilities(rng, moves) for _ in range(actions)] for _ in range(kinds)])
    model = MoveMDP(
        successor=rng.integers(states, size=(states, moves)).astype(np.int32),
        outcome=rng.integers(outcomes, size=(states, moves)).astype(np.uint8),
        outcome_reward=amounts(rng, probabilities(rng, outcomes), size),
        outcome_ends=rng.random(outcomes) < rng.choice([0.0, 0.2, 0.5]),
        mixture=mixture.copy(),
        kind=rng.integers(kinds, size=states).astype(np.uint8),
    )
    assert model.kind is not None
    after, outcome = model.successor.tolist(), model.outcome.tolist()
    rewards, ends = model.outcome_reward.tolist(), model.outcome_ends.tolist()
    rows = {
        s: {
            a: [
                (p, after[s][d], rewards[outcome[s][d]], ends[outcome[s][d]])
                for d, p in enumerate(mixture[model.kind[s], a].tolist())
            ]
            for a in range(actions)
        }
        for s in range(states)
    }
    return Case(model, f"moves, {actions} actions", rows, discount)
