"""Compiled learners on tables: Sarsa, Expected Sarsa, Q-learning and Double Q-learning, many seeds side by side.

What costs time in a learner is the chain from state to action to state: each waits for the one before. So it is kept
short. One 64-bit number is drawn a step: its high half chooses the action, its low half the outcome. Probabilities are
thresholds of 32 bits. The greedy action of a state is remembered, and worked out anew where a value has changed. The
steps of several seeds lie in one loop, so that a processor works on one while another waits.

An outcome is looked up by the alias method (`outcomes`): the row of a pair has 2^k cells, each of them with a threshold
and two outcomes. The number of the outcome says all about a step: pair, reward, next state, end. It is recorded.

Source of the updates: Sutton and Barto (2018), Sections 6.4 to 6.7.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planners.kernels.choices import (
    HALF,
    LOW,
    ONE,
    U,
    chosen,
    drawn,
    expectation,
    explored,
    greedy_of,
    greedy_of_sum,
    largest,
    one_of,
    step_size,
)
from planners.kernels.compiling import compiled
from planners.kernels.outcomes import TRUNCATED

EXPECTED: Final = 1  # rules of `q_learning`; 0 is Q-learning itself
CUT_OFF = np.uint32(TRUNCATED)


class Tables(NamedTuple):
    """What a step may lead to, for S states, A actions and 2^shift cells a pair.

    Attributes:
        cut: (S*A*2^shift,) uint32: below it a cell means its first outcome, else its second.
        next_state: (S*A*2^shift*2,) int32, of each outcome; so are the next three.
        reward: float64.
        onward: float64, the discount, or 0 where the episode ends.
        ends: uint8, whether it ends.
        options: (S, A) int32, the actions that exist, the first `num_options[s]` of each row; (0, 0) where all do.
        num_options: (S,) int32.
        starts: (n,) int32, the states in which episodes begin.
        start_cuts: (n,) uint64, the sums of their probabilities, times 2^32.
        shift: k.
        limit: Steps after which an episode is cut off; 0: never.
    """

    cut: NDArray[np.uint32]
    next_state: NDArray[np.int32]
    reward: NDArray[np.float64]
    onward: NDArray[np.float64]
    ends: NDArray[np.uint8]
    options: NDArray[np.int32]
    num_options: NDArray[np.int32]
    starts: NDArray[np.int32]
    start_cuts: NDArray[np.uint64]
    shift: int
    limit: int


class Schedule(NamedTuple):
    """Exploration and step sizes of the steps that are to be made.

    Attributes:
        epsilon: (steps + 1,) float64 for each step and the one after them, or (1,) for all, or (0,): on a line.
        start: The first epsilon of a line.
        end: The last one.
        pace: 1 divided by the number of steps until it is there.
        rate: float64, the step size by visits of a pair, or by steps; the last number holds for ever.
        by_step: Whether the step size is one by steps.
    """

    epsilon: NDArray[np.float64]
    start: float
    end: float
    pace: float
    rate: NDArray[np.float64]
    by_step: bool


class Runs(NamedTuple):
    """Where n learners stand; every array changes.

    Attributes:
        key: (n,) uint64, where the random numbers of each begin.
        draws: (n,) uint64, how many were drawn.
        state: (n,) uint64.
        pending: (n,) uint64, the next action where it is chosen already, else A.
        age: (n,) int64, steps of the present episode.
        episodes: (n,) int64, how many have ended.
        Q: (n, S*A) float64, -inf where there is no action; (n, 2*S*A), both tables, of Double Q-learning.
        visits: (n, S*A) int64, or (n, 1) where no step size depends on them.
        greedy: (n, S) uint64.
        outcomes: (n, steps) uint32, what is recorded.
        changes: (m, 4) int64, changes of greedy policies: seed, step, state, bits of the actions.
        num_changes: (1,) int64.
    """

    key: NDArray[np.uint64]
    draws: NDArray[np.uint64]
    state: NDArray[np.uint64]
    pending: NDArray[np.uint64]
    age: NDArray[np.int64]
    episodes: NDArray[np.int64]
    Q: NDArray[np.float64]
    visits: NDArray[np.int64]
    greedy: NDArray[np.uint64]
    outcomes: NDArray[np.uint32]
    changes: NDArray[np.int64]
    num_changes: NDArray[np.int64]


@compiled
def note_change(runs, i, step, s, greedy, A):
    """The greedy policy has changed in a state."""
    runs.greedy[i, s] = greedy
    k = runs.num_changes[0]
    bits = greedy - A if greedy >= A else ONE << greedy
    runs.changes[k, 0], runs.changes[k, 1], runs.changes[k, 2], runs.changes[k, 3] = i, step, s, bits
    runs.num_changes[0] = k + 1


@compiled
def first_state(tables, runs, i):
    """Where an episode begins; a number is drawn where there are several states to choose from."""
    if tables.starts.size == 1:
        return U(tables.starts[0])
    low = drawn(runs.key[i], runs.draws[i]) & LOW
    runs.draws[i] += ONE
    return U(tables.starts[np.searchsorted(tables.start_cuts, low, side="right")])


@compiled
def next_episode(tables, runs, i, step, outcome, first):
    """An episode has ended: the state in which the next one begins."""
    if not tables.ends[outcome]:
        runs.outcomes[i, step - first] |= CUT_OFF
    runs.age[i] = 0
    runs.episodes[i] += 1
    return first_state(tables, runs, i)


@compiled
def begin_all(tables, runs):
    """The first state of each learner."""
    for i in range(runs.state.size):
        runs.state[i] = first_state(tables, runs, i)


@compiled
def q_learning(each, rule, tables, schedule, runs, first, last, episodes):
    """Steps first..last-1 of Q-learning or, by `rule`, of Expected Sarsa; how many were made.

    `each` has A entries: a tuple, for which the loops over actions are unrolled, or an array. With `episodes` above 0
    it stops after so many.
    """
    A, n, pairs, shift = U(len(each)), runs.state.size, U(runs.Q.shape[1]), U(tables.shift)
    cut, next_state, reward, onward = tables.cut, tables.next_state, tables.reward, tables.onward
    Q, visits, changes = runs.Q.ravel(), runs.visits.ravel(), schedule.epsilon.size != 1
    threshold, unit = explored(schedule, U(first), U(first))
    limited = tables.limit > 0
    for t in range(U(first), U(last)):
        if changes:
            threshold, unit = explored(schedule, t, U(first))
        for i in range(U(n)):
            s = runs.state[i]
            x = drawn(runs.key[i], runs.draws[i])
            runs.draws[i] += ONE
            greedy = runs.greedy[i, s]
            a = chosen(greedy, A, x >> HALF, threshold, unit, tables.options, tables.num_options, s)
            low = x & LOW
            cell = ((s * A + a) << shift) + (low >> (HALF - shift))
            j = cell + cell + U(((low << shift) & LOW) >= U(cut[cell]))
            s2, row = U(next_state[j]), i * pairs + s * A
            m = largest(Q, i * pairs + s2 * A, A)
            if rule == EXPECTED:
                m = expectation(Q, i * pairs + s2 * A, A, m, threshold, tables.num_options[s2])
            old = Q[row + a]
            rate = step_size(schedule, visits, row + a, t - U(first))
            Q[row + a] = old + rate * (reward[j] + onward[j] * m - old)
            runs.outcomes[i, t - U(first)] = j
            now = greedy_of(Q, row, A)
            if now != greedy:
                note_change(runs, i, t, s, now, A)
            if limited:
                runs.age[i] += 1
            if tables.ends[j] or (limited and runs.age[i] == tables.limit):
                s2 = next_episode(tables, runs, i, t, j, U(first))
                if runs.episodes[i] == episodes:
                    return t + ONE - U(first)
            runs.state[i] = s2
    return U(last - first)


@compiled
def sarsa(each, tables, schedule, runs, first, last, episodes):
    """Steps first..last-1 of Sarsa; as `q_learning`. The next action is chosen before the update."""
    A, n, pairs, shift = U(len(each)), runs.state.size, U(runs.Q.shape[1]), U(tables.shift)
    cut, next_state, reward, onward = tables.cut, tables.next_state, tables.reward, tables.onward
    Q, visits, changes = runs.Q.ravel(), runs.visits.ravel(), schedule.epsilon.size != 1
    threshold, unit = explored(schedule, U(first), U(first))
    limited = tables.limit > 0
    for t in range(U(first), U(last)):
        now, now_unit = threshold, unit
        if changes:
            threshold, unit = explored(schedule, t + ONE, U(first))
        for i in range(U(n)):
            s, a = runs.state[i], runs.pending[i]
            if a == A:
                a = next_action(tables, now, now_unit, runs, i, s, A)
            low = drawn(runs.key[i], runs.draws[i] - ONE) & LOW
            cell = ((s * A + a) << shift) + (low >> (HALF - shift))
            j = cell + cell + U(((low << shift) & LOW) >= U(cut[cell]))
            s2, a2, row, later_value = U(next_state[j]), A, i * pairs + s * A, 0.0
            if not tables.ends[j]:
                a2 = next_action(tables, threshold, unit, runs, i, s2, A)
                later_value = Q[i * pairs + s2 * A + a2]
            old = Q[row + a]
            rate = step_size(schedule, visits, row + a, t - U(first))
            Q[row + a] = old + rate * (reward[j] + onward[j] * later_value - old)
            runs.outcomes[i, t - U(first)] = j
            greedy = greedy_of(Q, row, A)
            if greedy != runs.greedy[i, s]:
                note_change(runs, i, t, s, greedy, A)
            if limited:
                runs.age[i] += 1
            if tables.ends[j] or (limited and runs.age[i] == tables.limit):
                s2, a2 = next_episode(tables, runs, i, t, j, U(first)), A
                runs.pending[i] = A
                if runs.episodes[i] == episodes:
                    return t + ONE - U(first)
            runs.state[i], runs.pending[i] = s2, a2
    return U(last - first)


@compiled
def next_action(tables, threshold, unit, runs, i, s, A):
    """The epsilon-greedy action in a state, by the next number drawn."""
    high = drawn(runs.key[i], runs.draws[i]) >> HALF
    runs.draws[i] += ONE
    return chosen(runs.greedy[i, s], A, high, threshold, unit, tables.options, tables.num_options, s)


@compiled
def double_q_learning(each, tables, schedule, runs, first, last, episodes):
    """Steps first..last-1 of Double Q-learning; as `q_learning`. A low bit of the draw says which table is updated."""
    A, n, pairs, shift = U(len(each)), runs.state.size, U(runs.Q.shape[1]) >> ONE, U(tables.shift)
    cut, next_state, reward, onward = tables.cut, tables.next_state, tables.reward, tables.onward
    Q, visits, changes = runs.Q.ravel(), runs.visits.ravel(), schedule.epsilon.size != 1
    threshold, unit = explored(schedule, U(first), U(first))
    limited = tables.limit > 0
    for t in range(U(first), U(last)):
        if changes:
            threshold, unit = explored(schedule, t, U(first))
        for i in range(U(n)):
            s = runs.state[i]
            x = drawn(runs.key[i], runs.draws[i])
            runs.draws[i] += ONE
            greedy, coin = runs.greedy[i, s], (x >> HALF) & ONE
            a = chosen(greedy, A, x >> HALF, threshold, unit, tables.options, tables.num_options, s)
            low = x & LOW
            cell = ((s * A + a) << shift) + (low >> (HALF - shift))
            j = cell + cell + U(((low << shift) & LOW) >= U(cut[cell]))
            s2, mine = U(next_state[j]), (i + i + coin) * pairs
            other, row = (i + i + (ONE - coin)) * pairs, s * A
            best = greedy_of(Q, mine + s2 * A, A)
            if best >= A:
                best = one_of(best - A, drawn(x, ONE) >> HALF)
            old = Q[mine + row + a]
            rate = step_size(schedule, visits, mine + row + a, t - U(first))
            Q[mine + row + a] = old + rate * (reward[j] + onward[j] * Q[other + s2 * A + best] - old)
            runs.outcomes[i, t - U(first)] = j
            now = greedy_of_sum(Q, mine + row, other + row, A)
            if now != greedy:
                note_change(runs, i, t, s, now, A)
            if limited:
                runs.age[i] += 1
            if tables.ends[j] or (limited and runs.age[i] == tables.limit):
                s2 = next_episode(tables, runs, i, t, j, U(first))
                if runs.episodes[i] == episodes:
                    return t + ONE - U(first)
            runs.state[i] = s2
    return U(last - first)
