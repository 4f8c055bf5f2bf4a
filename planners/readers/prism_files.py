"""Reading PRISM's explicit files: transitions, labels and rewards of a Markov chain or decision process.

    model.tra       2 3 4                  states, choices and transitions; of a chain: states and transitions
                    0 0 0 1 wait           state, choice, next state, probability, and perhaps a name
                    0 1 0 0.25 go
                    0 1 1 0.75 go
                    1 0 1 1                of a chain: state, next state, probability
    model.lab       0="init" 1="done"      numbers and names
                    0: 0                   a state, and the numbers of its labels
                    1: 1
    model.srew      2 1                    states, and how many of them have a reward
                    0 1                    state, reward of each step from it
    model.trew      2 3 2                  as in .tra, with rewards in the place of probabilities
                    0 1 0 0.5
                    0 1 1 0.5

Lines that begin with # are comments. Source: https://www.prismmodelchecker.org/manual/Appendices/ExplicitModelFiles
"""

import re
from array import array
from os import PathLike
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.readers.choices import Choices, tables
from planners.readers.text_lines import TextLines
from planners.readers.transitions import PairEntries

LABEL: Final = re.compile(r'(\d{1,18})\s*=\s*"([^"]*)"')


class _Header(NamedTuple):
    """The first line of a file of transitions: how many there are of everything."""

    num_states: int
    num_choices: int | None  # None: a Markov chain
    num_transitions: int


def read_prism(
    tra: str | PathLike[str],
    lab: str | PathLike[str] | None = None,
    srew: str | PathLike[str] | None = None,
    trew: str | PathLike[str] | None = None,
    normalise: bool = False,
) -> dict[str, Any]:
    """Tables of `TabularMDP` from the explicit files that PRISM exports, of a DTMC or an MDP.

    No episode ends: a state that is never left leads to itself. Names of actions are not kept; choices keep their
    numbers. Labels are kept, and can be used as goals.

    Args:
        tra: Transitions (`prism -exporttrans`).
        lab: Labels (`-exportlabels`).
        srew: Rewards of states (`-exportstaterewards`), paid with each step from them.
        trew: Rewards of transitions (`-exporttransrewards`).
        normalise: Whether rows that are off 1 by no more than .01 are scaled to it.

    Raises:
        InvalidModelError: What is no such file, with the line; numbers that differ from those of the first line.
        NotEnoughMemoryError: It does not fit.

    Cost: about 2 seconds for 10^6 lines.
    """
    lines = TextLines(tra, comment="#")
    header, choices = _transitions(lines)
    entries = choices.entries(lines, header.num_states, normalise)
    found = len(np.unique(entries.rows))
    if header.num_choices not in (None, found):
        lines.refuse(f"there are {found} choices; the first line says {header.num_choices}")
    rewards = np.zeros(entries.shape)
    if trew is not None:
        rewards += _transition_rewards(TextLines(trew, comment="#"), header, entries)
    if srew is not None:
        rewards += _state_rewards(TextLines(srew, comment="#"), header.num_states)[:, None]
    labels = {} if lab is None else _labels(TextLines(lab, comment="#"), header.num_states)
    return tables(entries, rewards, labels)


def _transitions(lines: TextLines, expected: _Header | None = None) -> tuple[_Header, Choices]:
    """The first line and the rows of a file of transitions, or of rewards of transitions."""
    header, what = None, "a probability" if expected is None else "a reward"
    states, actions, next_states, places, numbers = array("q"), array("q"), array("q"), array("q"), array("d")
    for text in lines:
        fields = text.split()
        if header is None:
            header = _header(lines, fields, expected)
            continue
        wanted = 3 if header.num_choices is None else 4
        if len(fields) not in (wanted, wanted + 1):
            order = "state, next state" if wanted == 3 else "state, choice, next state"
            lines.refuse(f"there is {text!r:.60}; expected {order}, {what}, and perhaps a name")
        states.append(lines.whole(fields[0], "a state", below=header.num_states))
        actions.append(0 if wanted == 3 else lines.whole(fields[1], "a choice", below=header.num_choices))
        next_states.append(lines.whole(fields[wanted - 2], "a next state", below=header.num_states))
        numbers.append(lines.real(fields[wanted - 1], what))
        places.append(lines.number)
    if header is None:
        lines.refuse("the file is empty; expected the numbers of states, choices and transitions")
    if len(states) != header.num_transitions:
        lines.refuse(f"there are {len(states)} rows; the first line says {header.num_transitions}")
    of, by, to, line = (np.frombuffer(each, dtype=np.int64) for each in (states, actions, next_states, places))
    return header, Choices(of, by, to, np.frombuffer(numbers), line)


