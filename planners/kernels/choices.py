"""Compiled choices of learners: random bits, the epsilon-greedy action, greedy actions and their ties, step sizes.

`greedy` is the one greedy action of a state or, where several are tied, A + the bits of all of them. Where a branch
would often be guessed wrong by the processor, both ways are worked out and one is selected.

Source: Steele, Lea and Flood (2014), "Fast splittable pseudorandom number generators", OOPSLA: SplitMix64.
"""

from typing import Final

import numpy as np

from planners.kernels.compiling import compiled

U = np.uint64
ONE, HALF, LOW = U(1), U(32), U(0xFFFFFFFF)
TWO_32: Final = 4294967296.0
GOLDEN, FIRST, SECOND = U(0x9E3779B97F4A7C15), U(0xBF58476D1CE4E5B9), U(0x94D049BB133111EB)


@compiled
def drawn(key, number):
    """64 random bits: SplitMix64."""
    z = key + number * GOLDEN
    z = (z ^ (z >> U(30))) * FIRST
    z = (z ^ (z >> U(27))) * SECOND
    return z ^ (z >> U(31))


@compiled
def bit_number(bits, k):
    """The place of the k-th bit that is set."""
    place = U(0)
    while True:
        if (bits >> place) & ONE:
            if k == U(0):
                return place
            k -= ONE
        place += ONE


@compiled
def one_of(bits, uniform):
    """One of the bits that are set, by 32 uniform bits."""
    count, rest = U(0), bits
    while rest:
        count += rest & ONE
        rest >>= ONE
    return bit_number(bits, (uniform * count) >> HALF)


@compiled
def explored(schedule, step, first):
    """The threshold of 32 bits below which a step explores, and what makes 32 uniform bits of those below."""
    if schedule.epsilon.size == 0:
        part = np.float64(np.int64(step)) * schedule.pace
        epsilon = schedule.start + (schedule.end - schedule.start) * min(part, 1.0)
    else:
        epsilon = schedule.epsilon[min(step - first, U(schedule.epsilon.size - 1))]
    threshold = np.int64(epsilon * TWO_32)
    return U(threshold), TWO_32 / max(threshold, 1)


@compiled
def chosen(greedy, A, high, threshold, unit, options, num_options, s):
    """The epsilon-greedy action."""
    best = greedy
    if best >= A:
        rest = np.int64(high - threshold) * (TWO_32 / max(np.int64((ONE << HALF) - threshold), 1))
        best = one_of(best - A, U(np.int64(rest)) & LOW)
    uniform = U(np.int64(np.int64(high) * unit)) & LOW
    any_one = (uniform * A) >> HALF if options.size == 0 else U(options[s, (uniform * U(num_options[s])) >> HALF])
    explores = U(0) - U(high < threshold)  # all bits or none: a branch would be guessed wrong too often
    return best ^ ((best ^ any_one) & explores)


@compiled
def largest(Q, row, A):
    """The largest value of a row."""
    m = Q[row]
    for a in range(ONE, A):
        m = max(m, Q[row + a])
    return m


@compiled
def expectation(Q, row, A, m, threshold, count):
    """The value of an epsilon-greedy action, where m is the largest value."""
    total = 0.0
    for a in range(A):
        q = Q[row + a]
        total += q if q > -np.inf else 0.0
    epsilon = np.float64(np.int64(threshold)) / TWO_32
    return (1.0 - epsilon) * m + epsilon * total / np.float64(count)


@compiled
def greedy_of(Q, row, A):
    """The one greedy action, or A + the bits of those that are tied; without branches, as `chosen`."""
    m, best, bits = Q[row], U(0), ONE
    for a in range(ONE, A):
        q = Q[row + a]
        more = U(0) - U(q > m)
        best ^= (best ^ a) & more
        bits = (bits & ~more) | (U(q >= m) << a)
        m = max(q, m)
    return best if bits == ONE << best else bits + A


@compiled
def greedy_of_sum(Q, row, other, A):
    """As `greedy_of`, of the sum of two tables."""
    m, best, bits = Q[row] + Q[other], U(0), ONE
    for a in range(ONE, A):
        q = Q[row + a] + Q[other + a]
        more = U(0) - U(q > m)
        best ^= (best ^ a) & more
        bits = (bits & ~more) | (U(q >= m) << a)
        m = max(q, m)
    return best if bits == ONE << best else bits + A


@compiled
def step_size(schedule, visits, pair, step):
    """The step size of this update."""
    rate, last = schedule.rate, U(schedule.rate.size - 1)
    if last == U(0):
        return rate[last]
    if schedule.by_step:
        return rate[min(step, last)]
    number = U(visits[pair])
    visits[pair] = number + ONE
    return rate[min(number, last)]
