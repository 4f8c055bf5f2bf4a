"""What takes more than a moment: generators that do a step and give the window its turn."""

from typing import TYPE_CHECKING, Final

import numpy as np

from gridworld_env.explorer.planning import MOST_SWEEPS, SOLVE_LIMIT, policy_changed
from gridworld_env.ui.widgets.jobs import Steps

if TYPE_CHECKING:
    from gridworld_env.explorer.session import Session

SCAN: Final = (-0.01, -2.0, 61)  # step rewards from, to, and how many


def run_steps(explorer: "Session") -> Steps:
    """Value iteration, a sweep a step, until V does not change any more."""
    for _ in range(MOST_SWEEPS):
        change = explorer.planning.sweep()
        number = explorer.planning.counts.sweeps
        if explorer.planning.is_settled(change):
            explorer.stepped(f"settled after {number} sweeps{_proven(explorer)}")
            return
        explorer.stepped(f"sweep {number}: largest change {change:.3g}")
        yield
    explorer.say(_endless(explorer), refusal=True)


def solve_steps(explorer: "Session") -> Steps:
    """The same as fast as possible, warm from the V that there is."""
    yield from _settle(explorer)
    flips = int(explorer.planning.flipped.sum())
    explorer.stepped(f"solved{_proven(explorer)}" + f"; {policy_changed(flips)}" * (flips > 0))


def evaluate_steps(explorer: "Session") -> Steps:
    """Policy evaluation by sweeps, where the linear system is too large to be solved in a moment."""
    for number, change in enumerate(explorer.planning.evaluation_sweeps(), 1):
        explorer.stepped(f"evaluation sweep {number}: largest change {change:.3g}")
        yield
    explorer.stepped("the policy is evaluated")


def policy_iteration_steps(explorer: "Session") -> Steps:
    """Evaluation and improvement in turns, until the policy does not change any more."""
    planning = explorer.planning
    for round_number in range(1, 1000):
        if explorer.sketch.grid.num_states > SOLVE_LIMIT * 10:
            yield from evaluate_steps(explorer)
        else:
            planning.evaluate()
            explorer.stepped(f"round {round_number}: the policy is evaluated")
            yield
        changed = planning.improve()
        if not changed:
            explorer.stepped(f"after {round_number} rounds no action is better{_proven(explorer)}")
            return
        explorer.stepped(f"round {round_number}: {policy_changed(changed)}")
        yield


def flip_steps(explorer: "Session") -> Steps:
    """The optimal policy while the step reward goes from -0.01 to -2; the marks show where it changed last."""
    first, last, count = SCAN
    changes: list[float] = []
    explorer.set_rule(stroke="flip", step_reward=first)
    yield from _optimum(explorer)
    explorer.marks = np.zeros_like(explorer.marks)
    for reward in -np.geomspace(-first, -last, count)[1:]:
        marks, before = explorer.marks, explorer.planning.policy
        explorer.set_rule(stroke="flip", step_reward=float(f"{reward:.3g}"))
        yield from _optimum(explorer)
        different = explorer.planning.changed_from(before, explorer.planning.policy)
        explorer.marks = different if different.any() else marks
        if different.any():
            changes.append(float(f"{reward:.3g}"))
        squares = f": {policy_changed(int(different.sum()))}" if different.any() else ""
        explorer.planning.flipped = different
        explorer.stepped(f"step reward {reward:.3g}{squares}")
        yield
    explorer.history.end_stroke()
    where = ", ".join(f"{reward:g}" for reward in changes[:12]) + (", ..." if len(changes) > 12 else "")
    explorer.say(f"from -0.01 to -2 the policy changed {len(changes)} times" + f", at {where}" * bool(changes))


def walk_steps(explorer: "Session") -> Steps:
    """The agent takes the policy's actions to the end of the episode."""
    explorer.walker.made_ready(explorer.planning)
    yield
    while not explorer.walker.done:
        explorer.walker.step(explorer.planning)
        explorer.stepped(explorer.walker.says(explorer.planning))
        yield


def _optimum(explorer: "Session") -> Steps:
    """V* for the sketch as it is."""
    if explorer.sketch.grid.num_states > SOLVE_LIMIT:
        yield from _settle(explorer)
    else:
        explorer.planning.solve()
        explorer.changed()


def _settle(explorer: "Session") -> Steps:
    before = explorer.planning.policy
    for _ in range(MOST_SWEEPS):
        settled = explorer.planning.is_settled(explorer.planning.sweep())
        explorer.changed()
        if settled:
            after = explorer.planning.policy
            explorer.planning.counts.solutions += 1
            explorer.planning.flipped = np.zeros(len(after), dtype=bool)
            if after.shape == before.shape:  # else the map was painted on meanwhile
                explorer.planning.flipped = explorer.planning.changed_from(before, after)
            return
        yield
    raise ValueError(_endless(explorer))


def _proven(explorer: "Session") -> str:
    """The proof of the error, in words, where there is one."""
    try:
        bound = explorer.planning.certify().error_bound
    except ValueError:
        return ""
    return f", error proven at most {bound:.1g}" if np.isfinite(bound) else ", but nothing is proven"


def _endless(explorer: "Session") -> str:
    return (
        f"V still changes after {MOST_SWEEPS} sweeps at discount {explorer.sketch.discount:g}; "
        "lower the discount, or give the map a terminal square that can be reached"
    )
