"""`law_of` against the dictionaries that models were read from: every entry, with its own reward."""

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from planners import TabularMDP
from planners.models.outcomes import law_of
from tests.oracles.exact import Tables, as_floats
from tests.oracles.models import tables


def law(P: Tables) -> dict[tuple[int, int], dict[tuple[int, Fraction, bool], Any]]:
    found: Any = {}
    for s, here in P.items():
        for a, row in here.items():
            found[s, a] = Counter()
            for p, t, r, ends in row:
                if p:
                    found[s, a][t, r, ends] += p
    return found


def told(model: Any) -> dict[tuple[int, int], dict[tuple[int, Fraction, bool], Any]]:
    outcomes, known = law_of(model)
    assert known.all()
    found: Any = {}
    for pair in np.flatnonzero(np.diff(outcomes.first)).tolist():
        here = slice(outcomes.first[pair], outcomes.first[pair + 1])
        columns = (outcomes.probability, outcomes.next_state, outcomes.reward, outcomes.ends)
        row: Any = Counter()
        found[divmod(pair, model.num_actions)] = row
        for p, t, r, ends in zip(*(column[here].tolist() for column in columns), strict=True):
            row[t, Fraction(r), ends] += Fraction(p)
    return found


@given(P=tables())
def test_every_entry_of_a_dictionary_keeps_its_reward(P: Tables) -> None:
    assert told(TabularMDP.from_gym_dict(as_floats(P))) == law(P)


@given(P=tables(), data=st.data())
def test_a_terminal_state_ends_the_episode_and_pays_nothing(P: Tables, data: st.DataObject) -> None:
    terminal = data.draw(st.integers(0, len(P) - 1))
    P[terminal] = {a: [(p, t, Fraction(0), ends) for p, t, _, ends in row] for a, row in P[terminal].items()}
    mask = np.arange(len(P)) == terminal
    changed: Tables = {
        s: {a: [(Fraction(1), s, Fraction(0), True)] if s == terminal
            else [(p, t, r, ends or t == terminal) for p, t, r, ends in row] for a, row in here.items()}
        for s, here in P.items()
    }  # fmt: skip
    assert told(TabularMDP.from_gym_dict(as_floats(P), terminal=mask)) == law(changed)


def test_arrays_with_a_reward_of_each_transition() -> None:
    P = np.array([[[0.5, 0.25, 0.25], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]])
    R = np.array([[[1.0, 2.0, 7.0], [0.0, 3.0, 0.0], [0.0, 0.0, 0.0]]])
    model = TabularMDP.from_arrays(P, R, terminal=[False, False, True], axes="ASS")
    assert told(model)[0, 0] == Counter({(0, 1, False): 0.5, (1, 2, False): 0.25, (2, 7, True): 0.25})


def test_where_the_rewards_of_today_are_others_the_law_is_not_known() -> None:
    model = TabularMDP.from_gym_dict({0: {0: [(0.5, 0, 1.0, False), (0.5, 0, 3.0, True)], 1: [(1.0, 0, 1.0, True)]}})
    outcomes, known = law_of(replace(model, rewards=np.array([[5.0, 1.0]])))
    assert known.tolist() == [False, True]
    assert outcomes.reward.tolist() == [5.0, 5.0, 1.0]
    assert law_of(model.discounted([[0.5, 1.0]]))[1].tolist() == [False, True]
