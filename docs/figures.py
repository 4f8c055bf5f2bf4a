"""Draws the pictures of the pages: `python docs/figures.py`, or with the names of some.

A page's Python blocks are run in order; where an image `figures/NAME.png` follows, the function NAME below draws it
from the names that the blocks have defined by then. So a picture shows what the code above it computed.
"""

import contextlib
import io
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

import gan_lab
import gridworld_env
import planners
from planners.plans.continuous_plots import draw_bounds

DOCS = Path(__file__).resolve().parent
LECTURE = ("lecture_planning.md", "lecture_gans.md")
PAGES = (
    *LECTURE,
    "gallery.md",
    "unknown.md",
    "choosing.md",
    "continuous.md",
    "games.md",
    "howto/trade_offs.md",
    "howto/experiments.md",
)
BLUE, ORANGE, GREEN, PURPLE, INK = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#181b24"
PART = re.compile(
    r"^```python\n(?P<code>.*?)^```$|!\[[^\]]*\]\((?:\.\./)?figures/(?P<name>\w+)\.png\)", re.MULTILINE | re.DOTALL
)

Page = dict[str, Any]
DRAWN: dict[str, Callable[[Page], Figure]] = {}


def drawn(function: Callable[[Page], Figure]) -> Callable[[Page], Figure]:
    """Register a picture under the function's name."""
    DRAWN[function.__name__] = function
    return function


def draw_page(page: str, wanted: set[str] | None = None) -> Iterator[tuple[str, Figure]]:
    """(name, figure) of the pictures of a page, in their order."""
    names: Page = {"__name__": page}
    for part in PART.finditer((DOCS / page).read_text(encoding="utf-8")):
        if part["code"] and ">>>" not in part["code"]:
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(part["code"], page, "exec"), names)
        elif part["name"] and (wanted is None or part["name"] in wanted):
            yield part["name"], DRAWN[part["name"]](dict(names))


def new_figure(width: float = 9.0, height: float = 3.4) -> Figure:
    """A figure of `width` x `height` hundred pixels without a display."""
    figure = Figure(figsize=(width, height), layout="constrained", dpi=100)
    FigureCanvasAgg(figure)
    return figure


def tidy(axes: Any, legend: bool = True) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    if legend:
        axes.legend(frameon=False, fontsize="small")


def on_map(env: Any, axes: Any, title: str, discount: float = 0.9, **shown: Any) -> Any:
    """A plan on its map, under a title."""
    plan = shown.pop("plan", None) or planners.solve(env, discount=discount)
    plan.plot(env, axes)
    axes.set_title(title, fontsize=11)
    return plan


def heat_of(env: Any, values: Any, axes: Any, title: str, policy: Any = None) -> None:
    """Any values on a map: those of a plan are exchanged for them, and its best actions for a policy's."""
    plan = planners.solve(env, discount=0.9)
    arrows = np.zeros_like(plan.optimal_actions)
    if policy is not None:
        arrows[np.arange(len(policy)), policy] = True
    Shown(plan, np.asarray(values, dtype=np.float64), arrows).plot(env, axes)
    axes.set_title(title, fontsize=11)


class Shown:
    """What `planners.plans.plots` needs of a plan, with values and actions of somebody else."""

    def __init__(self, plan: planners.Plan, values: Any, actions: Any) -> None:
        self.values, self.optimal_actions, self.history, self.method = values, actions, plan.history, plan.method
        self.model = plan.model

    def plot(self, env: Any, axes: Any) -> Any:
        from planners.plans.plots import plot_plan

        return plot_plan(self, env, axes)  # pyright: ignore[reportArgumentType]


# Part one


@drawn
def pareto(page: Page) -> Figure:
    """The trade-offs of reward and pit on the lecture's map."""
    figure = new_figure(5.2, 3.8)
    page["front"].plot(figure.subplots())
    return figure


@drawn
def implicit(page: Page) -> Figure:
    """A square net of noise, and its image under the generator."""
    figure = new_figure(7, 3.4)
    left, right = figure.subplots(1, 2)
    line, across = np.linspace(-2, 2, 81), np.linspace(-2, 2, 17)
    for number, fixed in enumerate(across):
        for pair in ((np.full_like(line, fixed), line), (line, np.full_like(line, fixed))):
            noise = np.stack(pair, axis=1).astype(np.float32)
            samples = page["generator"].act(noise).detach().numpy()
            color = np.array(to_rgb(BLUE)) * (1 - number / 16) + np.array(to_rgb(ORANGE)) * number / 16
            left.plot(*noise.T, color=color, linewidth=0.8)
            right.plot(*samples.T, color=color, linewidth=0.8)
    left.set(title="noise z", aspect="equal")
    right.set(title="samples G(z)", aspect="equal")
    for axes in (left, right):
        tidy(axes, legend=False)
    return figure


