"""Chapter 5: Monte Carlo: blackjack, importance sampling, and an estimate of infinite variance."""

from pathlib import Path
from typing import Any

import numpy as np
from book import BLUE, GREEN, GREY, ORANGE, Row, from_start, label, main, panels

import planners
from gridworld_env.models import blackjack, blackjack_state

STICK, HIT = 0, 1
STATE = blackjack_state(13, 2, True)  # Example 5.4: 13, a usable ace, the dealer shows 2


def stick_on_20() -> np.ndarray:
    """(200,) actions: stick on 20 or 21."""
    return np.where(np.arange(200) % 10 >= 8, STICK, HIT)


def variance_of_ordinary(model: Any, policy: np.ndarray, value: float) -> float:
    """The exact variance of rho G of one episode, where the behaviour sticks or hits alike often.

    E[(rho G)^2] = sum_a pi(a)^2 / b(a) [...]: with b = 1/2 each step along the policy's action counts twice. G is paid
    when the episode ends; G^2 is 1 but for draws.
    """
    S = model.num_states
    rows = np.arange(S) * 2 + policy
    squares = np.zeros(S)
    np.add.at(
        squares,
        model.results.pair // 2,
        model.results.probability
        * model.results.reward**2
        * (model.results.pair % 2 == policy[model.results.pair // 2]),
    )
    second = np.linalg.solve(np.eye(S) - 2.0 * model.transitions[rows].toarray(), 2.0 * squares)
    return float(second[STATE] - value**2)


def importance_sampling(model: Any, policy: np.ndarray, runs: int, episodes: int) -> np.ndarray:
    """(2, runs, episodes) ordinary and weighted estimates after each episode of the random behaviour."""
    start = np.zeros(200)
    start[STATE] = 1.0
    rng, count = np.random.default_rng(3), runs * episodes
    state, rho, G = np.full(count, STATE), np.ones(count), np.zeros(count)
    going = np.arange(count)
    first = np.searchsorted(model.results.pair, np.arange(401))
    cut = np.cumsum(model.results.probability)
    base = np.r_[0.0, cut][first]
    while len(going):
        action = rng.integers(2, size=len(going))
        pair = state[going] * 2 + action
        rho[going] *= 2.0 * (action == policy[state[going]])
        picked = np.searchsorted(cut, base[pair] + rng.random(len(going)) * (1 - 1e-12), side="right")
        picked = np.clip(picked, first[pair], first[pair + 1] - 1)
        G[going], state[going] = model.results.reward[picked], model.results.next_state[picked]
        going = going[~model.results.ends[picked]]
    rho, G = rho.reshape(runs, episodes), G.reshape(runs, episodes)
    total, n = np.cumsum(rho * G, axis=1), np.arange(1, episodes + 1)
    weights = np.cumsum(rho, axis=1)
    return np.stack([total / n, np.divide(total, weights, out=np.zeros_like(total), where=weights > 0)])


def infinite(runs: int, episodes: int) -> np.ndarray:
    """(runs, episodes) ordinary estimates of Example 5.5: LEFT goes on with .9 and pays 1 with .1; behaviour 1/2."""
    rng = np.random.default_rng(4)
    length = rng.geometric(0.1, (runs, episodes))  # steps LEFT until the end
    took = rng.random((runs, episodes)) < 0.5 ** np.minimum(length, 60)
    scaled = np.where(took, 2.0 ** np.minimum(length, 60), 0.0)
    return np.cumsum(scaled, axis=1) / np.arange(1, episodes + 1)


def chapter(full: bool, picture: Path | None) -> list[Row]:
    model, policy = blackjack(), stick_on_20()
    values, plan = planners.evaluate(model, policy, discount=1.0), planners.solve(model, discount=1.0)
    game = planners.simulate(model, policy, episodes=500_000 if full else 20_000, discount=1.0, seed=1)
    best = planners.simulate(model, plan, episodes=500_000 if full else 20_000, discount=1.0, seed=2)
    runs, episodes = (100, 10_000) if full else (100, 500)
    ordinary, weighted = importance_sampling(model, policy, runs, episodes)
    mse = [((each - values[STATE]) ** 2).mean(axis=0) for each in (ordinary, weighted)]
    one = variance_of_ordinary(model, policy, values[STATE])
    error = abs(ordinary[:, -1].mean() - values[STATE]) * (runs / (one / episodes)) ** 0.5
    wild = infinite(10, 1_000_000 if full else 10_000)
    rows = [
        Row(
            "Example 5.4",
            "v(13, ace, dealer 2)",
            "-0.27726",
            values[STATE],
            -0.2772041918,
            1e-10,
            "solved",
            "a fraction; printed: mean of 10^8 games",
        ),
        Row(
            "Figure 5.1",
            "stick on 20: mean of all games",
            "-",
            game.mean,
            from_start(model, values),
            6 * game.standard_error,
        ),
        Row(
            "Figure 5.1",
            "v(21), dealer 10, no ace",
            "curve",
            values[blackjack_state(21, 10, False)],
            0.9,
            0.03,
            "solved",
        ),
        Row(
            "Figure 5.2",
            "best: mean of all games",
            "-",
            best.mean,
            from_start(model, plan.values),
            6 * best.standard_error,
        ),
        Row(
            "Figure 5.2",
            "value at the deal",
            "-",
            from_start(model, plan.values),
            -0.0465560,
            1e-6,
            "solved",
            "21 of two cards is any 21",
        ),
        Row("Figure 5.3", "ordinary: mean of the runs, standard errors off", "-", error, 0.0, 5.5),
        Row(
            "Figure 5.3",
            "ordinary: error^2 after 100 episodes",
            "curve",
            mse[0][99],
            one / 100,
            one / 100 * 0.9,
            "is",
            "exact: variance / n",
        ),
        Row(
            "Figure 5.3",
            "weighted: error^2 after 3 episodes",
            "curve",
            mse[1][2],
            one / 3,
            0.0,
            "below",
            "exact: of the ordinary one",
        ),
        Row("Example 5.5", "v", "1", (0.1 / (1 - 0.9)), 1.0, 1e-12, "solved", "ordinary: variance infinite"),
        Row(
            "Figure 5.4",
            "largest estimate of ten runs",
            "no limit",
            wild[:, 50:].max(),
            1.0,
            0.0,
            "above",
            "it never settles",
        ),
    ]
    if picture:
        draw(values, mse, one, wild, picture)
    return rows


def draw(values: np.ndarray, mse: list[np.ndarray], one: float, wild: np.ndarray, picture: Path) -> None:
    figure, axes = panels(
        "Figure 5.1: stick on 20, exactly", "Figure 5.3: error^2", "Figure 5.4: ordinary estimates of 1"
    )
    axes[0].imshow(
        values[:100].reshape(10, 10).T, origin="lower", extent=(0.5, 10.5, 11.5, 21.5), cmap="RdBu", vmin=-1, vmax=1
    )
    label(axes[0], "dealer's card, no usable ace", "total", legend=False)
    n = np.arange(1, len(mse[0]) + 1)
    for curve, name, color in zip(mse, ("ordinary", "weighted"), (GREEN, ORANGE), strict=True):
        axes[1].semilogx(n, curve, color=color, lw=1, label=f"{name}, 100 runs")
    axes[1].plot(n, one / n, color=GREY, ls="--", lw=1, label="ordinary, exactly")
    axes[1].set_ylim(0, 4)
    label(axes[1], "episode", "mean squared error")
    shown = np.unique(np.geomspace(1, wild.shape[1], 2000).astype(int)) - 1
    for run in wild:
        axes[2].semilogx(shown + 1, run[shown], color=BLUE, lw=0.7)
    axes[2].axhline(1.0, color=GREY, ls="--", lw=1, label="v = 1")
    axes[2].set_ylim(0, 3)
    label(axes[2], "episode", "estimate")
    figure.savefig(picture)


if __name__ == "__main__":
    main(chapter)
