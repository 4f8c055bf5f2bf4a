"""A plan whose policy draws its actions: the values of reward plus temperature times entropy."""

from dataclasses import dataclass
from functools import cached_property
from os import PathLike

import numpy as np
from numpy.typing import NDArray

from planners.errors import InvalidOptionError
from planners.plans.plan import Plan


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class SoftPlan(Plan):
    """Values and a stochastic policy that maximise reward plus temperature times entropy.

    The statements on V* in `Plan` hold for the soft V*: `values`, `lower` and `upper`; the policy's own soft value is
    at least `lower`.

    Attributes:
        temperature: The worth of one nat of entropy, in units of reward.
    """

    temperature: float = 1.0

    @cached_property
    def optimal_actions(self) -> NDArray[np.bool_]:
        """(S, A) True for every action that the policy may draw."""
        return np.asarray(self.policy.probabilities) > 0

    def save(self, path: str | PathLike[str]) -> None:
        """Not possible: files of plans hold one action a state.

        Raises:
            InvalidOptionError: Always; the message says what to do.
        """
        raise InvalidOptionError(
            f"a plan with temperature {self.temperature:g} draws its actions, and files of plans hold one action a "
            "state: save plan.values and plan.policy.probabilities by numpy.savez"
        )
