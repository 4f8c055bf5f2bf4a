"""How many steps a double integrator needs, in closed form."""

import numpy as np
from numpy.typing import NDArray


def steps_in_closed_form(time: float, goal: float, state: NDArray[np.float64], most: int) -> int:
    """The least k with state in A^-k (goal + a sum of segments): a zonotope, whose facets are checked one by one."""
    A, push = np.array([[1.0, time], [0.0, 1.0]]), np.array([0.5 * time**2, time])
    for k in range(1, most + 1):
        back = np.linalg.inv(np.linalg.matrix_power(A, k))
        pushes = [np.linalg.matrix_power(A, k - 1 - j) @ push for j in range(k)]
        generators = np.array([back @ g for g in (*pushes, [goal, 0.0], [0.0, goal])])
        normals = generators @ np.array([[0.0, -1.0], [1.0, 0.0]])
        if np.all(np.abs(normals @ state) <= np.abs(normals @ generators.T).sum(axis=1) + 1e-12):
            return k
    raise AssertionError("not within the steps")
