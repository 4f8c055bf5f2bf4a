"""Whole strategies: distributions on atoms, Gaussians, and points in a plane."""

from functools import lru_cache
from typing import Any, Final, cast

import numpy as np
import torch
from numpy.typing import NDArray

from gan_lab.games import FiniteGame, GaussianGame, StrategyGame
from gan_lab.payoffs.losses import Loss
from gan_lab.replays.frames import Frame, stacked
from gan_lab.training.run import Run
from gan_lab.truth import Array, optimal_discriminator
from gridworld_env.ui.pages.packing import packed

POINTS: Final = 200  # of a density
ARROWS: Final = 13  # of the field of a plane, in each direction
COLORS: Final = ("#0068a8", "#c04f00", "#00755a", "#9a4a7c")
STYLES: Final = ("-", "--", ":", "-.")


class AtomsScene:
    """p and q as bars, D and the exact D* = p / (p + q) as dots.

    Args:
        run: Of a game on atoms.
    """

    def __init__(self, run: Run) -> None:
        """Keep the data's distribution."""
        self.p: Array = cast(FiniteGame, run.game).p

    def frame(self, run: Run) -> Frame:
        """(n,) q, D and D*."""
        d, q = run.strategies
        q = q / q.sum() if q.sum() > 0 else np.full_like(q, 1 / len(q))
        return {"q": q, "D": d, "best": optimal_discriminator(self.p, q)}

    def pieces(self, frames: list[Frame]) -> list[dict[str, Any]]:
        """For the page."""
        x = np.arange(len(self.p))
        return _curves(frames, self.p, x, title="Both distributions, D, and the best D", x_label="atom", bars=True)

    def draw(self, axes: Any, frames: list[Frame], index: int) -> None:
        """On matplotlib axes."""
        x, frame = np.arange(len(self.p)), frames[index]
        top = max(float(stacked(frames, "q").max()), float(self.p.max()))
        axes.bar(x - 0.2, self.p, 0.38, color=COLORS[0], label="p: the data")
        axes.bar(x + 0.2, frame["q"], 0.38, color=COLORS[1], label="q: the generator")
        axes.plot(x, top * frame["D"], "o:", color=COLORS[2], label="D, 0 to 1 over the height")
        axes.plot(x, top * frame["best"], "s-.", color=COLORS[3], label="D*, exact")
        axes.set(ylim=(0, 1.05 * top), xlabel="atom", xticks=x)
        axes.legend(loc="upper left", fontsize="small")


class DensityScene:
    """Two Gaussians, D and the exact D* along the line.

    Args:
        run: Of a game of Gaussians.
    """

    game: GaussianGame

    def __init__(self, run: Run) -> None:
        """Choose the points."""
        self.game = game = cast(GaussianGame, run.game)
        self.x: NDArray[np.float64] = game.mean + game.std * np.linspace(-5, 5, POINTS)
        self.p: NDArray[np.float64] = _normal(self.x, game.mean, game.std)

    def frame(self, run: Run) -> Frame:
        """(200,) q, D and D*."""
        d, (a, b) = run.strategies
        found = {"q": _normal(self.x, b, abs(a))}
        for name, (c0, c1, c2) in (("D", d), ("best", self.game.best_discriminator([a, b]))):
            found[name] = torch.sigmoid(torch.from_numpy(c0 + c1 * self.x + c2 * self.x**2)).numpy()
        return {name: numbers.astype(np.float32) for name, numbers in found.items()}

    def pieces(self, frames: list[Frame]) -> list[dict[str, Any]]:
        """For the page."""
        return _curves(frames, self.p, self.x, title="Both densities, D, and the best D", x_label="x", bars=False)

    def draw(self, axes: Any, frames: list[Frame], index: int) -> None:
        """On matplotlib axes."""
        top = max(float(stacked(frames, "q").max()), float(self.p.max()))
        lines = [(self.p, "p: the data"), (frames[index]["q"], "q: the generator")]
        lines += [(top * frames[index]["D"], "D, 0 to 1 over the height"), (top * frames[index]["best"], "D*, exact")]
        for number, (y, name) in enumerate(lines):
            axes.plot(self.x, y, STYLES[number], color=COLORS[number], label=name)
        axes.set(ylim=(0, 1.05 * top), xlabel="x")
        axes.legend(loc="upper right", fontsize="small")


