"""The models of Sutton and Barto, Reinforcement Learning, 2nd ed. (2018), that are no grids."""

from functools import cache
from math import comb

import numpy as np
from numpy.typing import NDArray
from scipy.stats import poisson

from gridworld_env.dynamics.outcome_mdp import OutcomeMDP, Table
from gridworld_env.errors import MapError
from gridworld_env.grid.legend import at_least_one, is_probability
from planners.models.tabular import TabularMDP

CARDS = {card: (4 if card == 10 else 1) / 13 for card in range(1, 11)}  # an ace is 1; endless packs


def blackjack_state(total: int, dealer: int, usable_ace: bool) -> int:
    """The state of a total of 12 to 21, the dealer's card from 1 (an ace) to 10, and whether an ace counts 11.

    >>> blackjack_state(13, 2, True)
    111
    """
    if not (12 <= total <= 21 and 1 <= dealer <= 10):
        raise MapError(f"a total of {total} and the dealer's {dealer}; expected 12 to 21, and 1 (an ace) to 10")
    return 100 * bool(usable_ace) + 10 * (dealer - 1) + total - 12


def blackjack() -> OutcomeMDP:
    """Blackjack: 0 STICK, 1 HIT; the 200 states of `blackjack_state`, and +1, 0 or -1 in the end.

    Below 12 the player always hits, so episodes begin at 12 or more; 21 with two cards is any 21. Undiscounted.

    Source: Sutton and Barto, 2nd ed., Section 5.1, Examples 5.1 and 5.4, Figures 5.1 to 5.3.
    """
    P: Table = {}
    for ace in (False, True):
        for dealer in CARDS:
            for total in range(12, 22):
                here, final = blackjack_state(total, dealer, ace), _dealers_end(*_with(0, False, dealer))
                stick = [(p, here, float(np.sign(total - end)), True) for end, p in final.items()]
                hit = [
                    (p, here, -1.0, True) if after > 21 else (p, blackjack_state(after, dealer, usable), 0.0, False)
                    for (after, usable), p in ((_with(total, ace, card), p) for card, p in CARDS.items())
                ]
                P[here] = {0: stick, 1: hit}
    initial = np.zeros(len(P))
    for (total, ace), p in _deal(0, False).items():
        for dealer, chance in CARDS.items():
            initial[blackjack_state(total, dealer, ace)] += p * chance
    return OutcomeMDP.from_gym_dict(P, initial)


def _with(total: int, ace: bool, card: int) -> tuple[int, bool]:
    """The total, and whether an ace counts 11 in it, after another card."""
    total, ace = (total + 11, True) if card == 1 and total <= 10 else (total + card, ace)
    return (total - 10, False) if total > 21 and ace else (total, ace)


@cache
def _dealers_end(total: int, ace: bool) -> dict[int, float]:
    """The probability of each total of a dealer who hits below 17; 0 is above 21."""
    if total >= 17:
        return {total if total <= 21 else 0: 1.0}
    found: dict[int, float] = {}
    for card, p in CARDS.items():
        for end, chance in _dealers_end(*_with(total, ace, card)).items():
            found[end] = found.get(end, 0.0) + p * chance
    return found


@cache
def _deal(total: int, ace: bool) -> dict[tuple[int, bool], float]:
    """The probability of each first total of 12 or more: two cards, and hits below that."""
    if total >= 12:
        return {(total, ace): 1.0}
    found: dict[tuple[int, bool], float] = {}
    for card, p in CARDS.items():
        for end, chance in _deal(*_with(total, ace, card)).items():
            found[end] = found.get(end, 0.0) + p * chance
    return found


