"""Lookahead: k updates of another rule, then back along the straight line to where they began.

    w(0) = w,  w(k) after k updates of the inner rule        w' = w + alpha (w(k) - w)

It pulls inwards where the inner rule turns around the equilibrium: after a part of a turn, the point between both ends
is nearer to the middle.
"""

import numpy as np

from gan_lab.errors import WiringError, number_above_0, whole_number
from gan_lab.updates.alternating import Alternating
from gan_lab.updates.player_pair import PlayerPair
from gan_lab.updates.update import Matrix, Update


class Lookahead(Update):
    """Lookahead around any rule: an update costs k updates of that rule.

    Args:
        inner: The rule; None: `Alternating()`.
        inner_steps: Number k of its updates in each of these.
        share: alpha, above 0 and at most 1, the share of the way that is kept.

    >>> from gan_lab import spectrum
    >>> from gan_lab.updates import Simultaneous
    >>> spectrum("bilinear", "simultaneous").verdict
    'diverges: doubles in 35 updates'
    >>> spectrum("bilinear", Lookahead(Simultaneous())).verdict
    'converges: a digit in 30 updates'
    """

    name = "lookahead"
    equation = "w' = w + alpha (w(k) - w), w(k) after k updates of the inner rule"
    source = "Zhang et al. 2019, Algorithm 1; Chavdarova et al. 2021, Algorithm 1"

    def __init__(self, inner: Update | None = None, inner_steps: int = 5, share: float = 0.5) -> None:
        """Set the rule, k and alpha; what the inner rule needs of the game, this one needs."""
        if inner is not None and not isinstance(inner, Update):
            raise WiringError(f"inner is {inner!r}; expected an update rule, such as gan_lab.updates.Optimistic()")
        self.inner: Update = inner or Alternating()
        self.inner_steps: int = whole_number("inner_steps", inner_steps, 1)
        self.share: float = number_above_0("the share of lookahead", share)
        if self.share > 1:
            raise WiringError(f"the share of lookahead is {share!r}; expected at most 1, which keeps the whole way")
        self.discriminator_steps: int = self.inner.discriminator_steps
        self.joint: bool = self.inner.joint
        self.zero_sum_only: bool = self.inner.zero_sum_only
        self.shareable: bool = self.inner.shareable

    def check(self, pair: PlayerPair) -> None:
        """Refuse what the inner rule refuses."""
        super().check(pair)
        self.inner.check(pair)

    def step(self, pair: PlayerPair) -> None:
        """Play k updates, and keep a share of the way."""
        here = pair.where()
        for _ in range(self.inner_steps):
            self.inner.step(pair)
        pair.put([w + self.share * (ahead - w) for w, ahead in zip(here, pair.where(), strict=True)])

    def operator(self, jacobian: Matrix, split: int, rate: float) -> Matrix:
        """(1 - alpha) I + alpha M^k, with M of the inner rule; what that one remembers stays as it is."""
        ahead = np.linalg.matrix_power(self.inner.operator(jacobian, split, rate), self.inner_steps)
        count = len(jacobian)
        ahead[:count] *= self.share
        ahead[:count, :count] += (1 - self.share) * np.eye(count)
        return ahead
