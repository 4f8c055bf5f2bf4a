"""The command `gridworld`: plan on a map, explore it, watch the policy, learn, list maps, make a map.

Exit codes: 0 done, 2 bad input, 3 the tolerance was not reached.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from functools import wraps
from inspect import Parameter, Signature, getdoc, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import gymnasium as gym
import numpy as np
import typer
from rich.console import Console
from rich.table import Column, Table

from gridworld_env.cli.dry_run import dry_run
from gridworld_env.cli.known_names import AGENTS
from gridworld_env.cli.plan_options import MapOptions, PlanOptions, described
from gridworld_env.ui.files.whole_file import check_place
from gridworld_env.ui.pages.page import size_text
from gridworld_env.ui.versions import version_option
from gridworld_env.ui.widgets.display import has_display

if TYPE_CHECKING:
    import planners
    from gridworld_env.replays.learning_replay import LearningReplay
    from gridworld_env.replays.replay import Replay

app: typer.Typer = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
)
out: Console = Console(highlight=False)
VERSION = version_option("gymnasium", "numpy", "scipy", "numba", "pygame-ce", "pillow")


@app.callback()
def gridworld(version: Annotated[bool, VERSION] = False) -> None:
    """A gridworld with open tables: plan on a map, explore it, watch the policy, learn, list maps, make a map."""


def _at_least_one(count: int) -> int:
    """The number; `min=1` of typer would do the same, but its "<int range> [x>=1]" cuts names of options off."""
    if count < 1:
        raise typer.BadParameter(f"{count} is not a whole number of at least 1.")
    return count


def _with(options: type[MapOptions]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make commands that take the fields of `options` before their own options, and turn errors into exit codes."""
    shared = [Parameter(f.name, Parameter.KEYWORD_ONLY, default=f.default, annotation=f.type) for f in fields(options)]

    def decorated(command: Callable[..., None]) -> Callable[..., None]:
        parameters = [*shared, *list(signature(command).parameters.values())[1:]]

        @wraps(command)
        def run(**given: Any) -> None:
            with _exit_codes():
                command(options(**{option.name: given.pop(option.name) for option in shared}), **given)

        run.__signature__ = Signature(parameters)  # pyright: ignore[reportAttributeAccessIssue] - what Typer reads
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return run

    return decorated


@app.command()
@_with(PlanOptions)
def plan(
    options: PlanOptions,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")] = False,
    png: Annotated[Path | None, typer.Option(help="Write a picture of the plan.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page that replays every sweep and an episode.")] = None,
    gif: Annotated[Path | None, typer.Option(help="Write the replay as an animation.")] = None,
    folder: Annotated[Path | None, typer.Option("--out", help="Write a folder: planners.load_plan(DIR).")] = None,
    seed: Annotated[int | None, described("The same seed replays the same episode.")] = None,
    dry: Annotated[bool, typer.Option("--dry-run", help="Estimate memory and time in 2 s; solve nothing.")] = False,
) -> None:
    """Solve a map: print values, every optimal action, and the proven bound on the error."""
    if png is not None and png.suffix.lower() in (".pdf", ".svg"):
        raise ValueError(f"{str(png)!r} does not end in .png; in Python: plan.plot(env).figure.savefig({str(png)!r})")
    for path, suffix in ((png, ".png"), (html, ".html"), (gif, ".gif")):
        if path is not None:
            check_place(path, suffix)
    if png is not None or gif is not None:
        check_libraries()
    arguments = options.arguments()
    env = gym.make("GridWorld-v0", **arguments)
    if dry:
        print(dry_run(options, env, folder))
        return
    replay = None if html is None and gif is None else options.replay(env)
    result = options.solve(env, replay) if folder is None else options.solve_into(folder, env, replay)
    if as_json:
        print(json.dumps(_as_json(options.map, env, result), indent=2))
    else:
        show_plan(arguments, result)
    if png is not None:
        from gridworld_env.cli.playing import plan_picture
        from gridworld_env.ui.files.pictures import save_png

        save_png(png, plan_picture(arguments, result))
        _say(f"wrote {png}", "")
    if replay is not None:
        replay.play(result, seed=_drawn(seed))
        _write_replay(replay, html, gif)
    _check_converged(result)


@app.command("play")
@_with(PlanOptions)
def play_command(
    options: PlanOptions,
    *,
    episodes: Annotated[int, typer.Option(callback=_at_least_one, help="Number of episodes.")] = 1,
    seed: Annotated[int | None, described("The same seed plays the same episodes.")] = None,
    gif: Annotated[Path | None, typer.Option(help="Write the episodes as an animation.")] = None,
) -> None:
    """Solve a map and play the policy, in a window if there is a display."""
    if gif is not None:
        check_place(gif, ".gif")
        check_libraries()
    arguments = options.arguments()
    result = options.solve(gym.make("GridWorld-v0", **arguments))
    _check_converged(result)
    show_episodes(arguments, result, episodes=episodes, seed=_drawn(seed), gif=gif)


