"""What training leaves behind: the players, what they were paid, and the truth along the way."""

import enum
import pickle
from collections.abc import Callable
from copy import copy, deepcopy
from dataclasses import dataclass, field
from html import escape
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from torch.optim.swa_utils import AveragedModel

from gan_lab.diagnosis.verdicts import YOUNG, verdicts
from gan_lab.errors import WiringError, file_path, switch
from gan_lab.games import Game
from gan_lab.games.game import DISCRIMINATOR, GENERATOR
from gan_lab.payoffs.losses import LOSSES, Loss
from gan_lab.payoffs.penalties import Penalty
from gan_lab.players import Player
from gan_lab.recipes.choose import PLAIN, own_recipe
from gan_lab.recipes.recipe import Recipe
from gan_lab.training.own_metrics import measured
from gan_lab.training.settings import Settings
from gan_lab.training.trajectory import Trajectory
from gan_lab.updates import Update
from gan_lab.updates.played_update import PlayedSpectrum
from gridworld_env.ui.files.pictures import save_png

if TYPE_CHECKING:
    from gan_lab.diagnosis.symptoms import Symptom


class Status(enum.Enum):
    """How a run ended; the value is the sentence that is shown."""

    RUNNING = "Under way."
    FINISHED = "All updates were played."
    INTERRUPTED = "Interrupted: what was learned until then is kept."
    STOPPED = "A callback asked to stop."


