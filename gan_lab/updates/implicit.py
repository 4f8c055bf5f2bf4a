"""The implicit rule, or proximal point: move by the gradient of the place where you arrive. A reference.

    w' = w + h v(w')

Solved by iteration, so it is for exact games, whose field is the same however often it is asked for.
"""

import numpy as np

from gan_lab.errors import WiringError, number_of_at_least_0, whole_number
from gan_lab.games.noisy import NoisyGame
from gan_lab.updates.player_pair import PlayerPair
from gan_lab.updates.update import Matrix, Update, plain_rate


class Implicit(Update):
    """The implicit step, whose end point is found by fixed-point iteration.

    Args:
        tolerance: Largest change in the last iteration.
        max_iterations: Largest number of iterations in one step.
    """

    name = "implicit"
    equation = "w' = w + h v(w')"
    source = "Rockafellar 1976; Mokhtari, Ozdaglar and Pattathil 2020, section 2"

    def __init__(self, tolerance: float = 1e-14, max_iterations: int = 1000) -> None:
        """Set the tolerance and the limit of iterations."""
        self.tolerance: float = number_of_at_least_0("the tolerance of the implicit rule", tolerance)
        self.max_iterations: int = whole_number("max_iterations", max_iterations, 1)

    def check(self, pair: PlayerPair) -> None:
        """Refuse games whose field is random, and optimizers other than plain ascent at one rate."""
        super().check(pair)
        game = pair.env.game_state.game
        if game.of_samples or isinstance(game, NoisyGame):
            raise WiringError(
                f"the update 'implicit' solves for its own end point, which has no meaning in {game.name!r}, whose "
                "field is random: take 'extragradient', which approximates it"
            )
        plain_rate(pair)

    def step(self, pair: PlayerPair) -> None:
        """Iterate w' = w + h v(w') until it changes no more than the tolerance."""
        here, rate, change = pair.where(), plain_rate(pair), np.inf
        for _ in range(self.max_iterations):
            before = pair.where()
            field = [part for own in pair.field() for part in own]
            arrival = [w + rate * part for w, part in zip(here, field, strict=True)]
            pair.put(arrival)
            change = max(float((a - b).abs().max()) for a, b in zip(arrival, before, strict=True))
            if change <= self.tolerance:
                return
        raise WiringError(
            f"the implicit step does not settle in {self.max_iterations} iterations (last change {change:.1e}): "
            "take a smaller rate"
        )

    def operator(self, jacobian: Matrix, split: int, rate: float) -> Matrix:
        """(I - h J)^-1."""
        return np.asarray(np.linalg.inv(np.eye(len(jacobian)) - rate * jacobian), dtype=np.float64)
