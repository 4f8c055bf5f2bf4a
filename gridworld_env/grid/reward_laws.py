"""Rewards that are drawn, as moves: a step has a luck, a number drawn uniformly from [0, 1), and squares pay by it.

A law pays its first reward where the luck is below the first probability, its second where it is below the sum of the
first two, and so on. The sums of all laws of a map cut [0, 1) into levels; at one level every square pays one certain
reward. So each move is as many moves as there are levels, which lead to the same place, and the tables stay what they
are: moves, mixed by the actions. Squares share the luck of a step, and one of them pays it, so each law is followed.
"""

from collections.abc import Iterable
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Final

from gridworld_env.grid.legend import Cell, RewardLaw

Level = tuple[Fraction, Fraction]

ROUNDING: Final = Fraction(1, 2**44)  # sums of two laws that differ by this part of a probability are one cut


def luck_levels(kinds: Iterable[Cell]) -> list[Level]:
    """(probability, luck in its middle) of each level; one where no square draws its reward.

    >>> [float(probability) for probability, _ in luck_levels([Cell(reward=((0.25, 1.0), (0.75, 0.0)))])]
    [0.25, 0.75]
    """
    cuts = {Fraction(0), Fraction(1)}
    for reward in (reward for cell in kinds for reward in (cell.reward, cell.teleport_reward, cell.bump_reward)):
        if isinstance(reward, tuple):
            sums = [Fraction(0), *_sums(reward)]
            for before, cut, after in zip(sums, sums[1:], sums[2:], strict=False):
                near = ROUNDING * min(cut - before, after - cut)
                if not any(abs(known - cut) <= near for known in cuts):
                    cuts.add(cut)
    return [(high - low, (low + high) / 2) for low, high in pairwise(sorted(cuts))]


def reward_at(reward: float | RewardLaw, luck: Fraction) -> float:
    """What is paid at a luck."""
    if not isinstance(reward, tuple):
        return reward
    return next(amount for below, (_, amount) in zip(_sums(reward), reward, strict=True) if luck < below)


def _sums(law: RewardLaw) -> list[Fraction]:
    """The first probability, the first two together, ..., scaled to end at 1."""
    sums = list(accumulate(Fraction(probability) for probability, _ in law))
    return [one / sums[-1] for one in sums]
