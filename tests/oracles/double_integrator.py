"""How many steps a double integrator needs, in closed form."""

import numpy as np
from numpy.typing import NDArray


def steps_in_closed_form(time: float, goal: float, state: NDArray[np.float64], most: int) -> int:
    """The least k with state in A^-k (goal + a sum of segments)."""
    steps = int(steps_of_all(time, goal, state[None], most)[0])
    assert steps <= most, "not within the steps"
    return steps


def steps_of_all(time: float, goal: float, states: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    """The same of (N, 2) states, `most` + 1 where more are needed: zonotopes, whose facets are checked one by one."""
    A, push = np.array([[1.0, time], [0.0, 1.0]]), np.array([0.5 * time**2, time])
    steps = np.full(len(states), most + 1)
    for k in range(1, most + 1):
        back = np.linalg.inv(np.linalg.matrix_power(A, k))
        pushes = [np.linalg.matrix_power(A, k - 1 - j) @ push for j in range(k)]
        generators = np.array([back @ g for g in (*pushes, [goal, 0.0], [0.0, goal])])
        normals = generators @ np.array([[0.0, -1.0], [1.0, 0.0]])
        reach = np.abs(normals @ generators.T).sum(axis=1) + 1e-12
        inside = np.all(np.abs(states @ normals.T) <= reach, axis=1)
        steps[inside & (steps > most)] = k
    return steps
