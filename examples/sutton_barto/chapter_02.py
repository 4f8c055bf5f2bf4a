"""Chapter 2: bandits of ten arms, 2000 of them at once; each arm pays N(q, 1), q from N(0, 1)."""

from pathlib import Path
from typing import Any

import numpy as np
from book import BLUE, GREEN, GREY, ORANGE, PURPLE, Row, label, main, panels
from scipy.stats import norm

ARMS = 10
GRID = np.linspace(-8.0, 8.0, 1601)
BEST = float(np.trapezoid(GRID * ARMS * norm.pdf(GRID) * norm.cdf(GRID) ** (ARMS - 1), GRID))  # E max of ten N(0, 1)


def spike() -> float:
    """The probability that the best arm paid most when each was tried once: Figures 2.3 and 2.4 at step 11."""
    h = GRID[1] - GRID[0]
    joint = norm.pdf(GRID)[:, None] * norm.pdf(GRID[None, :] - GRID[:, None])  # density of (q, reward)
    below = joint.cumsum(axis=0).cumsum(axis=1) * h * h - joint * h * h / 2
    return float(ARMS * (joint * below ** (ARMS - 1)).sum() * h * h)


def play(rule: Any, tasks: int, steps: int, seed: int, shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """(steps,) mean reward, and share of the best arm, of a rule that is given its counts, sums and a generator."""
    rng, each = np.random.default_rng(seed), np.arange(tasks)
    q = rng.normal(shift, 1.0, (tasks, ARMS))
    best, rewards, right = q.argmax(axis=1), np.empty(steps), np.empty(steps)
    act, learn = rule(tasks, rng)
    for t in range(steps):
        arm = act(t)
        reward = rng.normal(q[each, arm], 1.0)
        learn(each, arm, reward, t)
        rewards[t], right[t] = reward.mean(), (arm == best).mean()
    return rewards, right


def value_rule(epsilon: float = 0.0, rate: float = 0.0, initial: float = 0.0, c: float = 0.0) -> Any:
    """Epsilon-greedy or UCB; rate 0 is the sample average."""

    def begin(tasks: int, rng: np.random.Generator) -> Any:
        Q, n = np.full((tasks, ARMS), initial), np.zeros((tasks, ARMS))

        def act(t: int) -> np.ndarray:
            bonus = np.where(n == 0, 1e9, c * np.sqrt(np.log(t + 1) / np.maximum(n, 1))) if c else 0.0
            greedy = (Q + bonus + 1e-9 * rng.random(Q.shape)).argmax(axis=1)  # ties at random
            explores = rng.random(tasks) < epsilon
            return np.where(explores, rng.integers(ARMS, size=tasks), greedy)

        def learn(each: np.ndarray, arm: np.ndarray, reward: np.ndarray, t: int) -> None:
            n[each, arm] += 1
            Q[each, arm] += (rate or 1.0 / n[each, arm]) * (reward - Q[each, arm])

        return act, learn

    return begin


def gradient_rule(rate: float, baseline: bool) -> Any:
    """The gradient bandit."""

    def begin(tasks: int, rng: np.random.Generator) -> Any:
        preferences, mean = np.zeros((tasks, ARMS)), np.zeros(tasks)
        pi = np.full((tasks, ARMS), 1.0 / ARMS)

        def act(t: int) -> np.ndarray:
            pi[:] = np.exp(preferences - preferences.max(axis=1, keepdims=True))
            pi[:] /= pi.sum(axis=1, keepdims=True)
            return (pi.cumsum(axis=1) > rng.random((tasks, 1))).argmax(axis=1)

        def learn(each: np.ndarray, arm: np.ndarray, reward: np.ndarray, t: int) -> None:
            mean[:] += baseline * (reward - mean) / (t + 1)
            gain = rate * (reward - mean)[:, None]
            preferences[:] -= gain * pi
            preferences[each, arm] += gain[:, 0]

        return act, learn

    return begin


STUDY = {  # Figure 2.6: the rule of a parameter, and the powers of 2 that it goes through
    "epsilon-greedy": (value_rule, range(-7, -1)),
    "gradient": (lambda rate: gradient_rule(rate, True), range(-5, 2)),
    "UCB": (lambda c: value_rule(c=c), range(-4, 3)),
    "optimistic": (lambda initial: value_rule(0.0, 0.1, initial), range(-2, 3)),
}


def study(tasks: int, steps: int) -> dict[str, np.ndarray]:
    """Mean reward of all steps, for each parameter of each rule; all play the same bandits."""
    return {
        name: np.array([play(rule(2.0**power), tasks, steps, 26)[0].mean() for power in powers])
        for name, (rule, powers) in STUDY.items()
    }


def study_rows(found: dict[str, np.ndarray], noise: float) -> list[Row]:
    printed = {"epsilon-greedy": "about 1.35", "gradient": "about 1.4", "UCB": "about 1.5", "optimistic": "about 1.45"}
    what = "mean reward of all steps, best parameter"
    return [Row("Figure 2.6", f"{k}: {what}", printed[k], found[k].max(), BEST, noise, "below") for k in found]


def chapter(full: bool, picture: Path | None) -> list[Row]:
    tasks, steps = (2000, 1000) if full else (300, 120)
    rules = {
        "greedy": value_rule(),
        "epsilon .01": value_rule(0.01),
        "epsilon .1": value_rule(0.1),
        "optimistic": value_rule(0.0, 0.1, 5.0),
        "realistic": value_rule(0.1, 0.1),
        "UCB": value_rule(c=2.0),
    }
    found = {name: play(rule, tasks, steps, 1) for name, rule in rules.items()}
    for baseline in (True, False):
        name = f"gradient, {'with' if baseline else 'without'} baseline"
        found[name] = play(gradient_rule(0.1, baseline), tasks, steps, 1, shift=4.0)
    late = slice(-steps // 10, None)
    rewards, right = ({name: each[k] for name, each in found.items()} for k in (0, 1))
    noise = 5.0 / np.sqrt(tasks)  # five standard errors of a mean over the tasks, of which the largest is near 1
    rng, limit = np.random.default_rng(2), 0.9 * BEST
    means = rng.normal(size=(tasks, ARMS)).max(axis=1).mean()
    third, last = "noisy: one in three of these bandits", 0.1 * noise
    rows = [
        Row("Figure 2.2", "best possible reward", "1.54", means, BEST, noise, note="exact: mean of the largest of ten"),
        Row(
            "Figure 2.2",
            "greedy: reward of step 2",
            "-",
            rewards["greedy"][1],
            (2 / np.pi) ** 0.5 / 2**1.5,
            noise * 1.5,
        ),
        Row("Figure 2.2", "greedy: late reward", "about 1", rewards["greedy"][late].mean(), BEST, noise, "below"),
        Row(
            "Figure 2.2",
            "greedy: share of the best arm",
            "a third",
            right["greedy"][late].mean(),
            1 / 3,
            0.1,
            "book",
            third,
        ),
        Row(
            "Figure 2.2",
            "epsilon .1: late reward",
            "about 1.3",
            rewards["epsilon .1"][late].mean(),
            limit,
            noise,
            "below",
        ),
        Row("Figure 2.2", "epsilon .1: best arm", "about .8", right["epsilon .1"][late].mean(), 0.91, last, "below"),
        Row("Figure 2.2", "epsilon .01: best arm", ".5 to .6", right["epsilon .01"][late].mean(), 0.991, last, "below"),
        Row("Figure 2.3", "optimistic 5: best arm at step 11", "spike", right["optimistic"][10], spike(), noise / 2),
        Row("Figure 2.3", "realistic, epsilon .1", "about .75", right["realistic"][late].mean(), 0.91, last, "below"),
        Row("Figure 2.4", "UCB: reward of step 11", "spike", rewards["UCB"][10], BEST / 2**0.5, noise * 1.5),
        Row("Figure 2.4", "UCB c = 2: late reward", "about 1.5", rewards["UCB"][late].mean(), BEST, noise, "below"),
    ]
    if full:  # what such few steps cannot show
        rows += [
            Row(
                "Figure 2.3",
                "optimistic 5: best arm, late",
                "about .85",
                right["optimistic"][late].mean(),
                0.85,
                0.05,
                "book",
            ),
            Row(
                "Figure 2.5",
                "gradient, baseline",
                "about .85",
                right["gradient, with baseline"][late].mean(),
                0.85,
                0.07,
                "book",
            ),
            Row(
                "Figure 2.5", "without", "about .5", right["gradient, without baseline"][late].mean(), 0.5, 0.07, "book"
            ),
        ]
    found = study(1000 if full else 50, steps)
    rows += study_rows(found, 5.0 / (1000 if full else 50) ** 0.5)
    if picture:
        draw(rewards, right, found, picture)
    return rows


def draw(
    rewards: dict[str, np.ndarray], right: dict[str, np.ndarray], studied: dict[str, np.ndarray], picture: Path
) -> None:
    figure, axes = panels("Figure 2.2", "Figure 2.3", "Figure 2.4", "Figure 2.5", "Figure 2.6")
    shown = [("greedy", "epsilon .01", "epsilon .1"), ("optimistic", "realistic"), ("UCB", "epsilon .1")]
    shown.append(("gradient, with baseline", "gradient, without baseline"))
    for k, (ax, names) in enumerate(zip(axes[:4], shown, strict=True)):
        curves = rewards if k in (0, 2) else right
        for name, color in zip(names, (BLUE, ORANGE, GREEN), strict=False):
            ax.plot(np.arange(1, len(curves[name]) + 1), curves[name], color=color, lw=1, label=name)
        if k in (0, 2):
            ax.axhline(BEST, color=GREY, ls="--", lw=1, label="best possible, 1.5388")
        if k == 0:
            ax.axhline(0.9 * BEST, color=PURPLE, ls=":", lw=1, label="limit of epsilon .1, 1.3849")
        if k == 1:
            ax.plot(11, spike(), "o", color=GREY, ms=4, label="step 11, exactly")
        if k == 2:
            ax.plot(11, BEST / 2**0.5, "o", color=GREY, ms=4, label="step 11, exactly")
        label(ax, "step", "mean reward" if curves is rewards else "share of the best arm")
    for (name, means), color in zip(studied.items(), (ORANGE, BLUE, GREEN, PURPLE), strict=True):
        axes[4].plot(2.0 ** np.array(STUDY[name][1]), means, color=color, lw=1, marker="o", ms=3, label=name)
    axes[4].axhline(BEST, color=GREY, ls="--", lw=1, label="best possible, 1.5388")
    axes[4].set_xscale("log", base=2)
    axes[4].set_ylim(1.05, 1.9)  # room for the legend
    label(axes[4], "epsilon, alpha, c or Q0", "mean reward of 1000 steps")
    figure.savefig(picture)


if __name__ == "__main__":
    main(chapter)