@dataclass(eq=False)
class Run:
    """A training run.

    Attributes:
        game: The game that was played.
        discriminator: The discriminator as it is now.
        generator: The generator as it is now.
        settings: All arguments that play the run again by `gan_lab.train(**run.settings)`: see
            `gan_lab.training.settings`.
        steps: Number of updates played.
        status: How the run ended.
        history: A row for each evaluation: step, and the payoff of each player.
        truth: A row for each evaluation: step, and what is known of the players, exactly or as an estimate.
        average: Average of the generator's parameters, if the recipe keeps one.
        loss: Loss that defines the payoffs.
        penalty: Penalty of the discriminator's slope; None: there is none.
        recipe: Recipe of the run; None: not known.
        began_at_random: Whether the generator's parameters were drawn for this run.
        others: The other players, by name.
        metrics: Functions by name, whose numbers are in `history`, `truth` and `averaged_truth`: see `train`.
        rule: Update rule by which the players learn; None: not known.
        averaged_truth: Rows like those of `truth` for samples of the averaged generator.
        trajectory: Strategies, payoffs and chosen statistics after every update.
    """

    game: Game
    discriminator: Player
    generator: Player
    settings: Settings
    steps: int = 0
    status: Status = Status.RUNNING
    history: list[dict[str, float]] = field(default_factory=list)
    truth: list[dict[str, float]] = field(default_factory=list)
    average: AveragedModel | None = None
    averaged_truth: list[dict[str, float]] = field(default_factory=list)
    loss: Loss = LOSSES["minimax"]
    penalty: Penalty | None = None
    recipe: Recipe | None = None
    began_at_random: bool = False
    trajectory: Trajectory = field(default_factory=lambda: Trajectory(False, 0))
    others: dict[str, Player] = field(default_factory=dict[str, Player])
    metrics: dict[str, Callable[..., Any]] = field(default_factory=dict[str, Callable[..., Any]])
    rule: Update | None = None

    def sample(self, count: int, seed: int | None = None, *, averaged: bool = False) -> NDArray[np.float32]:
        """(count, d) samples of the generator.

        Args:
            count: Number of samples.
            seed: Seed of the noise; None: fresh noise.
            averaged: Whether to use the average of the generator's parameters instead of its last ones.

        Raises:
            WiringError: The game is one of strategies, whose generator makes no samples; or the run keeps no average.
        """
        return self.game.samples(self.chosen_generator(averaged), count, seed)

    def chosen_generator(self, averaged: bool) -> Any:
        """The generator with its last parameters or with their average."""
        if switch("averaged", averaged) and self.average is None:
            raise WiringError("this run kept no average: take a recipe with averaging=0.999")
        return self.average.module if averaged and self.average is not None else self.generator

    @property
    def players(self) -> dict[str, Player]:
        """All players, by the names that they have in the environment."""
        return {DISCRIMINATOR: self.discriminator, GENERATOR: self.generator, **self.others}

    @property
    def strategies(self) -> tuple[NDArray[np.float64], ...]:
        """(discriminator, generator) strategies, as the game takes them; then those of the other players.

        Raises:
            WiringError: The game is one of samples.
        """
        return self.game.strategies(*self.players.values())

    def look(self, seed: int) -> dict[str, float]:
        """The truth about the players as they are now; without V if the loss pays the discriminator for something else.

        Raises:
            NonFiniteMoveError: The generator's samples are NaN or infinite.
        """
        if not self.loss.judges_samples:
            return self.game.truth_of_samples(self.generator, seed)
        others = () if self.game.of_samples else self.others.values()
        return self.game.evaluate(self.discriminator, self.generator, seed, self.loss, *others)

    @property
    def is_young(self) -> bool:
        """Whether the generator is too near to its random start for missing modes to mean anything."""
        return self.began_at_random and self.steps < YOUNG

    @property
    def has_better_recipe(self) -> bool:
        """Whether the game has a recipe of its own and the run uses another one."""
        if not self.game.of_samples or self.recipe is None:
            return False
        best = own_recipe(self.game.origin.single)
        return best is not PLAIN and self.recipe.with_(steps=best.steps) != best

    @property
    def last(self) -> dict[str, float]:
        """The last row of the truth; if there is none yet, what is known now."""
        if self.truth:
            return self.truth[-1]
        found = self.look(0)
        return {"step": float(self.steps), **found, **measured(self, 0, found)}

    def symptoms(self) -> "list[Symptom]":
        """The known failures that this run shows, by name: see `docs/failures.md`."""
        from gan_lab.diagnosis.symptoms import find_symptoms

        return find_symptoms(self)

    def report(self) -> str:
        """A report in words: whether it has converged, whether modes are missing, and which other failures it shows."""
        last = self.last
        figures = ", ".join(f"{name} {value:.4g}" for name, value in last.items() if name != "step")
        seen = "" if last["step"] == self.steps else f"after update {last['step']:.0f}: "
        lines = [f"{self.game.name}, {self.steps} updates. {self.status.value}", f"  {seen}{figures}"]
        if self.averaged_truth:
            of_average = ", ".join(f"{k} {v:.4g}" for k, v in self.averaged_truth[-1].items() if k != "step")
            lines.append(f"  averaged generator: {of_average}")
        words = [*verdicts(self.game.single, last, self.is_young), *map(str, self.symptoms())]
        if self.recipe is not None and self.recipe.stretched:
            words.append(self.recipe.stretched)
        return "\n".join(lines + [f"  {line}" for line in words])

    def grid(
        self, path: "str | PathLike[str]", rows: int = 8, columns: int = 8, *, seed: int = 0, averaged: bool = False
    ) -> Path:
        """Write samples in rows and columns as a PNG, if samples are pictures.

        Args:
            path: The file.
            rows: Number of rows.
            columns: Number of columns.
            seed: Seed of the noise: it is the same for all runs and at all times, so that grids can be compared.
            averaged: As in `sample`.

        Raises:
            WiringError: The samples are not pictures.
        """
        from gan_lab.training.sheets import grid_of

        return save_png(file_path("path", path), grid_of(self, rows, columns, seed, averaged))

    def interpolate(
        self, path: "str | PathLike[str]", rows: int = 4, columns: int = 10, *, seed: int = 0, averaged: bool = False
    ) -> Path:
        """Write rows of samples, each on the way from one noise to another; arguments as in `grid`.

        Raises:
            WiringError: The samples are not pictures.
        """
        from gan_lab.training.sheets import interpolation_of

        return save_png(file_path("path", path), interpolation_of(self, rows, columns, seed, averaged))

    def quality(
        self, count: int = 2000, *, seed: int = 0, neighbours: int = 5, averaged: bool = False
    ) -> dict[str, tuple[float, float]]:
        """Precision, recall, density and coverage of samples and of data; on digits also distances of features.

        Args:
            count: Number of samples, and of data, that are compared.
            seed: Seed of both.
            neighbours: k of precision and recall.
            averaged: As in `sample`.

        Returns:
            (of samples, of other data) by name: the second is what the best samples would have.

        Raises:
            WiringError: The game is one of strategies, or there are too few samples.

        Source: see `gan_lab.metrics.precision_recall` and `gan_lab.metrics.features`.
        """
        from gan_lab.training.quality import quality_of

        return quality_of(self.game, self.sample(count, seed, averaged=averaged), seed, neighbours)

    def export(self, path: "str | PathLike[str]", *, averaged: bool = False) -> Path:
        """Write the generator's network: see `gan_lab.training.exports.export_generator`.

        Args:
            path: File whose name ends in `.safetensors` for its state dict, or in `.pt2` for a program of
                `torch.export`.
            averaged: As in `sample`.

        Raises:
            WiringError: The path has another ending, the network cannot be exported, or the game is one of strategies.
        """
        from gan_lab.training.exports import export_generator

        game: Any = self.game
        if not game.of_samples:
            raise WiringError(f"the generator of {game.name!r} is a strategy: see `run.strategies`")
        return export_generator(self.chosen_generator(averaged), game.noise_size, path)

    def to_csv(self, path: "str | PathLike[str]") -> Path:
        """Write a row for each evaluation: step, both payoffs, the truth, and `averaged_...` of the averaged generator.

        Raises:
            OSError: The file cannot be written; a file that was there before is then unchanged.
        """
        from gan_lab.training.exports import write_rows

        averaged = {row["step"]: row for row in self.averaged_truth}
        rows: list[dict[str, Any]] = []
        for paid, known in zip(self.history, self.truth, strict=True):
            of_average = {
                f"averaged_{name}": v for name, v in averaged.get(known["step"], {}).items() if name != "step"
            }
            payoffs = {f"payoff_{name}": value for name, value in paid.items() if name in self.players}
            rows.append({"step": 0, **payoffs, **known, **of_average} | {"step": int(known["step"])})
        return write_rows(rows, path)

    def spectrum(
        self, count: int = 6, *, updates: int = 1, batch_size: int | None = None, seed: int = 0
    ) -> PlayedSpectrum:
        """Eigenvalues of one update at this point, with the present rule and optimizers; networks are allowed.

        Args:
            count: Number of eigenvalues, the largest first.
            updates: Number of updates taken together, for rules that do something else at every k-th update.
            batch_size: Number of samples in a turn, which are the same in all compared updates; None: that of the run.
            seed: Seed of these samples.

        Raises:
            WiringError: The run was not made by `train`.

        Source: Saad 2011, Numerical methods for large eigenvalue problems, section 6.2, for Arnoldi's method.

        >>> from gan_lab.training.loop import train
        >>> train("dirac", update="extragradient", steps=2000).spectrum()
        Spectrum of one update, of 2 numbers, which it moves by 6.99e-06
          largest eigenvalues  0.99+0.1j, 0.99-0.1j
          spectral radius      0.995038
        """
        from gan_lab.training.spectrum_of_run import spectrum_of

        return spectrum_of(self, count, updates, batch_size, seed)

    def plot(self, axes: Any = None) -> Any:
        """Plot V beside its value at the equilibrium, and the divergences, over updates, as two matplotlib axes."""
        from gan_lab.training.run_plot import plot_run

        return plot_run(self, axes)

    def __getstate__(self) -> dict[str, Any]:
        """The state without the functions of `metrics`, which another process may not know; their numbers are kept.

        Raises:
            WiringError: A loss, penalty, recipe or rule of your own cannot be pickled.
        """
        for name in ("loss", "penalty", "recipe", "rule"):
            try:
                pickle.dumps(getattr(self, name))
            except (pickle.PicklingError, AttributeError, TypeError) as error:
                raise WiringError(
                    f"the {name} of this run cannot be pickled ({str(error)[:120]}): define the function that is in it "
                    "at the top of a module, instead of a lambda or inside another function"
                ) from None
        return {**vars(self), "metrics": {}}

    def __copy__(self) -> "Run":
        """A copy with the functions, which stay in this process."""
        found = object.__new__(type(self))
        vars(found).update(vars(self))
        return found

    def __deepcopy__(self, memo: dict[int, Any]) -> "Run":
        """The same, of all that is in it."""
        found = copy(self)
        memo[id(self)] = found
        vars(found).update(deepcopy(vars(self), memo))
        return found

    def _repr_html_(self) -> str:
        """The report as a table, in a notebook."""
        last = self.last
        cells = "".join(f"<tr><th>{escape(name)}</th><td>{value:.4g}</td></tr>" for name, value in last.items())
        caption = escape(f"{self.game.name}, {self.steps} updates. {self.status.value}")
        lines = [*verdicts(self.game.single, last, self.is_young), *map(str, self.symptoms())]
        words = "".join(f"<p>{escape(line)}</p>" for line in lines)
        return f"<table><caption>{caption}</caption>{cells}</table>{words}"

    def __repr__(self) -> str:
        """The report."""
        return self.report()
