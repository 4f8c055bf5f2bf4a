"""Three ways to the value of a Markov game, as iterates of the loop.

    value_iteration   V <- T V, the values of the matrix games                         (Shapley 1953)
    policy_iteration  y <- the opponent's strategies in the matrix games of V;
                      V <- what the best answer to y earns                             (Hoffman and Karp 1966)
    newton            x, y <- both strategies in the matrix games of V;
                      V <- what they earn against each other                           (Pollatschek and Avi-Itzhak 1969)

T is a contraction, so that the first converges, by the factor of the discount each time. The second converges from
above. The third is Newton's method on T V = V: mostly a few steps, but it can go round for ever (van der Wal 1978). A
step of it is kept here only where it brings |T V - V| down by more than T would; otherwise T's own step is taken, and
more of those before the next attempt. So it always converges.

Sources: Filar and Vrieze (1997), "Competitive Markov Decision Processes", Section 3.7; van der Wal (1978), "Discounted
Markov games: generalized policy iteration method", JOTA 25.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from planners.equations.certificates import Bounds
from planners.games.stages import Floats, Stage, Stages
from planners.iteration.iterates import SweepIterate
from planners.options import Tolerance

PATIENCE: Final = 12  # proofs that are no better than one before, of which the last sweeps hardly changed V
CLOSE: Final = 0.02  # of |T V - V|, for a linear system of many states
MOST_PLAIN: Final = 32  # sweeps before Newton's method has another attempt


@dataclass
class Best:
    """The best bounds so far, and the strategies that prove them."""

    stages: Stages
    tolerance: Tolerance
    bounds: Bounds | None = None
    stage: Stage | None = None
    idle: int = 0  # proofs since the bounds became better
    least: float = np.inf  # |T V - V|
    quiet: int = 0  # and since it has fallen

    def take(self, stage: Stage) -> "GameIterate":
        """The iterate of values and strategies."""
        games, values = self.stages, stage.values
        l, _ = games.proven(values, stage.payoffs, stage.rows, of_rows=True)
        _, k = games.proven(values, stage.payoffs, stage.columns, of_rows=False)
        lower, upper = games.moved(values, l, -np.inf), games.moved(values, k, np.inf)
        with np.errstate(invalid="ignore"):
            middle = np.clip(np.nan_to_num(lower + 0.5 * (upper - lower)), lower, upper)
            error = float(np.nextafter(np.maximum(upper - middle, middle - lower).max(initial=0.0), np.inf))
        if not np.isfinite(error):
            lower, upper, error = np.full(len(values), -np.inf), np.full(len(values), np.inf), np.inf
            middle = np.nan_to_num(stage.backup)
        before = np.inf if self.bounds is None else self.bounds.error
        self.idle = 0 if error < 0.9 * before else self.idle + 1
        if self.bounds is None or error < before:
            self.bounds, self.stage = Bounds(lower, upper, middle, error, games.first - games.first), stage
        residual = float(np.abs(stage.backup - values).max(initial=0.0))
        self.quiet = 0 if residual < self.least else self.quiet + 1
        self.least = min(self.least, residual)
        rounding = 4.0 * float(games.problem.rounding(values).max(initial=0.0))
        bounds = self.bounds
        return GameIterate(
            residual if np.isfinite(residual) else np.nan,
            lambda: bounds,
            lambda found: self.tolerance.target(found.values),
            final=True,
            stuck=self.idle >= PATIENCE and (residual <= rounding or self.quiet >= PATIENCE + games.num_states),
            shown=values,
        )


@dataclass(frozen=True)
class GameIterate(SweepIterate):
    """An iterate that shows its values."""

    shown: Floats | None = None

    @property
    def values(self) -> Floats | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """(S,) V."""
        return self.shown


def _residual(stages: Stages, stage: Stage) -> float:
    """Largest |T V - V| in units of the weights."""
    with np.errstate(all="ignore"):
        found = float(np.abs((stage.backup - stage.values) / stages.weights[0]).max(initial=0.0))
    return found if np.isfinite(found) else np.inf


def value_iteration(stages: Stages, best: Best, values: Floats) -> Iterator[GameIterate]:
    """Shapley's value iteration."""
    while True:
        stage = stages.solve(values)
        yield best.take(stage)
        values = stage.backup


def policy_iteration(stages: Stages, best: Best, values: Floats) -> Iterator[GameIterate]:
    """Hoffman and Karp's policy iteration."""
    while True:
        stage = stages.solve(values)
        yield best.take(stage)
        values = stages.answered(stage.columns, stage.rows, of_rows=False)
        if not np.isfinite(values).all() or np.array_equal(values, stage.values):
            values = stage.backup


def newton(stages: Stages, best: Best, values: Floats) -> Iterator[GameIterate]:
    """Pollatschek and Avi-Itzhak's Newton method, with a safeguard."""
    stage, plain = stages.solve(values), 1
    while True:
        yield best.take(stage)
        residual = _residual(stages, stage)
        close = CLOSE * float(np.abs(stage.backup - stage.values).max(initial=0.0))
        found = stages.value_of(stage.rows, stage.columns, stage.backup, close)
        if np.isfinite(found).all():
            after = stages.solve(found)
            if _residual(stages, after) < 0.9 * stages.discount * residual:
                stage, plain = after, 1
                continue
        for number in range(plain):
            if number:
                yield best.take(stage)
            stage = stages.solve(stage.backup)
        plain = min(2 * plain, MOST_PLAIN)


METHODS: Final[dict[str, tuple[str, Callable[[Stages, Best, Floats], Iterator[GameIterate]]]]] = {
    "newton": ("Pollatschek and Avi-Itzhak's Newton method, safeguarded by Shapley's sweeps", newton),
    "policy_iteration": ("Hoffman and Karp's policy iteration", policy_iteration),
    "value_iteration": ("Shapley's value iteration", value_iteration),
}