class PathScene:
    """The players as a point in a plane, of their first numbers; if they have one each, what both would do elsewhere.

    Of more than two players, there is a plane for the discriminator and each of the others.

    Args:
        run: The run; its loss decides what the players want.
    """

    game: StrategyGame
    loss: Loss

    def __init__(self, run: Run) -> None:
        """Keep the game, the loss and the equilibrium."""
        self.game, self.loss = cast(StrategyGame, run.game), run.loss
        self.alone: bool = run.game.is_planar
        self.labels = ["psi (D)", "theta (G)", *(agent.removesuffix("_0") for agent in self.game.agents[2:])]
        self.equilibrium = [float(own[0]) for own in self.game.equilibrium_under(self.loss)]

    def frame(self, run: Run) -> Frame:
        """(n,) psi, theta, and the first number of each further player."""
        return {"point": np.array([strategy[0] for strategy in run.strategies])}

    @lru_cache(maxsize=1)  # noqa: B019 - a scene lives as long as its replay
    def field(self, bound: float) -> NDArray[np.float64]:
        """(m, 4) points (psi, theta), and the gradients of both payoffs there, without a penalty."""
        found, line = [], np.linspace(-bound, bound, ARROWS)
        for psi in line:
            for theta in line:
                pair = [torch.tensor([value], dtype=torch.float64, requires_grad=True) for value in (psi, theta)]
                payoffs = self.game.payoffs(self.loss, pair[0], pair[1])
                slopes = [
                    torch.autograd.grad(pay, x, retain_graph=True)[0].item()
                    for pay, x in zip(payoffs, pair, strict=True)
                ]
                found.append([psi, theta, *slopes])
        return np.array(found)

    def _bound(self, frames: list[Frame]) -> float:
        """How far to look from 0: somewhat farther than any player went."""
        farthest = max(float(np.abs(stacked(frames, "point")).max()), float(np.abs(self.equilibrium).max()))
        return max(1.1 * farthest, 0.1)

    def pieces(self, frames: list[Frame]) -> list[dict[str, Any]]:
        """For the page."""
        path, bound = stacked(frames, "point"), self._bound(frames)
        return [
            {
                "kind": "path",
                "title": "Where the players go",
                "x": packed(path[:, 0]),
                "y": packed(path[:, other]),
                "x_label": self.labels[0],
                "y_label": label,
                "bound": bound,
                "equilibrium": [self.equilibrium[0], self.equilibrium[other]],
                "field": packed(self.field(bound).ravel()) if self.alone else None,
            }
            for other, label in enumerate(self.labels)
            if other
        ]

    def draw(self, axes: Any, frames: list[Frame], index: int) -> None:
        """On matplotlib axes."""
        path, bound = stacked(frames, "point"), self._bound(frames)
        if self.alone:
            axes.quiver(*self.field(bound).T, color="#a0a3ad", angles="xy", width=0.003)
        others = self.labels[1:]
        for number, label in enumerate(others):
            at = [0, number + 1]
            color = {"color": COLORS[0] if len(others) == 1 else COLORS[number % len(COLORS)]}
            axes.plot(*path[: index + 1, at].T, STYLES[number % len(STYLES)], label=label, **color)
            axes.plot(*np.array(self.equilibrium)[at], "+", color="black", markersize=12)
            axes.plot(*path[index, at], "o", color=COLORS[1] if len(others) == 1 else color["color"])
        if len(others) > 1:
            axes.legend(loc="upper right", fontsize="small")
        limits = (-bound, bound)
        axes.set(xlim=limits, ylim=limits, aspect="equal", xlabel=self.labels[0], ylabel=" and ".join(others))


def _normal(x: NDArray[np.float64], mean: float, std: float) -> NDArray[np.float64]:
    return np.exp(-0.5 * ((x - mean) / std) ** 2) / (std * np.sqrt(2 * np.pi))


def _curves(frames: list[Frame], p: NDArray[Any], x: NDArray[Any], **about: Any) -> list[dict[str, Any]]:
    """The scene of a page that shows p and q, D and D* over x."""
    names = [("q: the generator", "q", False), ("D", "D", True), ("D*, exact", "best", True)]
    moving = [{"name": name, "y": packed(stacked(frames, key)), "share": share} for name, key, share in names]
    still = {"name": "p: the data", "y": packed(p), "share": False}
    return [{"kind": "curves", "x": packed(x), "series": [still, *moving], **about}]
