"""The linear systems of policy evaluation, (I - discount * P) x = b.

`EvaluationSystem` solves as well as float64 allows: by factors, or by products with the matrix where factors
would fill in because the states lead all over the model. Where each state leads to one other at most, it does so by
doubling the steps. `KrylovSystem` approaches the solution by such products
to a wanted residual: BiCGSTAB (van der Vorst 1992), with an incomplete factorisation as preconditioner where
scaling by the diagonal does not do (Saad 2003, "Iterative Methods for Sparse Linear Systems", Sections 7.4.2 and
10.4). I - discount * P is an M-matrix, for which one always exists. SciPy's solvers are imported when they are used:
sweeps need none.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.errors import NotEnoughMemoryError

if TYPE_CHECKING:
    from scipy.sparse.linalg import LinearOperator

TINY: Final = 64  # states, of which dense factors are quickest whatever leads where
NARROW: Final = 64  # entries no further from the diagonal, in the own order of the states, are factored as a band
LARGEST_BAND: Final = 1 << 22  # numbers
DENSE_LIMIT: Final = 300
FEW: Final = 500  # states, of which factors that fill in take no longer than to ask whether they do
FEW_STEPS: Final = 40  # of BiCGSTAB by the diagonal, before an incomplete factorisation is worth its cost
MANY_STEPS: Final = 500
REFINEMENTS: Final = 6  # at most; where the factors are good, the second no longer helps
MOST_DOUBLINGS: Final = 64  # of the steps; after so many a policy that ends, or a discount, leaves nothing
NOTHING: Final = 2.0**-60  # a weight that refinement makes up for

ROUGHLY: Final = 1e-8  # residual of a solution by products, as a part of the right side; refining it does the rest
LOOKED_AT_FIRST: Final = 256  # states, of which most models show that some are far apart
FAR: Final = 7  # times the root of the number of states: neighbours that are further apart are far
MOST_HUBS: Final = 10

Vector = NDArray[np.float64]
Chain = sparse.csr_array | NDArray[np.float64]


class EvaluationSystem:
    """I - discount * P: LU, dense, of a band or sparse, or Krylov where factors would fill in.

    Args:
        chain: (n, n) continuing probabilities of a policy, as CSR or as a full table. At discount 1 the episode must
            surely end.
        discount: The discount.
        factored: Whether to factor the matrix in any case.

    Cost: O(n^3) dense; on planar maps about O(n^1.5) sparse; Krylov some tens of products with the matrix.
    """

    def __init__(self, chain: Chain, discount: float, *, factored: bool = False) -> None:
        """Factor the matrix, or see that it is better not to."""
        self.chain, self.discount = chain, discount
        factors = _factored(chain, discount, always=factored)
        self.has_factors: bool = factors is not None
        self._solve: Callable[[Vector], Vector] = (
            factors or KrylovSystem(sparse.csr_array(chain), discount).solve_roughly
        )

    def solve(self, b: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n,) the solution, refined until its residual stops shrinking; not finite if float64 cannot hold it.

        Source: Higham (2002), "Accuracy and Stability of Numerical Algorithms", Chapter 12.
        """
        with np.errstate(all="ignore"):
            x = self._solve(b)
            residual = self.residual(b, x)
            before = float(np.abs(residual).max(initial=0.0))
            for _ in range(REFINEMENTS):
                refined = x + self._solve(residual)
                left = self.residual(b, refined)
                after = float(np.abs(left).max(initial=0.0))
                enough = not after < 0.5 * before  # also where it is not a number
                if after < before:
                    x, residual, before = refined, left, after
                if enough:
                    break
            return x

    def solve_once(self, b: Vector) -> Vector:
        """(n,) the solution without refinement."""
        with np.errstate(all="ignore"):
            return self._solve(b)

    def residual(self, b: Vector, x: Vector) -> Vector:
        """(n,) b - (I - discount * P) x, in float64."""
        return b - (x - self.discount * (self.chain @ x))