@drawn
def algorithm_1(page: Page) -> Figure:
    figure = new_figure(7, 4.4)
    axes = figure.subplots(2, 1, sharex=True)
    page["run"].plot(axes)
    for part in axes:
        tidy(part)
    return figure


@drawn
def dirac(page: Page) -> Figure:
    """The field V and where three rules go."""
    figure = new_figure(9, 3.4)
    reach = np.linspace(-2.6, 2.6, 121)
    psi, theta = np.meshgrid(reach, reach, indexing="ij")
    V = -np.logaddexp(0.0, psi * theta) - np.log(2.0)
    colors = (BLUE, PURPLE, GREEN)
    for axes, rule, color in zip(
        figure.subplots(1, 3, sharex=True, sharey=True),
        ("simultaneous", "alternating", "extragradient"),
        colors,
        strict=True,
    ):
        path = [(1.0, 1.0)]
        players = [gan_lab.Strategist(name, [1.0], gan_lab.ascent(0.2)) for name in ("generator_0", "discriminator_0")]
        gan_lab.train(
            "dirac", *players, update=rule, steps=150, truth_every=1,
            callbacks=[lambda run, path=path: path.append(tuple(part[0] for part in run.strategies))],
        )  # fmt: skip
        axes.contourf(psi, theta, V, levels=15, cmap="Greys", alpha=0.35)
        axes.plot(*zip(*path, strict=True), color=color, marker=".", markersize=3)
        axes.plot([0], [0], marker="+", color=INK, markersize=10)
        axes.set(title=rule, xlabel="psi, the slope of D")
        tidy(axes, legend=False)
    figure.axes[0].set_ylabel("theta, where G is")
    return figure


@drawn
def proposition_1(page: Page) -> Figure:
    figure = new_figure(8, 3.4)
    axes = figure.subplots()
    x = np.linspace(-4, 5, 500)
    (scale, shift), game = page["fake"], page["bell"]
    p, q = (
        np.exp(-(((x - m) / s) ** 2) / 2) / s / np.sqrt(2 * np.pi) for m, s in ((game.mean, game.std), (shift, scale))
    )
    c = page["score"].detach().numpy()
    axes.fill_between(x, p, color=BLUE, alpha=0.3, linewidth=0, label="data p")
    axes.fill_between(x, q, color=ORANGE, alpha=0.3, linewidth=0, label="generated p_g")
    axes.plot(x, p / (p + q), color=INK, linewidth=3, alpha=0.35, label="D* = p / (p + p_g)")
    axes.plot(x, 1 / (1 + np.exp(-(c[0] + c[1] * x + c[2] * x**2))), color=GREEN, linestyle="--", label="D learned")
    axes.set(xlabel="x", ylabel="density, and D(x)", ylim=(0, 1.05))
    tidy(axes)
    return figure


@drawn
def theorem_1(page: Page) -> Figure:
    figure = new_figure(7, 3.2)
    axes = figure.subplots()
    game, q, p = page["game"], np.array(page["p_g"]), page["p"]
    t = np.linspace(0, 1.6, 200)
    mixed = [(1 - part) * q + part * p for part in t]
    axes.plot(t, [game.criterion(part) for part in mixed], color=BLUE, label="C(G) = max over D of V(D, G)")
    axes.plot(t, [game.value(game.best_discriminator(q), part) for part in mixed], color=ORANGE, linestyle="--",
              label="V with the first best D, kept")  # fmt: skip
    axes.axhline(-np.log(4), color=INK, linewidth=0.8, linestyle=":", label="-log 4")
    axes.set(xlabel="p_g: 0 as at first, 1 the data", ylabel="nats")
    tidy(axes)
    return figure


@drawn
def proposition_2(page: Page) -> Figure:
    figure = new_figure(7, 3.2)
    axes = figure.subplots()
    steps = np.arange(21)
    for refresh, color, label in ((1, BLUE, "the best D before every step"), (1000, ORANGE, "the first D, kept")):
        jsd = [page["mirror_descent"](page["p"], np.array(page["p_g"]), int(k), refresh) for k in steps]
        axes.plot(steps, jsd, color=color, marker=".", label=label)
    axes.set(yscale="log", xlabel="steps of G", ylabel="JSD(p, p_g) (nats)")
    axes.set_xticks(steps[::5])
    tidy(axes)
    return figure