@app.command("learn")
@_with(MapOptions)
def learn_command(
    options: MapOptions,
    *,
    agent: Annotated[str, typer.Option(help=f"Learner: {AGENTS}.", metavar="NAME")] = "q-learning",
    steps: Annotated[int, typer.Option(callback=_at_least_one, help="Number of steps.")] = 1000,
    seed: Annotated[int | None, described("The same seed gives the same run.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page that replays every step.")] = None,
    gif: Annotated[Path | None, typer.Option(help="Write the replay as an animation.")] = None,
) -> None:
    """Let an agent learn on a map; print its exact regret and the exact value of its greedy policy."""
    for path, suffix in ((html, ".html"), (gif, ".gif")):
        if path is not None:
            check_place(path, suffix)
    if gif is not None:
        check_libraries()
    from gridworld_env.cli.learning import learned_text, recorded

    arguments = options.arguments()
    replay = recorded(options, arguments, agent=agent, steps=steps, seed=_drawn(seed))
    print(learned_text(arguments, replay))
    out.print(f"seed {replay.seed}")
    _write_replay(replay, html, gif)


@app.command("explore")
def explore_command(
    map: Annotated[str, typer.Argument(metavar="[MAP]", help="Name of a map, or a file.")] = "lecture",
    discount: Annotated[float, typer.Option(help="Discount, 0 to 1.")] = 0.9,
    start: Annotated[str | None, described("Where to begin, in a .map file or an image.", metavar="ROW,COLUMN")] = None,
    goal: Annotated[str | None, described("Where to end, in a .map file or an image.", metavar="ROW,COLUMN")] = None,
    empty: Annotated[str | None, described("Use an empty map of this size.", metavar="ROWS,COLUMNS")] = None,
    scale: Annotated[float, typer.Option(min=0.5, max=4, help="Size of everything, for dense screens.")] = 1.0,
    seed: Annotated[int | None, described("The same seed draws the same moves of the agent.")] = None,
    agent: Annotated[str | None, described(f"Begin in mode Learn with: {AGENTS}.", metavar="NAME")] = None,
    steps: Annotated[int, typer.Option(min=0, help="Steps that the agent has already made.")] = 0,
    html: Annotated[Path | None, typer.Option(help="Write a page for a browser instead of opening a window.")] = None,
) -> None:
    """Open a window: paint a map, plan step by step, watch how the policy changes or how an agent learns."""
    with _exit_codes():
        places = {"start": start, "goal": goal, "empty": empty}
        if html is not None:
            from gridworld_env.cli.explorer_page import write_page_of

            size = write_page_of(html, map, discount, agent=agent, steps=steps, seed=seed, scale=scale, **places)
            return _say(f"wrote {html}, {size_text(size)}: open it in a browser", "")
        if not has_display():
            raise ValueError("there is no display here for a window; --html FILE writes a page for a browser instead")
        from gridworld_env.explorer.launch import launch

        launch(map, discount=discount, scale=scale, seed=seed, agent=agent, steps=steps, **places)


@app.command("maps")
def maps_command() -> None:
    """List the maps and the models without a map, with their sources."""
    from gridworld_env.maps.textbook_worlds import ALIASES, WORLDS
    from gridworld_env.models import MODELS

    columns = [Column("name", no_wrap=True), *(Column(name, overflow="fold") for name in ("map", "rules", "source"))]
    table = Table(*columns, show_lines=True)
    for name, world in WORLDS.items():
        rules = "\n".join(f"{rule} {value}" for rule, value in world.rules.items())
        also = [alias for alias, known in ALIASES.items() if known == name]
        table.add_row(
            "\n".join([name, *(f"  or {alias}" for alias in also)]), "\n".join(world.desc), rules, world.source
        )
    out.print(table)
    models = Table(Column("name", no_wrap=True), "model", "source", title='gym.make("Tabular-v0", world=name)')
    for name, make in MODELS.items():
        about, _, source = (getdoc(make) or "").partition("Source: ")
        models.add_row(name, about.split("\n")[0], " ".join(source.split()))
    out.print(models)


@app.command("continuous")
def continuous_command(
    system: Annotated[str, typer.Argument(help="mountain-car, mountain-car-continuous, pendulum, double-integrator.")],
    cells: Annotated[str, typer.Option(help="Number of cells along each axis.")] = "170x160",
    discount: Annotated[float | None, described("Discount, 0 to 1. Default: 1 if episodes can end, else 0.95.")] = None,
    png: Annotated[Path | None, typer.Option(help="Write a picture of the bounds and of trajectories.")] = None,
) -> None:
    """Prove bounds on V* at every state of a system with continuous states."""
    from gridworld_env.cli.continuous import show_continuous

    with _exit_codes():
        show_continuous(system, cells, discount, png, lambda text: _say(text, ""))


