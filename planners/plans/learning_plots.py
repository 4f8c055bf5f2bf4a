"""`LearningRun.plot`: the regret so far, and the exact value of the greedy policy below V*."""

from typing import Any

import numpy as np

from planners.errors import MissingModelError
from planners.plans.plots import INK, import_pyplot

POINTS = 2000  # on a curve, at most


def plot_run(run: Any, axes: Any = None) -> Any:
    """Two axes; `axes` are two to draw on, or None for new ones."""
    if axes is None:
        axes = import_pyplot().subplots(1, 2, figsize=(9, 3.6), layout="constrained")[1]
    left, right = axes
    _curve(left, [np.cumsum(each) for each in _runs(run.regret)])
    left.set(xlabel="steps", ylabel="regret so far (reward)", title="What the steps taken gave away")
    try:
        _curve(right, _runs(run.policy_values))
    except MissingModelError:
        right.text(0.5, 0.5, "Not known: the agent has neither\naction_values nor greedy(state).", ha="center")
        right.set_axis_off()
        return axes
    right.axhline(run.optimal_value, color=INK, linewidth=0.8, linestyle=":", label="V*")
    right.set(xlabel="steps", ylabel="value of the start (reward)", title="The greedy policy, exactly")
    right.legend(frameon=False)
    return axes


def plot_errors(run: Any, axes: Any = None) -> Any:
    """The error of a predictor; `axes` to draw on, or None for new ones."""
    axes = import_pyplot().subplots(figsize=(5, 3.6), layout="constrained")[1] if axes is None else axes
    _curve(axes, _runs(run.errors))
    axes.set(xlabel="steps", ylabel="root mean square error (reward)", title="V of the policy", ylim=(0.0, None))
    axes.legend(frameon=False)
    return axes


def _runs(found: Any) -> list[Any]:
    return [found] if isinstance(found, np.ndarray) and found.ndim == 1 else list(found)


def _curve(axes: Any, curves: list[Any]) -> None:
    steps = min(map(len, curves))
    at = np.unique(np.linspace(0, steps - 1, POINTS).astype(np.int64))
    table = np.array([np.where(np.isfinite(each[at]), each[at], np.nan) for each in curves])
    if len(curves) == 1:
        axes.plot(at + 1, table[0], color="#0072b2", label="this run")
        return
    low, middle, high = np.quantile(table, (0.1, 0.5, 0.9), axis=0)
    axes.plot(at + 1, middle, color="#0072b2", label=f"median of {len(curves)} seeds")
    axes.fill_between(at + 1, low, high, color="#0072b2", alpha=0.2, linewidth=0, label="10 % to 90 % of the seeds")