@drawn
def generator_gradient(page: Page) -> Figure:
    """Arrows on the triangle of all distributions on three atoms, pointing downhill for the generator."""
    figure = new_figure(5.6, 4.6)
    axes = figure.subplots()
    corners = np.array([(0.0, 0.0), (1.0, 0.0), (0.5, np.sqrt(0.75))])
    n, game = 14, page["game"]
    for i in range(1, n):
        for j in range(1, n - i):
            q = np.array([i, j, n - i - j]) / n
            gradient = gan_lab.truth.generator_gradient(game.best_discriminator(q), q)
            push = q * (-gradient - (q * -gradient).sum())  # of the logits, as a change of q
            here, step = q @ corners, push @ corners
            length = np.hypot(*step)
            axes.quiver(*here, *step / max(length, 1e-12) * 0.045, angles="xy", scale_units="xy", scale=1, width=0.004,
                        color=BLUE, alpha=min(1.0, 0.25 + 20 * length))  # fmt: skip
    axes.plot(*np.vstack([corners, corners[:1]]).T, color=INK, linewidth=1)
    axes.plot(*(page["p"] @ corners), marker="o", color=ORANGE, linestyle="none", label="the data p")
    axes.plot(*(np.array(page["p_g"]) @ corners), marker="s", color=GREEN, linestyle="none", label="p_g above")
    for number, (x, y) in enumerate(corners):
        axes.annotate(f"all on atom {number}", (x, y), (0, 8 if number == 2 else -14), textcoords="offset points",
                      ha="center", fontsize=9)  # fmt: skip
    axes.set(aspect="equal", ylim=(-0.08, 0.98))
    axes.axis("off")
    axes.legend(frameon=False, loc="upper left")
    return figure


# Part two


@drawn
def gridworld(page: Page) -> Figure:
    del page
    env = gym.make("GridWorld-v0", render_mode="rgb_array")
    env.reset(seed=1)
    frames = [env.render()]
    for action in (0, 0, 1, 1, 1):
        env.step(action)
        frames.append(env.render())
    figure = new_figure(8, 3.0)
    for axes, frame in zip(figure.subplots(1, 2), (frames[0], frames[-1]), strict=True):
        axes.imshow(np.asarray(frame))
        axes.axis("off")
    return figure


@drawn
def is_optimal(page: Page) -> Figure:
    env = gym.make("GridWorld-v0")
    figure = new_figure(4.6, 3.6)
    axes = figure.subplots()
    policy = np.array(page["up_then_right"])
    policy[10] = 0
    heat_of(env, -page["verdict"].regrets, axes, "V of the policy less V*", policy)
    return figure


@drawn
def step_reward(page: Page) -> Figure:
    del page
    figure = new_figure(9, 3.6)
    for axes, reward in zip(figure.subplots(1, 2), (-2.0, -0.5), strict=True):
        on_map(gym.make("GridWorld-v0", step_reward=reward), axes, f"{reward:g} a step", discount=1)
    return figure


@drawn
def discounting(page: Page) -> Figure:
    del page
    figure = new_figure(11, 3.2)
    for axes, discount in zip(figure.subplots(1, 3), (0.5, 0.9, 1.0), strict=True):
        on_map(gym.make("GridWorld-v0", slip=0.2), axes, f"discount {discount:g}", discount=discount)
    return figure


@drawn
def bellman(page: Page) -> Figure:
    env = gym.make("GridWorld-v0", slip=0.2, render_mode="rgb_array").unwrapped
    assert isinstance(env, gridworld_env.GridWorldEnv)
    env.set_overlay(action_values=page["Q"])
    figure = new_figure(5, 3.8)
    axes = figure.subplots()
    axes.imshow(np.asarray(env.render())[:-30])
    axes.axis("off")
    return figure


@drawn
def evaluation(page: Page) -> Figure:
    figure = new_figure(9, 3.6)
    left, right = figure.subplots(1, 2)
    heat_of(page["env"], page["by_hand"], left, "every action alike")
    on_map(page["env"], right, "the best policy")
    return figure


@drawn
def value_iteration(page: Page) -> Figure:
    figure = new_figure(12, 2.8)
    for axes, k in zip(figure.subplots(1, 4), (1, 2, 4, 10), strict=True):
        heat_of(page["env"], page["sweeps"][k], axes, "1 sweep" if k == 1 else f"{k} sweeps")
    return figure


