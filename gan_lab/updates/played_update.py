"""The Jacobian of an update as it is played: of any rule, any optimizers, each player's own rate, at any point.

    z = (parameters, what the optimizers remember, what the rule remembers)        z' = F(z)
    F'(z) u = (F(z + h u) - F(z - h u)) / 2h        with the same samples each time, in float64

The eigenvalues of F' say what one update makes of a small distance. Those of largest modulus come from products alone
(Arnoldi's method), so that networks of many parameters have them too. Second moments, which Adam divides by, count by
their roots: these may be moved to either side of 0.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigs
from torch import Tensor

from gan_lab.environments.alternating_env import AlternatingEnv
from gan_lab.errors import whole_number
from gan_lab.players import Player
from gan_lab.random_numbers import seeded
from gan_lab.updates.player_pair import PlayerPair
from gan_lab.updates.update import Update

MOVED: Final = 2e-6  # how far the difference moves the number that it moves most
DENSE: Final = 60  # numbers up to which the whole matrix is as quick
KRYLOV: Final = 160  # vectors of Arnoldi's method


@dataclass(frozen=True, eq=False)
class PlayedSpectrum:
    """Eigenvalues of an update as it is played, at one point and on one set of samples.

    Attributes:
        size: Numbers of the state: parameters, and what is remembered from update to update.
        eigenvalues: (k,) the largest first, of one update: of several, the k-th root of their modulus.
        moved: How far the update itself moves the state; 0 where nobody moves.
        complete: Whether all eigenvalues that were asked for are found.
    """

    size: int
    eigenvalues: NDArray[np.complex128]
    moved: float
    complete: bool = True

    @property
    def radius(self) -> float:
        """What an update multiplies a small distance between two runs by, in the long run, as long as they are here."""
        return float(np.abs(self.eigenvalues).max(initial=0.0))

    def __repr__(self) -> str:
        """The first eigenvalues, and the distance that the update moves."""
        shown = ", ".join(f"{value:.4g}" for value in self.eigenvalues[:6])
        lacking = "" if self.complete else "; not all that were asked for settled"
        return (
            f"Spectrum of one update, of {self.size} numbers, which it moves by {self.moved:.3g}\n"
            f"  largest eigenvalues  {shown}{lacking}\n  spectral radius      {self.radius:.6f}"
        )


class PlayedUpdate:
    """z -> F(z), and products with its Jacobian. It plays copies: players and rule stay as they are.

    Args:
        env: A game that has begun; one of samples should play float64 (`game_state.dtype`).
        players: The discriminator, the generator, and others.
        rule: The rule.
        updates: How many updates are one F, for rules that do something else at every k-th one.
        seed: Of the samples, which are the same each time.
    """

    def __init__(
        self, env: AlternatingEnv, players: list[Player], rule: Update, updates: int = 1, seed: int = 0
    ) -> None:
        """Copy players and rule, in float64."""
        self.updates: int = whole_number("updates", updates, 1)
        self._seed = seed
        copies = [deepcopy(player).to(torch.float64) for player in players]
        for player in copies:
            player.settle(player.device)
        self.pair: PlayerPair = PlayerPair(env, copies[0], copies[1], copies[2:])
        self.rule: Update = deepcopy(rule)
        self._numbers = deepcopy(env.np_random.bit_generator.state)
        self._remember()
        self._fixed = self._whole()
        self.place: Tensor = self._read()

    def _remember(self) -> None:
        """Where optimizers or the rule remember nothing yet: play one update, and put the players back."""
        here, players = self.pair.where(), list(self.pair.players.values())
        states = [deepcopy(player.optimizer.state_dict()) if player.optimizer.state else None for player in players]
        rules = [(rule, deepcopy(rule.state())) for rule in _rules(self.rule)]
        with seeded(self._seed):
            self.rule.step(self.pair)
        self.pair.put(here)
        for player, state in zip(players, states, strict=True):
            if state is not None:
                player.optimizer.load_state_dict(state)
        for rule, remembered in rules:
            if remembered:
                rule.restore(remembered)

    def of(self, place: Tensor) -> Tensor:
        """F(z)."""
        self._put(place)
        self.pair.env.np_random.bit_generator.state = deepcopy(self._numbers)
        with seeded(self._seed):
            for _ in range(self.updates):
                self.rule.step(self.pair)
        return self._read()

    def times(self, direction: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n,) F'(z) u."""
        along = torch.from_numpy(np.ascontiguousarray(direction, dtype=np.float64).ravel())
        largest = float(along.abs().max())
        if largest == 0.0:
            return np.zeros(len(along))
        step = MOVED / largest * along
        moved = (self.of(self.place + step) - self.of(self.place - step)) * (largest / (2 * MOVED))
        return moved.cpu().numpy()

    def jacobian(self) -> NDArray[np.float64]:
        """(n, n) F'(z), column by column: 2 n updates."""
        return np.stack([self.times(column) for column in np.eye(len(self.place))], axis=1)

    def spectrum(self, count: int = 6) -> PlayedSpectrum:
        """The `count` eigenvalues of largest modulus: by Arnoldi's method, where the matrix would be large."""
        size, moved = len(self.place), float((self.of(self.place) - self.place).norm())
        count, complete = min(whole_number("count", count, 1), size), True
        if size <= max(DENSE, count + 2):
            found: Any = np.linalg.eigvals(self.jacobian())
        else:
            product = LinearOperator((size, size), matvec=self.times, dtype=np.float64)
            start = np.random.default_rng(0).standard_normal(size)
            options: Any = {"which": "LM", "v0": start, "ncv": min(size, max(2 * count + 2, KRYLOV)), "tol": 1e-11}
            try:
                found = eigs(product, count, return_eigenvectors=False, **options)
            except ArpackNoConvergence as error:
                found, complete = error.eigenvalues, False
        found = found.astype(np.complex128)[np.argsort(-np.abs(found), kind="stable")][:count]
        if self.updates > 1:
            found = np.abs(found) ** (1 / self.updates) + 0j
        return PlayedSpectrum(size, found, moved, complete)

    # The state: where its numbers are, and what of it is no number to be moved.

    def _parts(self, remembered: list[dict[str, Tensor]]) -> Iterator[tuple[int | None, bool, Tensor]]:
        """Each part: of which parameter, whether it counts by its root, and the numbers."""
        owned = [own for player in self.pair.players.values() for own in player.trained]
        places = {id(own): number for number, own in enumerate(owned)}
        yield from ((number, False, own.data) for number, own in enumerate(owned))
        for player in self.pair.players.values():
            for own in player.trained:
                for name, value in player.optimizer.state.get(own, {}).items():
                    if _moves(value) and value.shape == own.shape:
                        yield places[id(own)], "sq" in name, value
        for state in remembered:
            for name, value in state.items():
                if _moves(value):
                    yield (int(name) if name.isdecimal() and int(name) < len(owned) else None), False, value

    @property
    def owners(self) -> list[tuple[int | None, int]]:
        """Of which parameter each part of the state is, by number, and how many numbers it has."""
        return [(owner, part.numel()) for owner, _, part in self._parts([rule.state() for rule in _rules(self.rule)])]

    def _read(self) -> Tensor:
        parts = self._parts([rule.state() for rule in _rules(self.rule)])
        return torch.cat([(part.sqrt() if rooted else part).flatten() for _, rooted, part in parts]).clone()

    def _whole(self) -> Any:
        players = self.pair.players.values()
        buffers = [dict(player.named_buffers()) for player in players]
        states = [player.optimizer.state_dict()["state"] for player in players]
        return deepcopy((buffers, states, [rule.state() for rule in _rules(self.rule)]))

    def _put(self, place: Tensor) -> None:
        buffers, states, remembered = deepcopy(self._fixed)
        for player, kept, state in zip(self.pair.players.values(), buffers, states, strict=True):
            for name, buffer in player.named_buffers():
                buffer.copy_(kept[name])
            player.optimizer.load_state_dict({**player.optimizer.state_dict(), "state": state})
        parts = list(self._parts(remembered))
        for (_, rooted, part), piece in zip(parts, place.split([part.numel() for _, _, part in parts]), strict=True):
            part.copy_((piece**2 if rooted else piece).view_as(part))
        for rule, state in zip(_rules(self.rule), remembered, strict=True):
            rule.restore(state)


def _moves(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point() and value.dim() > 0


def _rules(rule: Update) -> list[Update]:
    """A rule, and those that it is made of."""
    return [rule, *(part for value in vars(rule).values() if isinstance(value, Update) for part in _rules(value))]
