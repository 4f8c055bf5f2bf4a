"""Compiled plans of small dense models, for learners that plan again and again; also optimistic ones.

An optimistic plan hopes for the best of all distributions within an L1 distance of P(.|s, a), its `radius`.
"""

import numpy as np

from planners.kernels.compiling import compiled


@compiled
def product(p, V):
    """The sum of p V, in four parts side by side."""
    n = len(p) - len(p) % 4
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    for i in range(0, n, 4):
        a += p[i] * V[i]
        b += p[i + 1] * V[i + 1]
        c += p[i + 2] * V[i + 2]
        d += p[i + 3] * V[i + 3]
    for i in range(n, len(p)):
        a += p[i] * V[i]
    return (a + b) + (c + d)


@compiled
def evaluate_dense(P, R, discount, policy, V, system):
    """Set V to that of a policy: elimination without pivots, as I - discount P allows. `system` is (S, S + 1)."""
    S = len(V)
    for s in range(S):
        row = P[s, policy[s]]
        for later in range(S):
            system[s, later] = -discount * row[later]
        system[s, s] += 1.0
        system[s, S] = R[s, policy[s]]
    for k in range(S):
        pivot = system[k, k:]
        for i in range(k + 1, S):
            if system[i, k] != 0.0:
                row, share = system[i, k:], system[i, k] / pivot[0]
                for j in range(1, len(pivot)):
                    row[j] -= share * pivot[j]
    for k in range(S - 1, -1, -1):
        v = system[k, S]
        for j in range(k + 1, S):
            v -= system[k, j] * V[j]
        V[k] = v / system[k, k]


@compiled
def plan_dense(P, R, discount, Q, V, tolerance, most):
    """Policy iteration, from the greedy policy of V, until no action is better by `tolerance`; Q and V change.

    Args:
        P: (S, A, S) continuing probabilities.
        R: (S, A) rewards; -inf where there is no action.
        discount: The discount.
        Q: (S, A) the result.
        V: (S,) where it begins; the better it is, the fewer policies.
        tolerance: In units of reward.
        most: Number of policies, at most.

    Source: Puterman (2005), Section 6.4; Golub and Van Loan (2013), "Matrix Computations", Section 4.1.
    """
    S, A = R.shape
    policy, system = np.full(S, -1), np.empty((S, S + 1))
    for _ in range(most):
        changed = False
        for s in range(S):
            best, chosen = -np.inf, 0
            for a in range(A):
                Q[s, a] = R[s, a] + discount * product(P[s, a], V) if R[s, a] > -np.inf else -np.inf
                if Q[s, a] > best:
                    best, chosen = Q[s, a], a
            if policy[s] < 0 or best > Q[s, policy[s]] + tolerance:
                policy[s] = chosen
                changed = True
        if not changed:
            return
        evaluate_dense(P, R, discount, policy, V, system)


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