@drawn
def certificate(page: Page) -> Figure:
    figure = new_figure(7, 3.6)
    axes = figure.subplots()
    page["by_library"].plot(axes=axes)
    stopped = (planners.value_iteration(page["env"], discount=0.9, max_iterations=n, throw=False) for n in range(1, 24))
    true = [abs(plan.values - page["plan"].values).max() for plan in stopped]  # of the values that the bound is for
    axes.plot(range(1, 24), true, color=GREEN, label="true error")
    tidy(axes)
    return figure


@drawn
def policy_iteration(page: Page) -> Figure:
    found = page["policies"]
    figure = new_figure(3 * len(found), 2.8)
    for number, (axes, policy) in enumerate(zip(figure.subplots(1, len(found)), found, strict=True)):
        values = planners.evaluate(page["env"], policy, discount=0.9)
        heat_of(page["env"], values, axes, "at random" if number == 0 else f"policy {number}", policy)
    return figure


# Open questions


@drawn
def continuous(page: Page) -> Figure:
    figure = new_figure(7, 4)
    axes = figure.subplots()
    n = 40
    image = axes.imshow(
        page["car"].values.reshape(n, n).T,
        origin="lower",
        extent=(-1.2, 0.6, -0.07, 0.07),
        aspect="auto",
        cmap="cividis",
    )
    for seed in (1, 4, 5):
        path = np.array(page["drive"](n, page["car"].policy, seed))
        axes.plot(*path.T, color="white", linewidth=1.2)
        axes.plot(*path[0], marker="o", color="white", markersize=4)
    axes.axvline(0.5, color=ORANGE, linewidth=1.5, linestyle="--")
    axes.set(xlabel="place (the flag is at 0.5)", ylabel="speed", title="V* on 40 x 40 nodes, drives on the real hill")
    figure.colorbar(image, ax=axes, label="discounted steps to the flag, negative")
    return figure


@drawn
def mountain_car(page: Page) -> Figure:
    figure = new_figure(11, 7)
    draw_bounds(page["plan"], figure)
    return figure


@drawn
def robot(page: Page) -> Figure:
    """The environment's own picture of four rooms, with bounds and drives."""
    env = gym.make("ContinuousGridWorld-v0", map_name="four-rooms", noise=0.1, render_mode="rgb_array")
    inside: Any = env.unwrapped
    plan = planners.continuous.solve(inside.system, cells=(52, 52), discount=0.95)
    drives = [np.array(each.observations) for each in planners.rollout(env, plan, episodes=3, seed=3)]
    inside.set_overlay(plan=plan, drives=drives)
    env.reset(seed=5, options={"position": (1.5, 1.5)})
    for _ in range(12):
        env.step(plan.act(np.array(inside.path[-1])))
    figure = new_figure(6.4, 6.4)
    axes = figure.subplots()
    axes.imshow(inside.render(), interpolation="antialiased")
    axes.axis("off")
    return figure


# The gallery


@drawn
def games(page: Page) -> Figure:
    """Gradient play of matching pennies, what learners lose, and the proven error of three methods in soccer."""
    figure = new_figure(11, 3.6)
    one, two, three = figure.subplots(1, 3)
    path = 0.5 + np.array(page["path"])
    one.plot(path[:, 1], path[:, 0], color=BLUE, marker=".", markersize=3, label="gradient play")
    one.plot([0.5], [0.5], marker="+", color=INK, markersize=12, linestyle="none", label="equilibrium")
    one.set(
        xlim=(0, 1), ylim=(0, 1), xlabel="theta + 1/2", ylabel="psi + 1/2", title="gradient play of matching pennies"
    )
    lost = [page["game"].exploitability([psi], [theta]) for psi, theta in page["path"]]
    two.semilogy(range(len(lost)), lost, color=BLUE, label="gradient play")
    for (name, run), color in zip(page["runs"].items(), (ORANGE, GREEN), strict=True):
        two.semilogy(run.steps, np.maximum(run.exploitability, 1e-3), color=color, label=name)
    two.set(xscale="log", xlabel="steps", title="what both can lose (0 drawn as .001)")
    for (name, history), color in zip(page["histories"].items(), (BLUE, ORANGE, GREEN), strict=True):
        three.semilogy([step.error_bound for step in history], color=color, label=name.replace("_", " "))
    three.set(xlabel="sweeps", title="soccer: proven error")
    for axes in (one, two, three):
        tidy(axes, legend=axes is not one)
    return figure


