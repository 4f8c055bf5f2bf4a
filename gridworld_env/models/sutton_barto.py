"""The models of Sutton and Barto, Reinforcement Learning, 2nd ed. (2018), that are no grids, but for blackjack."""

from math import comb

import numpy as np
from numpy.typing import NDArray

from gridworld_env.dynamics.outcome_mdp import OutcomeMDP, Table
from gridworld_env.errors import MapError
from gridworld_env.grid.legend import at_least_one, is_finite_number, is_probability
from planners.memory import check_memory
from planners.models.tabular import TabularMDP


def gambler(heads: float = 0.4, goal: int = 100) -> OutcomeMDP:
    """The gambler's problem: action a stakes a + 1, or less if the capital and the goal allow only less.

    States are capitals 0 to `goal`; reaching the goal pays 1. Episodes begin at any capital between these. It is
    undiscounted.

    Args:
        heads: Probability of winning the stake.
        goal: Capital to reach, at least 2.

    Source: Sutton and Barto, 2nd ed., Example 4.3, Figure 4.3.
    """
    if not is_probability(heads) or at_least_one("goal", goal) < 2:
        raise MapError(f"heads is {heads!r} and goal is {goal!r}; expected a probability and a number of at least 2")
    check_memory(300.0 * goal * (goal // 2), f"a model of {goal + 1} states", "Make a smaller one")
    P: Table = {s: {} for s in range(goal + 1)}
    for s in range(goal + 1):
        for a in range(goal // 2):
            stake = min(a + 1, s, goal - s)
            won, lost = s + stake, s - stake
            flip = [(heads, won, float(won == goal), won == goal), (1.0 - heads, lost, 0.0, lost == 0)]
            P[s][a] = flip if stake else [(1.0, s, 0.0, True)]
    return OutcomeMDP.from_gym_dict(P, [0.0, *[1.0 / (goal - 1)] * (goal - 1), 0.0])


def jacks_cars() -> TabularMDP:
    """Jack's car rental: action a moves a - 5 cars overnight from the first place to the second, if available.

    The state is 21 * (cars at the first) + (cars at the second), at the end of a day. A moved car costs 2 and a rented
    car pays 10; a step pays the expected sum. Cars above 20 at a place leave. Poisson numbers are not truncated. The
    discount is .9.

    Source: Sutton and Barto, 2nd ed., Example 4.2, Figure 4.2.
    """
    most, moves = 20, np.arange(-5, 6)
    first, second = (a.ravel() for a in np.divmod(np.arange((most + 1) ** 2), most + 1))
    moved = np.clip(moves, -second[:, None], first[:, None])  # (S, A)
    after = np.minimum(first[:, None] - moved, most), np.minimum(second[:, None] + moved, most)
    (days, earned), (others, more) = _rental(3, 3, most), _rental(4, 2, most)
    P = np.einsum("sai,saj->saij", days[after[0]], others[after[1]]).reshape(*moved.shape, -1)
    R = 10.0 * (earned[after[0]] + more[after[1]]) - 2.0 * np.abs(moved)
    return TabularMDP.from_arrays(P, R, axes="SAS", initial=np.full(len(first), 1.0 / len(first)))


def _rental(requests: float, returns: float, most: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(n, n') probability of the cars at the end of a day that begins with n, and (n,) expected number of rentals."""
    from scipy.stats import poisson  # which takes as long to import as all the rest

    cars = np.arange(most + 1)
    left = np.zeros((most + 1, most + 1))  # cars that are not rented
    back = np.zeros((most + 1, most + 1))  # after the returns
    for n in cars:
        left[n, n - cars[:n]] = poisson.pmf(cars[:n], requests)
        left[n, 0] = poisson.sf(n - 1, requests)
        back[n, n:most] = poisson.pmf(cars[: most - n], returns)
        back[n, most] = poisson.sf(most - n - 1, returns)
    return left @ back, cars - left @ cars


def random_walk(num_states: int = 19, reach: int = 1, left_end: float = -1.0) -> OutcomeMDP:
    """The random walk: the only action leads to one of the `reach` states on either side, all equally likely.

    The right end pays 1. With 19 states, v is -.9, -.8, ..., .9; with 5 states and `left_end=0`, it is 1/6 to 5/6.
    Episodes begin in the middle.

    Args:
        num_states: Number of states without the two ends.
        reach: Longest step; 100 in the walk of 1000 states.
        left_end: Reward of the left end.

    Source: Sutton and Barto, 2nd ed., Examples 6.2 (5 states), 7.1 (19) and 9.1 (1000).
    """
    if not is_finite_number(left_end):
        raise MapError(f"left_end is {left_end!r:.80}; expected a finite number, the reward of the left end")
    num_states, reach = at_least_one("num_states", num_states), at_least_one("reach", reach)
    check_memory(300.0 * num_states * reach, f"a model of {num_states} states", "Make a smaller one")
    P: Table = {}
    for s in range(num_states):
        steps = [s + step for step in range(-reach, reach + 1) if step]
        p = 1.0 / len(steps)
        below, above = (p * sum(to < 0 for to in steps), p * sum(to >= num_states for to in steps))
        inside = [(p, to, 0.0, False) for to in steps if 0 <= to < num_states]
        P[s] = {0: [*inside, (below, s, left_end, True), (above, s, 1.0, True)]}
    return OutcomeMDP.from_gym_dict(P, np.eye(num_states)[(num_states - 1) // 2])


def access_control(servers: int = 10, free: float = 0.06) -> OutcomeMDP:
    """Access control: 0 REJECT or 1 ACCEPT the customer at the head of the queue, who pays 1, 2, 4 or 8.

    The state is 4 * (free servers) + (which of the four pays). If no server is free, ACCEPT rejects. Then each busy
    server becomes free with probability `free`, and the next customer is any of the four. The process never ends.

    Args:
        servers: Number k of servers.
        free: Probability that a busy server becomes free.

    Source: Sutton and Barto, 2nd ed., Example 10.2.
    """
    if not is_probability(free):
        raise MapError(f"free is {free!r}; expected a probability from 0 to 1")
    servers = at_least_one("servers", servers)
    check_memory(4000.0 * servers * servers, f"a model of {4 * servers + 4} states", "Make a smaller one")
    P: Table = {state: {} for state in range(4 * servers + 4)}
    for state in P:
        for accept in (0, 1):
            taken = min(accept, state // 4)
            busy, paid = servers - state // 4 + taken, taken * 2.0 ** (state % 4)
            freed = [comb(busy, k) * free**k * (1.0 - free) ** (busy - k) / 4 for k in range(busy + 1)]
            P[state][accept] = [
                (p, 4 * (servers - busy + k) + c, paid, False) for k, p in enumerate(freed) for c in range(4)
            ]
    return OutcomeMDP.from_gym_dict(P, [0.0] * (4 * servers) + [0.25] * 4)


def short_corridor() -> OutcomeMDP:
    """The short corridor: 0 LEFT and 1 RIGHT, which the middle state swaps; each step pays -1.

    The book's learner cannot tell the states apart. The best policy of such a learner goes right with probability 2 -
    sqrt 2 and has the value -11.65685; V* is -3.

    Source: Sutton and Barto, 2nd ed., Example 13.1.
    """
    P: Table = {0: {0: [(1.0, 0, -1.0, False)], 1: [(1.0, 1, -1.0, False)]}}
    P[1] = {0: [(1.0, 2, -1.0, False)], 1: [(1.0, 0, -1.0, False)]}
    P[2] = {0: [(1.0, 1, -1.0, False)], 1: [(1.0, 2, -1.0, True)]}
    return OutcomeMDP.from_gym_dict(P, [1.0, 0.0, 0.0])
