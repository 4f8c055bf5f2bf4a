"""What a run was after every update: strategies, payoffs, and whatever else is asked for."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from gan_lab.errors import WiringError
from gan_lab.games.game import DISCRIMINATOR, GENERATOR
from gan_lab.players import Strategist

if TYPE_CHECKING:
    from gan_lab.training.run import Run

MOST: Final = 2**23  # numbers of strategies that are kept where nobody asks for them: 64 MB
FIRST_ROOM: Final = 2**20  # rows that there is room for at first
PAYOFFS: Final = {"payoff_discriminator": DISCRIMINATOR, "payoff_generator": GENERATOR}
STRATEGIES: Final = {"discriminator": DISCRIMINATOR, "generator": GENERATOR}
Array = NDArray[np.float64]


class Trajectory(Mapping[str, Array]):
    """Arrays with a row for the start and for each update, by name: row t is the state after t updates.

    `discriminator` and `generator` are the (t, k) strategies, where the game is one of strategies; `payoff_...` what
    each player was paid in the update, NaN before the first; the others are what `train(trajectory={"name": f})` asked
    for, f(run) after each update.

    Args:
        statistics: Functions of the run, a number or an array of one shape each; True, None: strategies and payoffs,
            True even where they take more than 64 MB; False: nothing.
        steps: Updates of the whole run.

    Raises:
        WiringError: Something else is asked for.

    >>> from gan_lab.training.loop import train
    >>> run = train("dirac", steps=100, trajectory={"radius": lambda run: np.hypot(*run.strategies).item()})
    >>> run.trajectory["generator"].shape, run.trajectory["radius"].round(3)[[0, -1]]
    ((101, 1), array([1.414, 1.389]))
    """

    def __init__(self, statistics: Any, steps: int) -> None:
        """Keep the statistics that are asked for."""
        if not (statistics is None or isinstance(statistics, bool | Mapping)):
            raise WiringError(f"trajectory is {statistics!r}; expected True, False, or functions of the run by name")
        self.functions: dict[str, Callable[[Run], Any]] = dict(statistics) if isinstance(statistics, Mapping) else {}
        for name, function in self.functions.items():
            if name in {"step", *PAYOFFS, *STRATEGIES} or not callable(function):
                raise WiringError(
                    f"trajectory has {name!r}: {function!r}; expected a new name, and a function of the run"
                )
        self._asked, self._steps, self.first = statistics, steps, 0
        self._count = self._room = 0  # rows that are kept, and that there is room for
        self._rows: dict[str, Array] = {}
        self._shown: dict[str, Array] = {}
        self._players: dict[str, Any] = {}

    def begin(self, run: "Run") -> None:
        """Make room, and keep the row of the start; a resumed run has it already."""
        self._game: Any = run.game
        if self._asked is False:
            return
        if not run.game.of_samples:
            players = {name: run.players[agent] for name, agent in STRATEGIES.items()}
            numbers = sum(value.numel() for player in players.values() for value in player.trained)
            if self._asked is not None or numbers * self._steps <= MOST:
                self._players = players
        if not self._count:
            self.first = run.steps
            self.record(run, dict.fromkeys((DISCRIMINATOR, GENERATOR), np.nan))

    def record(self, run: "Run", payoffs: Mapping[str, float]) -> None:
        """Keep a row."""
        if self._asked is False:
            return
        row, rows = run.steps - self.first, self._rows
        if row >= self._room:
            self._grow(row)
        for name, player in self._players.items():
            own = type(player) is Strategist
            rows[name][row] = (player.strategy.data if own else player.act(None).detach()).cpu().numpy()
        rows["payoff_discriminator"][row] = payoffs.get(DISCRIMINATOR, np.nan)
        rows["payoff_generator"][row] = payoffs.get(GENERATOR, np.nan)
        for name, function in self.functions.items():
            with torch.no_grad():
                value = function(run)
            if isinstance(value, float) and name in rows and rows[name].ndim == 1:
                rows[name][row] = value
            else:
                self._keep(name, row, value)
        self._count = row + 1

    def _grow(self, row: int) -> None:
        """Make room for all updates that are planned, if these are few, or for twice as many as there are."""
        self._room = max(min(self._steps - self.first + 1, FIRST_ROOM), 2 * self._room, row + 1)
        shapes: dict[str, tuple[int, ...]] = dict.fromkeys(PAYOFFS, ())
        shapes |= {name: tuple(player.trained[0].shape) for name, player in self._players.items()}
        shapes |= {name: rows.shape[1:] for name, rows in self._rows.items()}
        for name, shape in shapes.items():
            larger = np.full((self._room, *shape), np.nan)
            if name in self._rows:
                larger[: len(self._rows[name])] = self._rows[name]
            self._rows[name] = larger

    def _keep(self, name: str, row: int, value: Any) -> None:
        """A statistic that is no float, or the first of its name."""
        try:
            found = np.asarray(value.detach().cpu() if isinstance(value, torch.Tensor) else value, dtype=np.float64)
        except (TypeError, ValueError):
            raise WiringError(f"trajectory's {name!r} says {value!r}; expected a number or an array of them") from None
        if name not in self._rows:
            self._rows[name] = np.full((self._room, *found.shape), np.nan)
        rows = self._rows[name]
        if rows.shape[1:] != found.shape:
            raise WiringError(
                f"trajectory's {name!r} had shape {rows.shape[1:]}, now {found.shape}; expected one shape"
            )
        rows[row] = found

    @property
    def step(self) -> NDArray[np.int64]:
        """Updates played at each row."""
        return np.arange(self.first, self.first + self._count)

    def __getitem__(self, name: str) -> Array:
        """The (t, ...) values of this name."""
        if name == "step":
            return self.step.astype(np.float64)
        if name not in self._rows:
            raise KeyError(f"the trajectory has no {name!r}; it has {', '.join(self)}")
        rows, player = self._rows[name][: self._count], self._players.get(name)
        if player is None:
            return rows
        if len(self._shown.get(name, ())) != len(rows):
            shown = player.shown if type(player) is Strategist else torch.clone
            moves = (shown(torch.from_numpy(row)) for row in rows)
            with torch.no_grad():
                self._shown[name] = np.array([self._game.checked(STRATEGIES[name], move).numpy() for move in moves])
        return self._shown[name]

    def __iter__(self) -> Iterator[str]:
        """The names."""
        return iter(("step", *self._rows))

    def __len__(self) -> int:
        """The number of names."""
        return 1 + len(self._rows)

    def __getstate__(self) -> dict[str, Any]:
        """The state without the functions, as another process may not know them by name."""
        return {**vars(self), "functions": {}, "_asked": bool(self._asked)}

    def __repr__(self) -> str:
        """The names."""
        return f"Trajectory of {self._count} rows: {', '.join(self)}"

    def state(self) -> tuple[int, dict[str, torch.Tensor]]:
        """The first update and the rows, for a checkpoint."""
        return self.first, {name: torch.from_numpy(rows[: self._count].copy()) for name, rows in self._rows.items()}

    def restore(self, first: int, rows: Mapping[str, torch.Tensor], count: int) -> None:
        """Go on from them, where they are whole."""
        if rows and all(len(value) == count for value in rows.values()):
            self.first, self._count = first, count
            self._room, self._rows = count, {name: value.cpu().numpy().copy() for name, value in rows.items()}
