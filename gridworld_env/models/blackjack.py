"""Blackjack, exactly: its 200 states, and the totals that hits lead to."""

from functools import cache

import numpy as np

from gridworld_env.dynamics.outcome_mdp import OutcomeMDP, Table
from gridworld_env.errors import MapError

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

    Below 12 the player always hits, so that episodes begin at 12 or more. A 21 with two cards counts as any 21. It is
    undiscounted.

    Source: Sutton and Barto, 2nd ed., Section 5.1, Examples 5.1 and 5.4, Figures 5.1 to 5.3.
    """
    P: Table = {}
    initial = np.zeros(200)
    for dealer, chance in CARDS.items():
        final = _hits_below(17, *_with(0, False, dealer))
        for (total, ace), p in _hits_below(12, 0, False).items():
            initial[blackjack_state(total, dealer, ace)] += p * chance
        for total in range(12, 22):
            for ace in (False, True):
                here = blackjack_state(total, dealer, ace)
                stick = [(p, here, float(np.sign(total - end * (end <= 21))), True) for (end, _), p in final.items()]
                hit = [(p, *_after_hit(here, dealer, *_with(total, ace, card))) for card, p in CARDS.items()]
                P[here] = {0: stick, 1: hit}
    return OutcomeMDP.from_gym_dict(P, initial)


def _after_hit(here: int, dealer: int, total: int, ace: bool) -> tuple[int, float, bool]:
    """Next state, reward and end; above 21 is lost."""
    return (here, -1.0, True) if total > 21 else (blackjack_state(total, dealer, ace), 0.0, False)


def _with(total: int, ace: bool, card: int) -> tuple[int, bool]:
    """The total, and whether an ace counts 11 in it, after another card."""
    total, ace = (total + 11, True) if card == 1 and total <= 10 else (total + card, ace)
    return (total - 10, False) if total > 21 and ace else (total, ace)


@cache
def _hits_below(least: int, total: int, ace: bool) -> dict[tuple[int, bool], float]:
    """The probability of each total, and of an ace that counts 11 in it, of whoever hits below `least`."""
    if total >= least:
        return {(total, ace): 1.0}
    found: dict[tuple[int, bool], float] = {}
    for card, p in CARDS.items():
        for end, chance in _hits_below(least, *_with(total, ace, card)).items():
            found[end] = found.get(end, 0.0) + p * chance
    return found
