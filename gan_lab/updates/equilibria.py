"""The field of a game of strategies around a point: is it an equilibrium, has it a derivative, and is it alone?

Equilibria may fill a line or more: where D's scores count up to a constant, or where the matrix of a bilinear game has
a kernel. Along them nothing moves, whatever the rule, and what counts is how fast a rule comes nearer to them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.linalg import null_space

Array = NDArray[np.float64]
Field = Callable[[torch.Tensor], torch.Tensor]

SETTLED: Final = 1e-8  # of the field: shorter counts as 0
NEAR, NEARER = 1e-4, 1e-5  # distances at which a field with a derivative differs by a factor of ten
JUMP: Final = 0.5  # of the field nearer by, over the one near by, from which it has a jump
ALONG: Final = 1e-2  # how far along a direction equilibria are looked for
NEWTON_STEPS: Final = 60  # where a root is not simple, each halves the distance
ALIKE: Final = 0.05  # singular values of unit directions below which they are no direction of their own
KERNEL: Final = 1e-9  # singular values, over the largest, that count as 0


@dataclass(frozen=True)
class Surroundings:
    """What there is around a point w*.

    Attributes:
        jacobian: (n, n) J = v'(w*).
        field: |v(w*)|, 0 at an equilibrium.
        jumps: Whether v has no derivative at w*.
        free: (n, k) orthonormal directions along which all points are equilibria.
    """

    jacobian: Array
    field: float
    jumps: bool
    free: Array

    @property
    def is_equilibrium(self) -> bool:
        """Whether nobody moves."""
        return self.field <= SETTLED


def surroundings(field: Field, place: Array) -> Surroundings:
    """Look around a point.

    Args:
        field: (n,) w -> (n,) v(w), differentiable by PyTorch where it has a derivative.
        place: (n,) w*.

    >>> around = surroundings(lambda w: torch.stack([w[1], -w[0], 0 * w[2]]), np.zeros(3))
    >>> around.is_equilibrium, around.free.round(6).tolist()
    (True, [[0.0], [0.0], [1.0]])
    """
    here = _at(field, place)
    jacobian = _derivative(field, place)
    none = np.zeros((len(place), 0))
    length = float(np.linalg.norm(here))
    if length > SETTLED:
        return Surroundings(jacobian, length, False, none)
    if _jumps(field, place):
        return Surroundings(jacobian, length, True, none)
    kernel = null_space(jacobian, rcond=KERNEL)
    along = [found for direction in kernel.T if (found := _led(field, place, direction)) is not None]
    return Surroundings(jacobian, length, False, kernel @ _spanned(kernel.T @ np.stack(along, 1)) if along else none)


def _spanned(directions: Array) -> Array:
    """(k, r) orthonormal directions that span (k, m) ones of length 1, but for what is rounding."""
    vectors, sizes, _ = np.linalg.svd(directions)
    rank = int((sizes > ALIKE).sum())
    return np.eye(len(directions)) if rank == len(directions) else vectors[:, :rank]


def _at(field: Field, place: Array) -> Array:
    return field(torch.from_numpy(place).requires_grad_()).detach().cpu().numpy()


def _derivative(field: Field, place: Array) -> Array:
    return np.asarray(torch.autograd.functional.jacobian(field, torch.from_numpy(place)), dtype=np.float64)


def _jumps(field: Field, place: Array) -> bool:
    """Whether the field is as long very near by as near by, on either side along some axis."""
    for axis in np.concatenate([np.eye(len(place)), -np.eye(len(place))]):
        near, nearer = (float(np.linalg.norm(_at(field, place + distance * axis))) for distance in (NEAR, NEARER))
        if near > 100 * SETTLED and nearer > JUMP * near:
            return True
    return False


def _led(field: Field, place: Array, direction: Array) -> Array | None:
    """The direction in which the equilibria nearest to either side of a direction lie, of length 1; None without."""
    ends = [_nearest(field, place + side * direction) for side in (ALONG, -ALONG)]
    if ends[0] is None or ends[1] is None:
        return None
    led = (ends[0] - ends[1]) / 2
    middle = float(np.linalg.norm((ends[0] + ends[1]) / 2 - place))
    length = float(np.linalg.norm(led))
    return led / length if length > ALONG / 10 and middle < length / 2 else None


def _nearest(field: Field, start: Array) -> Array | None:
    """The equilibrium at which Newton's method arrives from a place; None where it does not."""
    there, missing = start, _at(field, start)
    for _ in range(NEWTON_STEPS):  # where a root is not simple, far below what counts as 0
        if not np.isfinite(missing).all():
            return None
        if np.linalg.norm(missing) <= 1e-3 * SETTLED * ALONG:
            break
        there = there - np.linalg.pinv(_derivative(field, there), rcond=KERNEL) @ missing
        missing = _at(field, there)
    return there if np.linalg.norm(missing) <= SETTLED * ALONG else None
