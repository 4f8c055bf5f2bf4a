"""A forecast of the memory and time of `gridworld plan`, from two seconds of planning."""

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import gymnasium as gym

if TYPE_CHECKING:
    from gridworld_env.cli.plan_options import PlanOptions

LOOK: Final = 2.0  # seconds of planning, after what is compiled and arranged before the first step
COMPILED: Final = 1.2e8  # bytes of compiled loops


class _EnoughError(Exception):
    """The two seconds of planning are over."""


def dry_run(options: "PlanOptions", env: gym.Env[Any, Any], folder: Path | None = None) -> str:
    """The forecast in a few lines. After two seconds, the remaining time is extrapolated if the method allows it."""
    from planners.distributed.foreseen import plan_bytes, room
    from planners.distributed.lock import tried
    from planners.distributed.processes import Alone
    from planners.iteration.progress import Forecast
    from planners.memory import available_bytes, readable, resident_bytes
    from planners.models.convert import as_model
    from planners.sweeps.rounds import front_bytes

    model, free, began = as_model(env), available_bytes(), time.perf_counter()
    memory = resident_bytes() + front_bytes(model) + COMPILED
    disk = "none without --out"
    if folder is not None:
        there, needed = tried(folder, Alone()), plan_bytes(model.num_states, model.num_actions)
        disk = f"{readable(needed)} for a plan" + room(needed, shutil.disk_usage(there).free)
    forecast, steps = Forecast(options.tolerance or 1e-6, model.num_states), []

    def look(step: Any) -> None:
        forecast.take(step)
        steps.append(time.perf_counter())
        if steps[-1] - steps[0] > LOOK:
            raise _EnoughError

    try:
        options.solve(env, progress=look)
        left: float | None = 0.0
    except _EnoughError:
        left = forecast.seconds_left
    took = time.perf_counter() - began
    lasts = "not known yet: the method does not report its progress" if left is None else f"about {took + left:.1f} s"
    looked = "it was done within the look" if left == 0.0 else f"estimated from {took:.1f} s of planning"
    return (
        f"dry run      {model.num_states} states, one process; nothing is shown or written\n"
        f"memory       {readable(memory)} at most, Python included; {readable(free)} are free now\n"
        f"disk         {disk}\n"
        "exchange     none: one process\n"
        f"time         {lasts}, {looked}"
    )