class KrylovSystem:
    """I - discount * P, solved by BiCGSTAB to a wanted residual; by GMRES, then by factors, where that fails.

    Args:
        chain: (n, n) CSR, continuing probabilities of a policy. At discount 1 the episode must surely end.
        discount: The discount.

    Cost: some tens of products with the matrix, and memory of a few times the matrix.

    >>> ring = sparse.csr_array(np.roll(np.eye(400), 1, axis=1))
    >>> KrylovSystem(ring, 0.5).solve(np.ones(400), residual=1e-9)[:2].round(6)
    array([2., 2.])
    """

    chain: sparse.csr_array
    discount: float

    def __init__(self, chain: sparse.csr_array, discount: float) -> None:
        """Form the matrix; nothing is factored before it is needed."""
        self.chain, self.discount = chain, discount
        self.matrix: sparse.csr_array = _matrix(chain, discount)
        self.used: str = "nothing yet"
        self._incomplete: LinearOperator | None = None
        self._direct: EvaluationSystem | None = None

    def solve(self, b: Vector, *, start: Vector | None = None, residual: float | None = None) -> Vector:
        """(n,) x with every entry of b - A x at most `residual`, where float64 allows it.

        Args:
            b: (n,) right side.
            start: (n,) first guess.
            residual: What is wanted; None: 1e-12 times the largest |b|.
        """
        wanted = 1e-12 * float(np.abs(b).max(initial=0.0)) if residual is None else residual
        x = np.zeros(len(b)) if start is None else start.copy()
        with np.errstate(all="ignore"):
            for method in (self._by_diagonal, self._by_incomplete_factors, self._by_gmres):
                if self._direct is None and self._residual(b, x) > wanted:
                    x = self._approach(method, b, x, wanted)
            if self._residual(b, x) <= wanted:
                return x
            if self._direct is None:
                self._direct = EvaluationSystem(self.chain, self.discount, factored=True)
            self.used = "factors"
            return self._direct.solve(b)

    def solve_roughly(self, b: Vector) -> Vector:
        """(n,) x with a residual that is a small part of b, however small that is itself."""
        scale = float(np.abs(b).max(initial=0.0))  # BiCGSTAB takes products of tiny numbers for a breakdown
        return scale * self.solve(b / scale, residual=ROUGHLY) if 0.0 < scale < np.inf else np.zeros_like(b) * b

    def _approach(
        self, method: Callable[[Vector, Vector, float], Vector], b: Vector, x: Vector, wanted: float
    ) -> Vector:
        """The better of x and what the method makes of it; the method measures by the 2-norm, we by the largest."""
        before = self._residual(b, x)
        for _ in range(3):
            norm = 0.5 * wanted / before * float(np.linalg.norm(b - self.matrix @ x))
            found = method(b, x, norm)
            after = self._residual(b, found)
            if not after < before:
                return x
            x, before = found, after
            if after <= wanted:
                break
        return x

    def _residual(self, b: Vector, x: Vector) -> float:
        """Largest entry of |b - A x|; inf where that is not a number."""
        largest = float(np.abs(b - self.matrix @ x).max(initial=0.0))
        return largest if np.isfinite(largest) else float("inf")

    def _by_diagonal(self, b: Vector, x: Vector, norm: float) -> Vector:
        from scipy.sparse.linalg import bicgstab

        self.used = "BiCGSTAB by the diagonal"
        scaling = sparse.diags_array(1.0 / self.matrix.diagonal())
        return bicgstab(self.matrix, b, x0=x, rtol=0.0, atol=norm, maxiter=FEW_STEPS, M=scaling)[0]

    def _by_incomplete_factors(self, b: Vector, x: Vector, norm: float) -> Vector:
        from scipy.sparse.linalg import bicgstab

        self.used = "BiCGSTAB by incomplete factors"
        factors = self._preconditioner()
        if factors is None:
            return x
        return bicgstab(self.matrix, b, x0=x, rtol=0.0, atol=norm, maxiter=MANY_STEPS, M=factors)[0]

    def _by_gmres(self, b: Vector, x: Vector, norm: float) -> Vector:
        from scipy.sparse.linalg import gmres

        self.used = "GMRES"
        factors = self._preconditioner()
        return gmres(self.matrix, b, x0=x, rtol=0.0, atol=norm, restart=30, maxiter=MANY_STEPS // 30, M=factors)[0]

    def _preconditioner(self) -> "LinearOperator | None":
        """Incomplete LU in the order of the states, which on maps fills in little; None if it breaks down."""
        from scipy.sparse.linalg import LinearOperator, spilu

        if self._incomplete is None:
            try:
                factors = spilu(
                    self.matrix.tocsc(), drop_tol=1e-2, fill_factor=4, permc_spec="NATURAL", diag_pivot_thresh=0.0
                )
            except RuntimeError:
                return None
            self._incomplete = LinearOperator(self.matrix.shape, matvec=factors.solve, dtype=np.float64)
        return self._incomplete


def is_strip(indices: NDArray[Any], indptr: NDArray[Any]) -> bool:
    """Whether states lead to near numbers only, as along a corridor or in a queue, so that factors are a thin band.

    Args:
        indices: States that the n states lead to, those of one after those of the other.
        indptr: (n + 1,) where those of each state begin.
    """
    count = len(indptr) - 1
    band = _bandwidth(indices, indptr, NARROW)
    return band <= NARROW and 2 * band**2 <= count and count * (3 * band + 1) <= LARGEST_BAND


def _bandwidth(indices: NDArray[Any], indptr: NDArray[Any], enough: float) -> int:
    """How far the numbers of states are from those they lead to, at most; only that it is more, where it is > enough.

    Most models whose band is wide show it in their first states.
    """
    count, band, first, last = len(indptr) - 1, 0, 0, LOOKED_AT_FIRST
    while first < count and band <= enough:
        last = min(last, count)
        rows = np.repeat(np.arange(first, last, dtype=indices.dtype), np.diff(indptr[first : last + 1]))
        band = max(band, int(np.abs(rows - indices[indptr[first] : indptr[last]]).max(initial=0)))
        first, last = last, 4 * last
    return band


def is_entangled(indices: NDArray[Any], indptr: NDArray[Any]) -> bool:
    """Whether states lead to others all over the model, in whatever order one puts them, so that factors fill in.

    In the order of reverse Cuthill-McKee, neighbours on a map of n states are about n^(1/2) apart. They count as
    entangled from 7 n^(1/2) on. A few hubs, as a state in which everything starts again, do not count: they are
    eliminated last. Cheap questions come first.

    Args:
        indices: States that the n states lead to, those of one after those of the other.
        indptr: (n + 1,) where those of each state begin.

    Source: Cuthill and McKee (1969); George and Liu (1981), "Computer Solution of Large Sparse Positive Definite
    Systems", Chapter 4.
    """
    count = len(indptr) - 1
    far = FAR * count**0.5
    leads_to = np.diff(indptr)
    if count <= far:
        return False
    if _bandwidth(indices, indptr, far) <= far:  # their own order will do
        return False
    if (leads_to > far).sum() > MOST_HUBS or _grows_fast(indices, indptr, far):
        return True
    hubs = np.bincount(indices, minlength=count) + leads_to > far
    if hubs.sum() > MOST_HUBS:
        return True
    rows = np.repeat(np.arange(count, dtype=indices.dtype), leads_to)
    kept = ~(hubs[rows] | hubs[indices])
    from scipy.sparse.csgraph import reverse_cuthill_mckee

    rows, columns = rows[kept], indices[kept]
    ends = np.r_[rows, columns], np.r_[columns, rows]
    both = sparse.coo_matrix((np.ones(2 * len(rows), dtype=np.int8), ends), shape=(count, count))
    order = reverse_cuthill_mckee(both.tocsr(), symmetric_mode=True)  # which takes no sparse array
    rank = np.empty(count, dtype=np.int64)
    rank[order] = np.arange(count)
    return bool(np.abs(rank[rows] - rank[columns]).max(initial=0) > far)


def _grows_fast(indices: NDArray[Any], indptr: NDArray[Any], far: float, steps: int = 8) -> bool:
    """Whether so many states lie within a few steps of one that no order can have neighbours less than `far` apart.

    In an order of bandwidth b, what lies within k steps of a state stands at most k b places before or behind it.
    Hubs are not passed through.
    """
    reached = np.zeros(len(indptr) - 1, dtype=bool)
    front = np.array([len(reached) // 2])
    for step in range(steps):
        reached[front] = True
        if reached.sum() > 2.0 * step * far + 1.0:
            return True
        front = front[indptr[front + 1] - indptr[front] <= far]
        if not len(front):
            return False
        ahead = np.zeros_like(reached)
        ahead[np.concatenate([indices[indptr[s] : indptr[s + 1]] for s in front])] = True
        front = np.flatnonzero(ahead & ~reached)
    return False


def _factored(chain: Chain, discount: float, *, always: bool) -> Callable[[Vector], Vector] | None:
    """The quickest solver by factors, or None where they would fill in, unless `always`.

    A matrix that is singular in float64 solves to what is not finite.
    """
    if isinstance(chain, np.ndarray):
        return _by_table(-discount * chain)
    count = chain.shape[0]
    if count <= TINY:
        return _by_table(-discount * chain.toarray())
    if np.diff(chain.indptr).max() <= 1:
        return _by_doubling(chain, discount)
    rows = np.repeat(np.arange(count), np.diff(chain.indptr))
    ahead = rows - chain.indices
    below, above = max(int(ahead.max(initial=0)), 0), max(-int(ahead.min(initial=0)), 0)
    if max(below, above) <= min(NARROW, count // 4) and count * (2 * below + above + 1) <= LARGEST_BAND:
        return _by_band(chain, ahead, below, above, discount)
    if count <= DENSE_LIMIT:
        return _by_table(-discount * chain.toarray())
    if always or count <= FEW or not is_entangled(chain.indices, chain.indptr):
        return _by_sparse_factors(chain, discount)
    return None


def _by_table(matrix: NDArray[np.float64]) -> Callable[[Vector], Vector]:
    """The solver of I + a full table, which is overwritten."""
    from scipy.linalg.lapack import dgetrf, dgetrs

    if not len(matrix):
        return np.copy
    matrix.ravel()[:: len(matrix) + 1] += 1.0
    factors, pivots, _ = dgetrf(matrix.T, overwrite_a=True)  # of the transpose, whose columns lie as LAPACK wants them
    return lambda b: dgetrs(factors, pivots, b, trans=1)[0]


def _by_band(
    chain: sparse.csr_array, ahead: NDArray[np.integer], below: int, above: int, discount: float
) -> Callable[[Vector], Vector]:
    """The solver of a matrix with a band of entries beside its diagonal, in LAPACK's form.

    Args:
        chain: (n, n) P.
        ahead: By how much the row of each entry is greater than its column.
        below: The most of it.
        above: The least of it, negated.
        discount: The discount.
    """
    from scipy.linalg.lapack import dgbtrf, dgbtrs

    count, diagonal = chain.shape[0], below + above
    height = diagonal + below + 1
    place = chain.indices.astype(np.int64) * height + diagonal + ahead
    band = np.zeros((count, height))
    band[:, diagonal] = 1.0
    np.subtract.at(band.ravel(), place, discount * chain.data)
    factors, pivots, _ = dgbtrf(band.T, below, above, overwrite_ab=True)
    return lambda b: dgbtrs(factors, below, above, b, pivots)[0]


def _by_doubling(chain: sparse.csr_array, discount: float) -> Callable[[Vector], Vector]:
    """The solver where each state leads to one other at most: x = b + w x[next].

    Twice the steps at once are the same kind of equation, x = (b + w b[next]) + w w[next] x[next[next]]. So the
    weights w of 2, 4, 8, ... steps follow, until nothing is left of them.
    """
    leads = np.diff(chain.indptr) > 0
    ahead, weight = np.arange(chain.shape[0]), np.zeros(chain.shape[0])
    ahead[leads], weight[leads] = chain.indices, discount * chain.data
    doublings = list[tuple[NDArray[np.int64], Vector]]()
    while weight.max() > NOTHING:
        if len(doublings) == MOST_DOUBLINGS:
            return lambda b: np.full_like(b, np.nan)
        doublings.append((ahead, weight))
        weight, ahead = weight * weight[ahead], ahead[ahead]

    def solve(b: Vector) -> Vector:
        for ahead, weight in doublings:
            b = b + weight * b[ahead]
        return b

    return solve


def _by_sparse_factors(chain: sparse.csr_array, discount: float) -> Callable[[Vector], Vector]:
    """The solver by SuperLU, which takes columns: those of the transpose are the rows that are there."""
    from scipy.sparse.linalg import splu

    matrix = _matrix(chain, discount)
    try:
        factors = splu(sparse.csc_array((matrix.data, matrix.indices, matrix.indptr), shape=matrix.shape))
        return lambda b: factors.solve(b, "T")  # pyright: ignore[reportCallIssue] - known as "N" only
    except MemoryError:
        raise NotEnoughMemoryError(
            f"factoring a system of {matrix.shape[0]} states and {matrix.nnz} entries ran out of memory; "
            "use policy_iteration(..., evaluation='krylov') or value_iteration"
        ) from None
    except RuntimeError:  # SuperLU's word for an exactly singular matrix
        return lambda b: np.full_like(b, np.nan)


def _matrix(chain: sparse.csr_array, discount: float) -> sparse.csr_array:
    """I - discount * P."""
    count, first = chain.shape[0], chain.indptr[:-1]
    data = np.insert(-discount * chain.data, first, 1.0)
    columns = np.insert(chain.indices, first, np.arange(count, dtype=chain.indices.dtype))
    ends = chain.indptr + np.arange(count + 1, dtype=chain.indptr.dtype)
    matrix = sparse.csr_array((data, columns, ends), shape=chain.shape)
    matrix.sum_duplicates()
    return matrix