@app.command("random")
def random_command(
    rows: Annotated[int, typer.Argument(help="Height of the map.")],
    columns: Annotated[int, typer.Argument(help="Width of the map.")],
    walls: Annotated[float, typer.Option(help="Probability of a wall on each square.")] = 0.2,
    seed: Annotated[int | None, described("The same seed makes the same map.")] = None,
) -> None:
    """Print a random map that can be solved: gridworld random 9 20 --seed 7 > map.txt."""
    from gridworld_env.maps.random_maps import random_map

    with _exit_codes():
        chosen = _drawn(seed)
        print("\n".join(random_map(rows, columns, walls=walls, seed=chosen)))
        if seed is None:
            _say(f"seed {chosen}", "")


def show_plan(options: dict[str, Any], result: "planners.Plan") -> None:
    """Print a plan: the map with values and arrows where it fits, and the certificate."""
    from gridworld_env.cli.map_text import map_text

    instead = "--png FILE draws them, and --json lists them with their rows and columns"
    print(map_text(options, result.values, result.optimal_actions, instead=instead), end="\n\n")
    print(result)


def show_episodes(
    options: dict[str, Any], result: "planners.Plan", *, episodes: int, seed: int, gif: Path | None
) -> None:
    """Play episodes in a window if there is a display, and write an animation if a file is given."""
    import planners
    from gridworld_env.cli.playing import play

    window = has_display()
    played: list[planners.Episode] = []
    if gif is not None:
        from gridworld_env.ui.files.pictures import save_gif

        played, frames = play(options, result, render_mode="rgb_array", episodes=episodes, seed=seed)
        save_gif(gif, frames)
    if window:
        played, _ = play(options, result, render_mode="human", episodes=episodes, seed=seed)
    if not window and gif is None:
        env = gym.make("GridWorld-v0", **options)
        played = planners.rollout(env, result.policy, episodes=episodes, seed=seed)
        out.print("There is no display here for a window; --gif FILE writes an animation.")
    for number, episode in enumerate(played, 1):
        end = "" if episode.terminated else ", truncated by the limit of steps"
        out.print(f"episode {number}: {len(episode)} steps, total reward {episode.total_reward:g}{end}")
    out.print(f"seed {seed}" + (f", wrote {gif}" if gif is not None else ""))


def check_libraries() -> None:
    """Raise `DependencyNotInstalled` before the work starts if pictures cannot be drawn or written."""
    from gridworld_env.rendering.pygame_canvas import import_pygame
    from gridworld_env.ui.files.pictures import import_pillow

    import_pygame()
    import_pillow()


def _write_replay(replay: "Replay | LearningReplay", html: Path | None, gif: Path | None) -> None:
    for path, write in ((html, replay.html), (gif, replay.gif)):
        if path is not None:
            _say(f"wrote {path}, {size_text(write(path))}: {replay}", "")


def _as_json(map_name: str, env: gym.Env[Any, Any], result: "planners.Plan") -> dict[str, Any]:
    actions, grid = env.get_wrapper_attr("action_names"), env.get_wrapper_attr("grid")
    rows, columns = grid.cell_of_state.T.tolist()
    return {
        "map": map_name,
        "height": grid.height,
        "width": grid.width,
        "method": result.method,
        "status": result.status.name,
        "discount": result.discount,
        "tolerance": result.tolerance,
        "error_bound": _number(result.error_bound),
        "iterations": result.iterations,
        "actions": list(actions),
        "rows": rows,
        "columns": columns,
        "values": [_number(value) for value in result.values],
        "lower": [_number(value) for value in result.lower],
        "upper": [_number(value) for value in result.upper],
        "policy": [actions[action] for action in result.policy.actions],
        "optimal_actions": [[actions[a] for a in np.flatnonzero(row)] for row in result.optimal_actions],
    }


def _drawn(seed: int | None) -> int:
    return int(np.random.SeedSequence().generate_state(1)[0]) if seed is None else seed


def _check_converged(result: "planners.Plan") -> None:
    import planners

    if not (result.converged or result.status is planners.Status.INTERRUPTED):
        raise planners.NotConvergedError(result)


def _number(value: float) -> float | str:
    """A number that JSON can hold; infinities as text."""
    return float(value) if np.isfinite(value) else str(float(value))


@contextmanager
def _exit_codes() -> Iterator[None]:
    import planners

    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads what is printed has read enough; Typer ends the command without a word
        raise
    except planners.NotConvergedError as error:
        _say(f"Not converged: {error}", "yellow")
        raise typer.Exit(3) from None
    except (gym.error.Error, planners.PlannerError, ValueError, OSError) as error:
        _say(f"Error: {error}", "red")
        raise typer.Exit(2) from None


def _say(text: str, style: str) -> None:
    Console(stderr=True, highlight=False, soft_wrap=True).print(text, markup=False, style=style)


if __name__ == "__main__":
    app()