@drawn
def worlds(page: Page) -> Figure:
    figure = new_figure(11, 7.5)
    for axes, (name, (env, plan)) in zip(figure.subplots(2, 2).flat, page["solved"].items(), strict=True):
        on_map(env, axes, name, plan=plan)
    return figure


@drawn
def maze(page: Page) -> Figure:
    figure = new_figure(11, 5.8)
    on_map(page["maze"], figure.subplots(), page["maze_plan"].method, plan=page["maze_plan"])
    return figure


@drawn
def flips(page: Page) -> Figure:
    figure = new_figure(11, 5.6)
    for axes, (reward, env, plan) in zip(figure.subplots(2, 3).flat, page["flips"], strict=True):
        on_map(env, axes, f"{reward:g} a step", plan=plan)
    return figure


@drawn
def triangle(page: Page) -> Figure:
    """The paths over the lines of equal JSD."""
    figure = new_figure(10, 3.6)
    corners, n, game = np.array([(0.0, 0.0), (1.0, 0.0), (0.5, np.sqrt(0.75))]), 60, page["game"]
    atoms = np.array([(i, j, n - i - j) for i in range(n + 1) for j in range(n + 1 - i)]) / n
    jsd = [gan_lab.truth.jsd(game.p, q) for q in atoms]
    for axes, (name, path) in zip(figure.subplots(1, 3), page["paths"].items(), strict=True):
        axes.tricontour(*(atoms @ corners).T, jsd, levels=np.geomspace(1e-3, 0.4, 9), colors=INK, linewidths=0.4)
        axes.plot(*np.vstack([corners, corners[:1]]).T, color=INK, linewidth=1)
        axes.plot(*(np.array(path) @ corners).T, color=BLUE, marker=".", markersize=3, linewidth=1)
        axes.plot(*(game.p @ corners), color=ORANGE, marker="o", linestyle="none")
        axes.set(title=name, aspect="equal")
        axes.axis("off")
    return figure


@drawn
def unknown(page: Page) -> Figure:
    """The gap of proven bounds against the number of samples, and the true error of the frequencies."""
    figure = new_figure(11, 3.8)
    styles = {"l1": (PURPLE, "L1 ball (Weissman)"), "bernstein": (GREEN, "empirical Bernstein"), "kl": (BLUE, "KL")}
    for axes, world in zip(figure.subplots(1, 3), page["worlds"], strict=True):
        for (name, line), numbers in page["curves"].items():
            if name == world:
                color, label = styles.get(line, (ORANGE, "true error of the frequencies (mean of 20)"))
                axes.loglog(page["samples"], numbers, color=color, marker="o", markersize=4, label=label)
        axes.set(title=world, xlabel="samples of each pair")
        tidy(axes, legend=False)
    figure.axes[0].set_ylabel("upper - lower at the start; error")
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)
    return figure


@drawn
def experiments(page: Page) -> Figure:
    """Three update rules on the Dirac game, as `gan_lab.plot` draws them."""
    return page["figure"]


@drawn
def growth(page: Page) -> Figure:
    """Seconds of `solve` by states, discount, actions and next states, as `benchmarks/growth.py` measured them."""
    rows = json.loads((DOCS.parent / "benchmarks" / "growth.json").read_text(encoding="utf-8"))
    figure = new_figure(9.0, 2.9)
    for axes, (what, points), color in zip(
        figure.subplots(1, 4, sharey=True), rows.items(), (BLUE, ORANGE, GREEN, PURPLE), strict=True
    ):
        value, median, least, most = np.array(points).T
        axes.plot(value, median[0] * value / value[0], color="0.75", linestyle="--", linewidth=1)
        axes.errorbar(value, median, (median - least, most - median), color=color, marker="o", markersize=4, capsize=2)
        axes.set(xscale="log", yscale="log", xlabel=what.replace(", ", "\n"), ylim=(1e-3, 10))
        axes.xaxis.set_minor_formatter(NullFormatter())
    figure.axes[0].set_ylabel("seconds")
    return figure


def main(names: list[str]) -> None:
    torch.set_num_threads(1)
    wanted = set(names) or None
    if unknown := set(names) - set(DRAWN):
        raise SystemExit(f"no picture is called {', '.join(sorted(unknown))}; there are {', '.join(sorted(DRAWN))}")
    for page in PAGES:
        for name, figure in draw_page(page, wanted):
            file = DOCS / "figures" / f"{name}.png"
            figure.savefig(file, metadata={"Software": None})
            print(f"wrote {file.relative_to(DOCS.parent)}")


if __name__ == "__main__":
    main(sys.argv[1:])
