"""The command `gridworld`: plan on a map, watch the policy, list the maps.

Exit codes: 0 done, 2 bad input, 3 the tolerance was not reached.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import gymnasium as gym
import numpy as np
import typer
from rich.console import Console
from rich.table import Column, Table

import planners
from gridworld_env.errors import MapError
from gridworld_env.map_files import read_map_file
from gridworld_env.maps import WORLDS
from gridworld_env.playing import check_file, has_display, plan_picture, plan_text, play

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="A gridworld with open tables: plan on a map, watch the policy, list the maps.",
)
out = Console(highlight=False)
PRINTED_ROWS, PRINTED_COLUMNS = 40, 25

MapArgument = Annotated[
    str, typer.Argument(metavar="[MAP]", help="Name of a map, or a file: text, .json, .map of MovingAI, .png.")
]
Place = Annotated[str | None, typer.Option(metavar="ROW,COLUMN", help="In a .map file.", show_default=False)]
Actions = Annotated[
    str | None,
    typer.Option(metavar="NAMES", help="Such as UP,RIGHT,DOWN,LEFT,STAY. [default: all]", show_default=False),
]
BumpReward = Annotated[float | None, typer.Option(help="Reward of a move that a wall stopped.", show_default=False)]
Discount = Annotated[float, typer.Option(help="0 to 1.")]
StepReward = Annotated[float | None, typer.Option(help="Reward of a move. [default: the map's]", show_default=False)]
Slip = Annotated[
    float | None, typer.Option(help="Probability of sliding sideways. [default: the map's]", show_default=False)
]
RewardOn = Annotated[str | None, typer.Option(help="enter or exit. [default: the map's]", show_default=False)]
Moves = Annotated[str | None, typer.Option(help="cardinal, king or octile. [default: the map's]", show_default=False)]
Method = Annotated[str, typer.Option(help="auto, value_iteration, policy_iteration, gauss_seidel, ...")]
Tolerance = Annotated[float, typer.Option(help="Largest error of the values, proven.")]


@app.command()
def plan(
    map: MapArgument = "lecture",
    discount: Discount = 0.9,
    step_reward: StepReward = None,
    slip: Slip = None,
    reward_on: RewardOn = None,
    moves: Moves = None,
    bump_reward: BumpReward = None,
    actions: Actions = None,
    start: Place = None,
    goal: Place = None,
    method: Method = "auto",
    tolerance: Tolerance = 1e-6,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")] = False,
    png: Annotated[Path | None, typer.Option(help="Write a picture of the plan.")] = None,
) -> None:
    """Solve a map: values, every optimal action, and the proven bound of the error."""
    with _exit_codes():
        if png is not None:
            check_file(png, ".png")
        rules = {"slip": slip, "step_reward": step_reward, "reward_on": reward_on, "moves": moves}
        rules |= {"bump_reward": bump_reward, "actions": actions and actions.split(",")}
        options = _options(map, _place("start", start), _place("goal", goal), rules)
        result = _solve(options, discount, method, tolerance)
        if as_json:
            print(json.dumps(_as_json(map, options, result), indent=2))
        else:
            show_plan(options, result)
        if png is not None:
            from gridworld_env.rendering.export import save_png

            save_png(png, plan_picture(options, result))
            _say(f"wrote {png}", "")
        if not (result.converged or result.status is planners.Status.INTERRUPTED):
            raise planners.NotConvergedError(result)


@app.command("play")
def play_command(
    map: MapArgument = "lecture",
    discount: Discount = 0.9,
    step_reward: StepReward = None,
    slip: Slip = None,
    reward_on: RewardOn = None,
    moves: Moves = None,
    bump_reward: BumpReward = None,
    actions: Actions = None,
    start: Place = None,
    goal: Place = None,
    method: Method = "auto",
    tolerance: Tolerance = 1e-6,
    episodes: Annotated[int, typer.Option(min=1, help="How many.")] = 1,
    seed: Annotated[int | None, typer.Option(help="The same seed plays the same episodes.", show_default=False)] = None,
    gif: Annotated[Path | None, typer.Option(help="Write the episodes as an animation.")] = None,
) -> None:
    """Solve a map and play the policy, in a window where there is a display."""
    with _exit_codes():
        if gif is not None:
            check_file(gif, ".gif")
        rules = {"slip": slip, "step_reward": step_reward, "reward_on": reward_on, "moves": moves}
        rules |= {"bump_reward": bump_reward, "actions": actions and actions.split(",")}
        options = _options(map, _place("start", start), _place("goal", goal), rules)
        result = _solve(options, discount, method, tolerance)
        if not (result.converged or result.status is planners.Status.INTERRUPTED):
            raise planners.NotConvergedError(result)
        seed = int(np.random.SeedSequence().generate_state(1)[0]) if seed is None else seed
        show_episodes(options, result, episodes=episodes, seed=seed, gif=gif)


@app.command("maps")
def maps_command() -> None:
    """List the maps, with their sources."""
    table = Table(Column("name", no_wrap=True), "map", "rules", "source", show_lines=True)
    for name, world in WORLDS.items():
        rules = "\n".join(f"{rule} {value}" for rule, value in world.rules.items())
        table.add_row(name, "\n".join(world.desc), rules, world.source)
    out.print(table)


def show_plan(options: dict[str, Any], result: planners.Plan) -> None:
    """Print a plan: the map with values and arrows where it fits, and the certificate."""
    env: Any = gym.make("GridWorld-v0", **options).unwrapped
    if env.grid.height <= PRINTED_ROWS and env.grid.width <= PRINTED_COLUMNS:
        print(plan_text(options, result), end="\n\n")
    print(result)


def show_episodes(
    options: dict[str, Any], result: planners.Plan, *, episodes: int, seed: int, gif: Path | None
) -> None:
    """Play episodes in a window where there is a display, and as an animation if a file is given."""
    window = has_display()
    played: list[planners.Episode] = []
    if gif is not None:
        from gridworld_env.rendering.export import save_gif

        played, frames = play(options, result, render_mode="rgb_array", episodes=episodes, seed=seed)
        save_gif(gif, frames)
    if window:
        played, _ = play(options, result, render_mode="human", episodes=episodes, seed=seed)
    if not window and gif is None:
        env = gym.make("GridWorld-v0", **options)
        played = planners.rollout(env, result.policy, episodes=episodes, seed=seed)
        out.print("There is no display here for a window; --gif FILE writes an animation.")
    for number, episode in enumerate(played, 1):
        end = "" if episode.terminated else ", cut off by the limit of steps"
        out.print(f"episode {number}: {len(episode)} steps, total reward {episode.total_reward:g}{end}")
    out.print(f"seed {seed}" + (f", wrote {gif}" if gif is not None else ""))


def _options(
    map_name: str, start: tuple[int, int] | None, goal: tuple[int, int] | None, rules: dict[str, Any]
) -> dict[str, Any]:
    """Arguments for `gym.make` from the name of a map or of a file."""
    given = {name: value for name, value in rules.items() if value is not None}
    if map_name not in WORLDS and Path(map_name).is_file():
        return {**read_map_file(map_name, start=start, goal=goal), **given}
    if start is not None or goal is not None:
        raise MapError("--start and --goal are for .map files; other maps have their own")
    return {"map_name": map_name, **given}


def _place(name: str, text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    try:
        row, column = map(int, text.split(","))
    except ValueError:
        raise MapError(f"--{name} is {text!r}; expected ROW,COLUMN such as 3,14") from None
    return row, column


def _solve(options: dict[str, Any], discount: float, method: str, tolerance: float) -> planners.Plan:
    env = gym.make("GridWorld-v0", **options)
    progress = sys.stderr.isatty()
    return planners.solve(env, discount=discount, method=method, tolerance=tolerance, progress=progress, throw=False)


def _as_json(map_name: str, options: dict[str, Any], result: planners.Plan) -> dict[str, Any]:
    actions = gym.make("GridWorld-v0", **options).get_wrapper_attr("action_names")
    return {
        "map": map_name,
        "method": result.method,
        "status": result.status.name,
        "discount": result.discount,
        "tolerance": result.tolerance,
        "error_bound": _number(result.error_bound),
        "iterations": result.iterations,
        "values": [_number(value) for value in result.values],
        "lower": [_number(value) for value in result.lower],
        "upper": [_number(value) for value in result.upper],
        "policy": [actions[action] for action in result.policy.actions],
        "optimal_actions": [[actions[a] for a in np.flatnonzero(row)] for row in result.optimal_actions],
    }


def _number(value: float) -> float | str:
    """A number that JSON can hold; infinities as text."""
    return float(value) if np.isfinite(value) else str(float(value))


@contextmanager
def _exit_codes() -> Iterator[None]:
    try:
        yield
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