def _header(lines: TextLines, fields: list[str], expected: _Header | None) -> _Header:
    if len(fields) not in (2, 3):
        lines.refuse(
            f"the first line is {' '.join(fields)!r:.60}; expected the numbers of states, choices and transitions, or "
            "those of states and transitions of a Markov chain"
        )
    numbers = [lines.whole(field, "a number of the first line") for field in fields]
    header = _Header(numbers[0], numbers[1] if len(numbers) == 3 else None, numbers[-1])
    if expected is not None and header[:2] != expected[:2]:
        lines.refuse(f"the first line is {' '.join(fields)!r:.60}; expected the sizes of the file of transitions")
    return header


def _transition_rewards(lines: TextLines, header: _Header, entries: PairEntries) -> NDArray[np.float64]:
    """(S, A) expected reward of the transitions of each pair."""
    _, given = _transitions(lines, header)
    states, actions, next_states = given.states, given.actions, given.next_states
    rows = states * entries.num_actions + np.minimum(actions, entries.num_actions - 1)
    shape = (entries.num_states * entries.num_actions, entries.num_states)
    taken = sparse.coo_array((np.ones(len(entries.rows)), (entries.rows, entries.next_states)), shape=shape).tocsr()
    wrong = (actions >= entries.num_actions) | (np.asarray(taken[rows, next_states]).ravel() == 0)
    if wrong.any():
        first = int(np.argmax(wrong))
        lines.refuse(
            f"state {states[first]} has no transition to state {next_states[first]} with choice {actions[first]}",
            int(given.lines[first]),
        )
    listed = sparse.coo_array((given.probabilities, (rows, next_states)), shape=shape).tocsr()
    rewards = np.asarray(listed[entries.rows, entries.next_states]).ravel()
    return entries.expected(rewards)


def _state_rewards(lines: TextLines, num_states: int) -> NDArray[np.float64]:
    rewards, expected = np.zeros(num_states), -1
    count = 0
    for text in lines:
        fields = text.split()
        if len(fields) != 2:
            lines.refuse(f"there is {text!r:.60}; expected a state and its reward")
        if expected < 0:
            if lines.whole(fields[0], "the number of states") != num_states:
                lines.refuse(f"the number of states is {fields[0]}; the file of transitions has {num_states}")
            expected = lines.whole(fields[1], "the number of rewards")
            continue
        rewards[lines.whole(fields[0], "a state", below=num_states)] = lines.real(fields[1], "a reward")
        count += 1
    if count != expected:
        lines.refuse(f"there are {count} rewards; the first line says {max(expected, 0)}")
    return rewards


def _labels(lines: TextLines, num_states: int) -> dict[str, NDArray[np.int64]]:
    names: dict[str, str] | None = None
    found: dict[str, array[int]] = {}
    for text in lines:
        if names is None:
            names = dict(LABEL.findall(text))
            if not names or LABEL.sub("", text).strip():
                lines.refuse(f'the first line is {text!r:.60}; expected labels such as 0="init" 1="done"')
            found = {name: array("q") for name in names.values()}
            continue
        state, colon, numbers = text.partition(":")
        if not colon:
            lines.refuse(f"there is {text!r:.60}; expected a state and its labels, such as 3: 0 1")
        number = lines.whole(state.strip(), "a state", below=num_states)
        for label in numbers.split():
            if label not in names:
                lines.refuse(f"state {number} has the label {label!r:.60}; the first line has {', '.join(names)[:200]}")
            found[names[label]].append(number)
    return {name: np.frombuffer(states, dtype=np.int64) for name, states in found.items()}
