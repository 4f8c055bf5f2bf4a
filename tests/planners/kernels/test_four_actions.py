"""The backup of four actions in instructions of the processor, beside the same sums in NumPy."""

import numpy as np
import pytest

numba = pytest.importorskip("numba")


def test_the_best_of_four_actions_has_the_bits_of_the_written_sums(rng: np.random.Generator) -> None:
    from planners.kernels.four_actions import best_of_four

    @numba.njit
    def each(columns: np.ndarray, q: np.ndarray) -> np.ndarray:
        return np.array([best_of_four(columns, q[i, 0], q[i, 1], q[i, 2], q[i, 3]) for i in range(len(q))])

    columns = rng.dirichlet(np.ones(4), size=4).T.copy()
    q = rng.normal(size=(1000, 4)) * 10.0 ** rng.integers(-300, 300, size=(1000, 4))
    written = q[:, :1] * columns[0] + q[:, 1:2] * columns[1]
    written = (written + q[:, 2:3] * columns[2]) + q[:, 3:] * columns[3]
    assert np.array_equal(each(columns, q), written.max(axis=1))
