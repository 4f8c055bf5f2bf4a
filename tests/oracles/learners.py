"""Models that learners are tried on."""

import numpy as np

import planners


def drawn_model(rng: np.random.Generator, states: int, actions: int) -> planners.TabularMDP:
    """Rows of different lengths, actions that do not exist, several first states, rewards of each transition."""
    table: dict[int, dict[int, list[tuple[float, int, float, bool]]]] = {}
    for s in range(states):
        table[s] = {}
        for a in range(actions):
            if a and rng.random() < 0.2:
                continue
            count = int(rng.integers(1, 6))
            chances = rng.dirichlet(np.ones(count))
            table[s][a] = [
                (p, int(rng.integers(states)), float(rng.integers(-2, 3)), bool(rng.random() < 0.1)) for p in chances
            ]
    initial = rng.dirichlet(np.ones(states)) if rng.random() < 0.5 else np.eye(states)[0]
    return planners.TabularMDP.from_gym_dict(table, initial=initial)
