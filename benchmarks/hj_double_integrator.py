"""The least time of a double integrator by hj-reachability, for `benchmarks/continuous.py peers`, in another Python.

Arguments: nodes along an axis, a file of (N, 2) states, a file for their times. Prints the processor time without
compiling. `pip install hj-reachability` in an environment of its own; set HJ_PYTHON to its Python.
"""

import sys
from time import process_time

import hj_reachability as hj  # pyright: ignore[reportMissingImports]
import jax.numpy as jnp  # pyright: ignore[reportMissingImports]
import numpy as np

GOAL, SIZE, LONGEST, STEPS = 0.1, 3.0, 5.0, 100


class Mass(hj.ControlAndDisturbanceAffineDynamics):
    def __init__(self):
        super().__init__("min", "max", hj.sets.Box(-jnp.ones(1), jnp.ones(1)), hj.sets.Box(jnp.zeros(1), jnp.zeros(1)))

    def open_loop_dynamics(self, state, time):
        return jnp.array([state[1], 0.0])

    def control_jacobian(self, state, time):
        return jnp.array([[0.0], [1.0]])

    def disturbance_jacobian(self, state, time):
        return jnp.zeros((2, 1))


def main() -> None:
    nodes, states = int(sys.argv[1]), np.load(sys.argv[2])
    box = hj.sets.Box(jnp.full(2, -SIZE), jnp.full(2, SIZE))
    grid = hj.Grid.from_lattice_parameters_and_boundary_conditions(box, (nodes, nodes))
    start = jnp.max(jnp.abs(grid.states), axis=-1) - GOAL
    settings = hj.SolverSettings.with_accuracy(
        "very_high", hamiltonian_postprocessor=hj.solver.backwards_reachable_tube
    )
    times = jnp.linspace(0.0, -LONGEST, STEPS + 1)
    hj.solve(settings, Mass(), grid, times, start, progress_bar=False)  # compiles
    begun = process_time()
    fields = np.asarray(hj.solve(settings, Mass(), grid, times, start, progress_bar=False))
    spent = process_time() - begun
    place = (states + SIZE) * ((nodes - 1) / (2.0 * SIZE))
    base = np.minimum(place.astype(int), nodes - 2)
    part = place - base
    found = np.full(len(states), np.inf)
    for k in reversed(range(STEPS + 1)):
        V = sum(
            fields[k, base[:, 0] + i, base[:, 1] + j]
            * np.where(i, part[:, 0], 1 - part[:, 0])
            * np.where(j, part[:, 1], 1 - part[:, 1])
            for i in (0, 1)
            for j in (0, 1)
        )
        found = np.where(V <= 0.0, -float(times[k]), found)
    np.save(sys.argv[3], found)
    print(spent)


main()