def gambler(heads: float = 0.4, goal: int = 100) -> OutcomeMDP:
    """The gambler's problem: action a stakes a + 1, or what the capital and the goal allow if that is less.

    States are capitals 0 to `goal`; reaching the goal pays 1. Episodes begin at any capital between. Undiscounted.

    Args:
        heads: Probability of winning the stake.
        goal: At least 2.

    Source: Sutton and Barto, 2nd ed., Example 4.3, Figure 4.3.
    """
    if not is_probability(heads) or at_least_one("goal", goal) < 2:
        raise MapError(f"heads is {heads!r} and goal is {goal!r}; expected a probability and a number of at least 2")
    P: Table = {s: {} for s in range(goal + 1)}
    for s in range(goal + 1):
        for a in range(goal // 2):
            stake = min(a + 1, s, goal - s)
            won, lost = s + stake, s - stake
            flip = [(heads, won, float(won == goal), won == goal), (1.0 - heads, lost, 0.0, lost == 0)]
            P[s][a] = flip if stake else [(1.0, s, 0.0, True)]
    return OutcomeMDP.from_gym_dict(P, [0.0, *[1.0 / (goal - 1)] * (goal - 1), 0.0])


def jacks_cars() -> TabularMDP:
    """Jack's car rental: action a moves a - 5 cars overnight from the first place to the second, if they are there.

    State 21 * (cars at the first) + (cars at the second), at the end of a day. A car that is moved costs 2, one that is
    rented pays 10; a step pays what that is on average. Of more than 20 cars at a place the others go. Poisson numbers
    are not cut off. Discount .9.

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
    cars = np.arange(most + 1)
    left = np.zeros((most + 1, most + 1))  # cars that are not rented
    back = np.zeros((most + 1, most + 1))  # after the returns
    for n in cars:
        left[n, n - cars[:n]] = poisson.pmf(cars[:n], requests)
        left[n, 0] = poisson.sf(n - 1, requests)
        back[n, n:most] = poisson.pmf(cars[: most - n], returns)
        back[n, most] = poisson.sf(most - n - 1, returns)
    return left @ back, cars - left @ cars


def random_walk_5() -> OutcomeMDP:
    """The random walk A to E: the only action goes left or right, and the right end pays 1; v = 1/6, ..., 5/6.

    Source: Sutton and Barto, 2nd ed., Example 6.2.
    """
    return _walk(5, 1, 0.0)


def random_walk_19() -> OutcomeMDP:
    """The random walk of 19 states: the left end pays -1, the right one 1; v = -.9, -.8, ..., .9.

    Source: Sutton and Barto, 2nd ed., Example 7.1.
    """
    return _walk(19, 1, -1.0)


def random_walk_1000() -> OutcomeMDP:
    """The random walk of 1000 states: one of the 100 states on either side, all alike; -1 left of them, 1 right.

    Source: Sutton and Barto, 2nd ed., Example 9.1.
    """
    return _walk(1000, 100, -1.0)


def _walk(num_states: int, reach: int, left_end: float) -> OutcomeMDP:
    """A walk by 1 to `reach` states, either way; episodes begin in the middle."""
    P: Table = {}
    for s in range(num_states):
        steps = [s + step for step in range(-reach, reach + 1) if step]
        inside = [(1.0 / len(steps), to, 0.0, False) for to in steps if 0 <= to < num_states]
        below, above = (sum(to < 0 for to in steps), sum(to >= num_states for to in steps))
        ends = [(below / len(steps), s, left_end, True), (above / len(steps), s, 1.0, True)]
        P[s] = {0: [*inside, *ends]}
    return OutcomeMDP.from_gym_dict(P, np.eye(num_states)[(num_states - 1) // 2])


def access_control(servers: int = 10, free: float = 0.06) -> OutcomeMDP:
    """Access control: 0 REJECT or 1 ACCEPT the customer at the head of the queue, who pays 1, 2, 4 or 8.

    State 4 * (free servers) + (which of the four pays); where none is free, ACCEPT rejects. Then each busy server
    becomes free with probability `free`, and the next customer is any of the four. It goes on for ever: the gain
    counts.

    Args:
        servers: k.
        free: Probability.

    Source: Sutton and Barto, 2nd ed., Example 10.2.
    """
    if not is_probability(free):
        raise MapError(f"free is {free!r}; expected a probability from 0 to 1")
    P: Table = {}
    for idle in range(at_least_one("servers", servers) + 1):
        for customer in range(4):
            P[4 * idle + customer] = {}
            for accept in (0, 1):
                taken = min(accept, idle)
                busy, paid = servers - idle + taken, taken * 2.0**customer
                freed = [comb(busy, k) * free**k * (1.0 - free) ** (busy - k) for k in range(busy + 1)]
                P[4 * idle + customer][accept] = [
                    (p / 4, 4 * (servers - busy + k) + c, paid, False) for k, p in enumerate(freed) for c in range(4)
                ]
    return OutcomeMDP.from_gym_dict(P, [0.0] * (4 * servers) + [0.25] * 4)


def short_corridor() -> OutcomeMDP:
    """The short corridor: 0 LEFT, 1 RIGHT, which the middle state swaps; -1 a step.

    To the book's learner all states look alike. The best policy that cannot tell them apart goes right with probability
    2 - sqrt 2, for -11.65685; V* is -3.

    Source: Sutton and Barto, 2nd ed., Example 13.1.
    """
    P: Table = {0: {0: [(1.0, 0, -1.0, False)], 1: [(1.0, 1, -1.0, False)]}}
    P[1] = {0: [(1.0, 2, -1.0, False)], 1: [(1.0, 0, -1.0, False)]}
    P[2] = {0: [(1.0, 1, -1.0, False)], 1: [(1.0, 2, -1.0, True)]}
    return OutcomeMDP.from_gym_dict(P, [1.0, 0.0, 0.0])
