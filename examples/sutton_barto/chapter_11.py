"""Chapter 11: off-policy learning that diverges: Baird's counterexample, and w to 2w."""

from pathlib import Path

import numpy as np
from book import BLUE, GREY, ORANGE, Row, label, main, panels

import planners

RATE, DISCOUNT = 0.01, 0.99


def baird() -> tuple[planners.TabularMDP, np.ndarray, np.ndarray]:
    """Model, features and behaviour of Example 11.1: 0 DASHED to one of six states, 1 SOLID to the seventh."""
    P = np.zeros((7, 2, 7))
    P[:, 0, :6], P[:, 1, 6] = 1 / 6, 1.0
    features = np.zeros((7, 8))
    features[range(6), range(6)], features[:6, 7], features[6, 6:] = 2.0, 1.0, (1.0, 2.0)
    model = planners.TabularMDP.from_arrays(P, np.zeros((7, 2)), axes="SAS", initial=np.full(7, 1 / 7))
    return model, features, np.tile([6 / 7, 1 / 7], (7, 1))


def sampled(features: np.ndarray, steps: int, seed: int) -> np.ndarray:
    """(steps, 8) weights of semi-gradient off-policy TD(0)."""
    rng, w, s = np.random.default_rng(seed), np.array([1.0] * 6 + [10.0, 1.0]), 0
    found = np.empty((steps, 8))
    for t in range(steps):
        solid = rng.random() < 1 / 7
        to = 6 if solid else int(rng.integers(6))
        delta = DISCOUNT * features[to] @ w - features[s] @ w
        w = w + RATE * (7.0 if solid else 0.0) * delta * features[s]
        found[t], s = w, to
    return found


def swept(features: np.ndarray, sweeps: int) -> np.ndarray:
    """(sweeps, 8) weights of the semi-gradient of dynamic programming, all states at once."""
    w, found = np.array([1.0] * 6 + [10.0, 1.0]), np.empty((sweeps, 8))
    for k in range(sweeps):
        w = w + RATE / 7 * features.T @ (DISCOUNT * (features[6] @ w) - features @ w)
        found[k] = w
    return found


def chapter(full: bool, picture: Path | None) -> list[Row]:
    model, features, behaviour = baird()
    rule, options = planners.TD(rate=RATE), {"discount": DISCOUNT, "features": features}
    off = planners.spectrum(model, [1] * 7, rule, behaviour=behaviour, **options)
    on = planners.spectrum(model, behaviour, rule, **options)
    weights, runs = swept(features, 20_000), [sampled(features, 1000, seed) for seed in range(20)]
    growth = np.linalg.norm(features @ weights[-1]) / np.linalg.norm(features @ weights[-2])
    doubling = np.log(2) / np.log(off.radius)
    epsilon, x = 0.01, np.array([1.0, 2.0])
    factor = np.linalg.lstsq(x[:, None], 0.99 * np.array([2.0, 2.0 * (1 - epsilon)]), rcond=None)[0][0]
    largest = float(np.median([np.abs(run[-1]).max() for run in runs]))
    rows = [
        Row(
            "Figure 11.2",
            "sweeps: growth of the values, late",
            "diverges",
            growth,
            off.radius,
            1e-9,
            note="exact: spectral radius",
        ),
        Row(
            "Figure 11.2",
            "steps in which they double",
            "-",
            np.log(2) / np.log(growth),
            doubling,
            1e-3,
            note=off.verdict,
        ),
        Row(
            "Figure 11.2",
            "largest weight after 1000 steps, median of 20 runs",
            "about 200",
            largest,
            10.0,
            0,
            "above",
            "10 is where it began",
        ),
        Row("Section 11.2", "on the policy: spectral radius", "converges", on.radius, 1.0, -1e-12, "below", on.verdict),
        Row(
            "Example 11.2",
            "w to 2w: factor of a sweep",
            "above 1",
            factor,
            (6 - 4 * epsilon) / 5 * 0.99,
            1e-9,
            note="(6 - 4 epsilon) gamma / 5",
        ),
    ]
    if picture:
        figure, axes = panels("Figure 11.2: off-policy TD(0), one run", "Figure 11.2: sweeps")
        for ax, curve in zip(axes, (runs[0], weights[:1000]), strict=True):
            for k in range(8):
                color, name = (BLUE, "w1 to w6") if k < 6 else ((ORANGE, "w7") if k == 6 else (GREY, "w8"))
                ax.plot(curve[:, k], color=color, lw=1, label=name if k in (0, 6, 7) else None)
            label(ax, "step" if ax is axes[0] else "sweep", "weight")
        axes[1].plot(
            10 * off.radius ** np.arange(1000), color="black", ls=":", lw=1, label="growth by the spectral radius"
        )
        axes[1].legend(frameon=False, fontsize="small")
        figure.savefig(picture)
    return rows


if __name__ == "__main__":
    main(chapter)
