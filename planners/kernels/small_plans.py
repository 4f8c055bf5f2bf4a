"""Compiled plans of small dense models, for learners that plan again and again; also optimistic ones.

An optimistic plan hopes for the best of all distributions within an L1 distance of P(.|s, a), its `radius`.
"""

from typing import Final

import numpy as np

from planners.kernels.compiling import compiled, vectorised

SLOW: Final = 0.6  # sweeps of one policy end where an error shrinks by less
FEW: Final = 60  # sweeps of one policy, at most
BAND: Final = 8  # elimination within a band is quicker than sweeps where it takes BAND * S^2 operations at most


@vectorised
def product(p, V):
    """The sum of p V."""
    total = 0.0
    for i in range(len(p)):
        total += p[i] * V[i]
    return total


@compiled
def extents(P):
    """(S, A) and (S, A): the first next state of each pair, and the one after the last."""
    S, A = P.shape[:2]
    first, last = np.zeros((S, A), dtype=np.int64), np.zeros((S, A), dtype=np.int64)
    for s in range(S):
        for a in range(A):
            row, begin, end = P[s, a], 0, S
            while end > 0 and row[end - 1] == 0.0:
                end -= 1
            while begin < end and row[begin] == 0.0:
                begin += 1
            first[s, a], last[s, a] = begin, end
    return first, last


@vectorised
def onward(P, first, last, s, a, V):
    """P(.|s, a) V."""
    total, s, a = 0.0, np.uint64(s), np.uint64(a)
    for i in range(np.uint64(first[s, a]), np.uint64(last[s, a])):
        total += P[s, a, i] * V[i]
    return total


@compiled
def improve(P, R, discount, V, first, last, downward):
    """One sweep of value iteration in place, the states upward or downward: it carries rewards far along a chain."""
    S, A = R.shape
    for i in range(S):
        s, best = S - 1 - i if downward else i, -np.inf
        for a in range(A):
            if R[s, a] > -np.inf:
                stays = discount * P[s, a, s]
                onwards = discount * onward(P, first, last, s, a, V) - stays * V[s]
                best = max(best, (R[s, a] + onwards) / (1.0 - stays))
        V[s] = best


@compiled
def eliminate(P, R, discount, policy, V, system, left, right):
    """Set V to that of a policy: elimination without pivots, as I - discount P allows.

    Each state leads at most `left` states down and `right` states up, and so does all that is filled in.
    """
    S = len(V)
    for s in range(S):
        for later in range(max(s - left, 0), min(s + right + 1, S)):
            system[s, later] = -discount * P[s, policy[s], later]
        system[s, s] += 1.0
        V[s] = R[s, policy[s]]
    for k in range(S):
        begin, end = np.uint64(k + 1), np.uint64(min(k + right + 1, S))  # unsigned: the loop over them is vectorised
        for i in range(k + 1, min(k + left + 1, S)):
            if system[i, k] != 0.0:
                share = system[i, k] / system[k, k]
                for j in range(begin, end):
                    system[i, j] -= share * system[k, j]
                V[i] -= share * V[k]
    for k in range(S - 1, -1, -1):
        end = min(k + right + 1, S)
        V[k] = (V[k] - product(system[k, k + 1 : end], V[k + 1 : end])) / system[k, k]


@compiled
def settle(P, R, discount, policy, V, first, last, accuracy):
    """Sweeps of one policy until its equation holds within `accuracy`; False where they would take long.

    After each of them all values are raised by one number, with which the equation holds on average: what is left
    shrinks as fast as the chain forgets where it began.

    Source: Puterman (2005), Section 6.6; Bertsekas (2012), "Dynamic Programming and Optimal Control", volume 2,
    Section 2.3, on aggregation to one state.
    """
    S, ones, worst = len(V), np.ones(len(V)), np.inf
    gaps, lost = np.empty(S), np.empty(S)
    for s in range(S):
        lost[s] = 1.0 - discount * onward(P, first, last, s, policy[s], ones)
    for sweep in range(FEW):
        for s in range(S):
            gaps[s] = R[s, policy[s]] + discount * onward(P, first, last, s, policy[s], V) - V[s]
        raised, before, worst = gaps.sum() / lost.sum(), worst, 0.0
        for s in range(S):
            gap = gaps[s] - raised * lost[s]
            worst = max(worst, abs(gap))
            V[s] += raised + gap
        if worst <= accuracy:
            return True
        if sweep > 1 and worst > SLOW * before:
            return False
    return False


