"""The options that the commands `gridworld plan`, `gridworld play` and `gridworld learn` share."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import gymnasium as gym
import typer

from gridworld_env.cli.known_names import METHODS
from gridworld_env.errors import MapError

if TYPE_CHECKING:
    import planners
    from gridworld_env.replays.replay import Replay


def described(text: str, **more: Any) -> Any:
    """An option whose help shows no default."""
    return typer.Option(help=text, show_default=False, **more)


@dataclass(frozen=True)
class MapOptions:
    """The options that `plan`, `play` and `learn` share: a map and its rules."""

    map: Annotated[
        str,
        typer.Argument(
            metavar="[MAP]", help="Name of a map, or a file: text of glyphs, .json, MovingAI's .map, image."
        ),
    ] = "lecture"
    discount: Annotated[float, typer.Option(help="Discount, 0 to 1.")] = 0.9
    step_reward: Annotated[float | None, described("Reward of a move. Default: the map's.")] = None
    slip: Annotated[float | None, described("Probability of sliding sideways. Default: the map's.")] = None
    reward_on: Annotated[str | None, described("Pay rewards on: enter or exit. Default: the map's.")] = None
    moves: Annotated[str | None, described("cardinal, king or octile. Default: the map's.")] = None
    bump_reward: Annotated[float | None, described("Reward of a move that was stopped. Default: the map's.")] = None
    actions: Annotated[
        str | None,
        described("Order, such as LEFT,DOWN,RIGHT,UP. Default: the map's.", metavar="NAMES"),
    ] = None
    exploring_starts: Annotated[bool | None, described("Begin anywhere. Default: the map's.")] = None
    start: Annotated[str | None, described("Begin at row,column of a .map file or an image.", metavar="R,C")] = None
    goal: Annotated[str | None, described("End at row,column of a .map file or an image.", metavar="R,C")] = None
    scenario: Annotated[int | None, described("Start and goal: a line of the .scen beside a .map file, from 0.")] = None
    walls_below: Annotated[int | None, described("In an image, darker pixels are walls. Default: 128.")] = None
    max_episode_steps: Annotated[int | None, described("Limit of steps; -1: no limit. Default: 1000.")] = None

    def arguments(self) -> dict[str, Any]:
        """Arguments for `gym.make`: those of the map or the file, replaced by the rules that are given."""
        from gridworld_env.maps.options import map_arguments

        return map_arguments(self.map, vars(self))


@dataclass(frozen=True)
class PlanOptions(MapOptions):
    """The options that `plan` and `play` share: a map, its rules, and how to solve it."""

    method: Annotated[str, typer.Option(help=f"Planner: auto, {METHODS}.")] = "auto"
    tolerance: Annotated[
        float | None, described("Largest proven error of the values. Default: 1e-6 of the largest |V|.")
    ] = None
    relative_tolerance: Annotated[float | None, described("Tolerance as a share of the largest |V|.")] = None

    def solve(
        self,
        env: gym.Env[Any, Any],
        replay: "Replay | None" = None,
        progress: "Callable[[planners.Iteration], object] | None" = None,
    ) -> "planners.Plan":
        """Solve the map, converged or not; with a replay, by sweeps unless another method is asked for."""
        import planners
        from planners.iteration.loop import refuse_unbounded

        plan = planners.solve(
            env,
            discount=self.discount,
            method="value_iteration" if replay is not None and self.method == "auto" else self.method,
            **self.tolerances(),
            progress=replay or progress or sys.stderr.isatty(),
            throw=False,
        )
        refuse_unbounded(plan)
        return plan

    def solve_into(self, folder: Path, env: gym.Env[Any, Any], replay: "Replay | None" = None) -> "planners.Plan":
        """Solve the map and write the plan to a folder, in which nobody else may write meanwhile."""
        from planners.distributed.lock import held
        from planners.distributed.processes import Alone
        from planners.models.convert import as_model
        from planners.plans.plan_folder import write_whole

        with held(folder, Alone()) as lock:
            plan = self.solve(env, replay)
            lock.check()
            write_whole(folder, plan, as_model(env))
        return plan

    def tolerances(self) -> dict[str, Any]:
        """The tolerances that were given."""
        given = {"tolerance": self.tolerance, "relative_tolerance": self.relative_tolerance}
        return {name: number for name, number in given.items() if number is not None}

    def replay(self, env: gym.Env[Any, Any]) -> "Replay":
        """Make the replay that will record the planning.

        Raises:
            MapError: The map is too large for a replay, or the method has no sweeps to show.
        """
        from gridworld_env.replays.replay import METHODS as RECORDED
        from gridworld_env.replays.replay import Replay

        if self.method.replace("-", "_") not in ("auto", *RECORDED):
            raise MapError(
                f"--method is {self.method!r}, but --html and --gif show the values of all states after "
                f"each sweep, which it does not have; expected auto, {' or '.join(RECORDED)}"
            )
        return Replay(env, f"{Path(self.map).name}, planned")
