"""The field of players at one place, and products with its Jacobian: second derivatives without a matrix.

    v(w) = (grad_1 u_1, ..., grad_m u_m)        J = v'(w)        C = J without each player's own block

A product with J^T is the gradient of v . u; one with J is the derivative of that product by u (Pearlmutter 1994; the
double backward of Townsend 2017). C is what a player's step changes for the others: rules such as symplectic gradient
adjustment and competitive gradient descent are made of these products.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor


class Derivatives:
    """v(w), and products with J and C; vectors have the discriminator's numbers first, in the order of `where`.

    Args:
        payoffs: Of each player, with the graph of all.
        parameters: Of each player, which it climbs by.

    Attributes:
        field: (n,) v(w).
        sizes: How many of the n numbers are each player's.

    Cost: of each product, about two gradients.

    >>> x, y = torch.tensor([1.0], requires_grad=True), torch.tensor([2.0], requires_grad=True)
    >>> at = Derivatives([x[0] * y[0] ** 2, -x[0] * y[0] ** 2], [[x], [y]])
    >>> at.field, at.times(torch.ones(2)), at.cross(torch.ones(2))
    (tensor([ 4., -4.]), tensor([ 4., -6.]), tensor([ 4., -4.]))
    """

    def __init__(self, payoffs: Sequence[Tensor], parameters: Sequence[Sequence[Tensor]]) -> None:
        """Take each payoff's gradient with respect to its player's parameters."""
        self._parameters = [list(own) for own in parameters]
        self._rows = [
            _flat(_gradient(payoff, own, torch.ones_like(payoff)))
            for payoff, own in zip(payoffs, self._parameters, strict=True)
        ]
        self.field: Tensor = torch.cat(self._rows).detach()
        self.sizes: list[int] = [len(row) for row in self._rows]
        ends = [sum(self.sizes[:number]) for number in range(len(self.sizes) + 1)]
        self._slices = [slice(*both) for both in pairwise(ends)]

    def times(self, vector: Tensor) -> Tensor:
        """(n,) J u."""
        return torch.cat([self._forward(number, vector, range(len(self.sizes))) for number in range(len(self.sizes))])

    def transposed(self, vector: Tensor) -> Tensor:
        """(n,) J^T u."""
        return self._backward(vector, lambda row, column: True)

    def cross(self, vector: Tensor) -> Tensor:
        """(n,) C u: how the others' steps u change each player's gradient."""
        players = range(len(self.sizes))
        return torch.cat([self._forward(own, vector, [other for other in players if other != own]) for own in players])

    def transposed_cross(self, vector: Tensor) -> Tensor:
        """(n,) C^T u."""
        return self._backward(vector, lambda row, column: row != column)

    def parts(self, vector: Tensor) -> tuple[list[Tensor], ...]:
        """A vector as `pair.move` takes it: for each player, a part in the shape of each parameter."""
        found = []
        for own, place in zip(self._parameters, self._slices, strict=True):
            pieces = vector[place].split([parameter.numel() for parameter in own])
            found.append([piece.view_as(parameter) for piece, parameter in zip(pieces, own, strict=True)])
        return tuple(found)

    def _forward(self, row: int, vector: Tensor, columns: Sequence[int]) -> Tensor:
        """The rows of one player of J u, by some columns alone."""
        weights = torch.zeros_like(self._rows[row], requires_grad=True)
        by = [parameter for column in columns for parameter in self._parameters[column]]
        back = _flat(_gradient(self._rows[row], by, weights))
        along = torch.cat([vector[self._slices[column]] for column in columns])
        return _flat(_gradient(back, [weights], along, create_graph=False))

    def _backward(self, vector: Tensor, wanted: Callable[[int, int], bool]) -> Tensor:
        """J^T u, by the blocks that are wanted alone."""
        total = torch.zeros_like(self.field)
        for row, rows in enumerate(self._rows):
            columns = [column for column in range(len(self.sizes)) if wanted(row, column)]
            by = [parameter for column in columns for parameter in self._parameters[column]]
            found = _flat(_gradient(rows, by, vector[self._slices[row]], create_graph=False))
            for column, part in zip(columns, found.split([self.sizes[c] for c in columns]), strict=True):
                total[self._slices[column]] += part
        return total


def conjugate_gradients(
    matrix: Callable[[Tensor], Tensor], right: Tensor, *, tolerance: float = 1e-6, max_iterations: int = 100
) -> Tensor:
    """The x with A x = b, for a symmetric positive definite A of which only products are known.

    Args:
        matrix: (n,) x -> (n,) A x.
        right: (n,) b.
        tolerance: Of |A x - b|, over |b|.
        max_iterations: After which the x that there is is taken.

    Source: Hestenes and Stiefel 1952.

    >>> conjugate_gradients(lambda x: 4 * x, torch.tensor([2.0, 8.0]))
    tensor([0.5000, 2.0000])
    """
    found, rest = torch.zeros_like(right), right.clone()
    way, size = rest.clone(), rest @ rest
    enough = tolerance**2 * size
    for _ in range(max_iterations):
        if size <= enough:
            break
        along = matrix(way)
        share = size / (way @ along)
        found, rest = found + share * way, rest - share * along
        size, before = rest @ rest, size
        way = rest + size / before * way
    return found


def _flat(parts: Sequence[Tensor]) -> Tensor:
    return torch.cat([part.flatten() for part in parts])


def _gradient(of: Tensor, by: Sequence[Tensor], weights: Tensor, create_graph: bool = True) -> Sequence[Tensor]:
    """The gradient of weights . of, which may have nothing to do with some of `by`."""
    if not of.requires_grad or not by:
        return [torch.zeros_like(parameter) for parameter in by]
    return torch.autograd.grad(
        of, by, weights, create_graph=create_graph, retain_graph=True, allow_unused=True, materialize_grads=True
    )
