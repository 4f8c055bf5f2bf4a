"""Optimistic gradient ascent, which is past extragradient: the last step says where the other one is going.

    w' = w + 2 d - d-      with d the optimizers' step here and d- that of the time before

For plain ascent d = h v(w). With Adam it is optimistic Adam.
"""

import numpy as np
import torch
from torch import Tensor

from gan_lab.updates.player_pair import PlayerPair
from gan_lab.updates.update import Matrix, Update


class Optimistic(Update):
    """Optimistic gradient ascent: one field in each step, and the memory of the step before."""

    name = "optimistic"
    equation = "w' = w + 2 h v(w) - h v(w-)"
    source = "Popov 1980; Daskalakis et al. 2018, section 2"
    shareable = True

    def __init__(self) -> None:
        """Begin without a last step, so that the first step is an ordinary one."""
        self.last: list[Tensor] | None = None

    def step(self, pair: PlayerPair) -> None:
        """Move by twice the step of the optimizers, less their last step."""
        here = pair.where()
        pair.move(pair.field())
        moved = [after - before for after, before in zip(pair.where(), here, strict=True)]
        last = moved if self.last is None else self.last
        pair.put([w + 2 * step - past for w, step, past in zip(here, moved, last, strict=True)])
        self.last = moved

    def operator(self, jacobian: Matrix, split: int, rate: float) -> Matrix:
        """[[I + 2 h J, -h J], [I, 0]] on (w, w-)."""
        identity, zero = np.eye(len(jacobian)), np.zeros_like(jacobian)
        return np.block([[identity + 2 * rate * jacobian, -rate * jacobian], [identity, zero]])

    def state(self) -> dict[str, Tensor]:
        """The last step."""
        return {} if self.last is None else {str(number): step for number, step in enumerate(self.last)}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Restore the last step."""
        self.last = [torch.as_tensor(state[str(number)]) for number in range(len(state))] if state else None