@compiled
def plan_dense(P, R, discount, Q, V, tolerance, most):
    """Policy iteration, from V on, until no action is better by `tolerance`; Q and V change.

    A policy is evaluated by sweeps where these settle soon, roughly at first; else by elimination, and then one sweep
    of value iteration comes before each choice of a policy.

    Args:
        P: (S, A, S) continuing probabilities.
        R: (S, A) rewards; -inf where there is no action.
        discount: Below 1.
        Q: (S, A) the result.
        V: (S,) where it begins; the better it is, the fewer policies.
        tolerance: In units of reward.
        most: Number of policies, at most.

    Source: Puterman (2005), Sections 6.4 and 6.5; Golub and Van Loan (2013), "Matrix Computations", Section 4.3.
    """
    S, A = R.shape
    first, last = extents(P)
    policy, system = np.full(S, -1), np.empty((S, S))
    is_exact, settled = False, False
    mixes = 4 * (last - first).sum() > S * A * S
    for number in range(most):
        if not mixes and not settled:
            improve(P, R, discount, V, first, last, number % 2 == 0)
            is_exact = False
        changed, gain = choose(P, R, discount, Q, V, first, last, policy, tolerance)
        if not changed and is_exact:
            return
        left, right, settled = 0, 0, not changed
        for s in range(S):
            left, right = max(left, s - first[s, policy[s]]), max(right, last[s, policy[s]] - 1 - s)
        if mixes and left * right > BAND * S:
            accuracy = max(0.01 * tolerance, 0.01 * gain) if changed else 0.01 * tolerance
            mixes, is_exact = settle(P, R, discount, policy, V, first, last, accuracy), settled
            if mixes:
                continue
        eliminate(P, R, discount, policy, V, system, left, right)
        is_exact = True


@compiled
def choose(P, R, discount, Q, V, first, last, policy, tolerance):
    """Q from V, and the greedy policy where it is better by `tolerance`: whether that is anywhere, and how much."""
    S, A = R.shape
    changed, gain = False, 0.0
    for s in range(S):
        best, chosen = -np.inf, 0
        for a in range(A):
            Q[s, a] = -np.inf
            if R[s, a] > -np.inf:
                Q[s, a] = R[s, a] + discount * onward(P, first, last, s, a, V)
            if Q[s, a] > best:
                best, chosen = Q[s, a], a
        gain = max(gain, abs(best - V[s]))
        if policy[s] < 0 or best > Q[s, policy[s]] + tolerance:
            policy[s], changed = chosen, True
    return changed, gain


@compiled
def hoped(p, V, order, radius):
    """The largest q V of all distributions q with |q - p| <= radius; `order` has the largest V first.

    Source: Strehl and Littman (2008), Section 4.1; Jaksch, Ortner and Auer (2010), Figure 2.
    """
    total = product(p, V)
    left = min(0.5 * radius, 1.0 - p[order[0]])
    total += left * V[order[0]]
    n = len(order) - 1
    while left > 0.0 and n >= 0:
        taken = min(left, p[order[n]])
        total -= taken * V[order[n]]
        left -= taken
        n -= 1
    return total


@compiled
def plan_steps(P, R, radius, ceiling, discount, Q, V):
    """Backward induction over H steps; Q and V change.

    Args:
        P: (S, A, S + 1) probabilities; the last is that of the end.
        R: (S, A) rewards; -inf where there is no action.
        radius: (S, A).
        ceiling: What a step can earn at most; V is no more than that for each step that is left.
        discount: The discount.
        Q: (H, S, A).
        V: (H + 1, S + 1), 0 in its last row and column.
    """
    steps, S, A = Q.shape
    for h in range(steps - 1, -1, -1):
        order = np.argsort(-V[h + 1])
        most = ceiling * (steps - h)
        for s in range(S):
            V[h, s] = -np.inf
            for a in range(A):
                q = R[s, a]
                if q > -np.inf:
                    q = min(q + discount * hoped(P[s, a], V[h + 1], order, radius[s, a]), most)
                Q[h, s, a] = q
                V[h, s] = max(V[h, s], q)


@compiled
def plan_gain(P, R, radius, Q, V, tolerance, most):
    """Extended value iteration for the largest mean reward a step, until V grows alike everywhere; Q and V change.

    Args:
        P: (S, A, S + 1) probabilities; the last is that of the end.
        R: (S, A) rewards; -inf where there is no action.
        radius: (S, A).
        Q: (S, A).
        V: (S + 1,) where it begins; the least is 0, and so is the end.
        tolerance: In units of reward a step.
        most: Number of sweeps, at most.

    Source: Jaksch, Ortner and Auer (2010), "Near-optimal regret bounds for reinforcement learning", Section 3.1.
    """
    S, A = R.shape
    for _ in range(most):
        order = np.argsort(-V)
        least, largest = np.inf, -np.inf
        for s in range(S):
            best = -np.inf
            for a in range(A):
                q = R[s, a]
                if q > -np.inf:
                    q += hoped(P[s, a], V, order, radius[s, a])
                Q[s, a] = q
                best = max(best, q)
            least, largest = min(least, best - V[s]), max(largest, best - V[s])
        low = np.inf
        for s in range(S):
            V[s] = np.max(Q[s])
            low = min(low, V[s])
        V[:S] -= low
        if largest - least <= tolerance:
            return
