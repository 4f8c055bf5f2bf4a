"""What takes more than a moment: generators that do a step and give the window its turn."""

from typing import TYPE_CHECKING, Final

import numpy as np

from gridworld_env.explorer.planning import MOST_SWEEPS, SOLVE_LIMIT, policy_changed
from gridworld_env.ui.widgets.jobs import Steps

if TYPE_CHECKING:
    from gridworld_env.explorer.session import Session

SCAN: Final = (-0.01, -2.0, 61)  # step rewards from, to, and how many


def run_steps(session: "Session") -> Steps:
    """Value iteration, a sweep a step, until V does not change any more."""
    for _ in range(MOST_SWEEPS):
        change = session.planning.sweep()
        number = session.planning.counts.sweeps
        if session.planning.is_settled(change):
            session.stepped(f"settled after {number} sweeps{_proven(session)}")
            return
        session.stepped(f"sweep {number}: largest change {change:.3g}")
        yield
    session.say(_endless(session), refusal=True)


def solve_steps(session: "Session") -> Steps:
    """The same as fast as possible, warm from the V that there is."""
    yield from _settle(session)
    flips = int(session.planning.flipped.sum())
    session.stepped(f"solved{_proven(session)}" + f"; {policy_changed(flips)}" * (flips > 0))


def evaluate_steps(session: "Session") -> Steps:
    """Policy evaluation by sweeps, where the linear system is too large to be solved in a moment."""
    for number, change in enumerate(session.planning.evaluation_sweeps(), 1):
        session.stepped(f"evaluation sweep {number}: largest change {change:.3g}")
        yield
    session.stepped("the policy is evaluated")


def policy_iteration_steps(session: "Session") -> Steps:
    """Evaluation and improvement in turns, until the policy does not change any more."""
    planning = session.planning
    for round_number in range(1, 1000):
        if session.document.grid.num_states > SOLVE_LIMIT * 10:
            yield from evaluate_steps(session)
        else:
            planning.evaluate()
            session.stepped(f"round {round_number}: the policy is evaluated")
            yield
        changed = planning.improve()
        if not changed:
            session.stepped(f"after {round_number} rounds no action is better{_proven(session)}")
            return
        session.stepped(f"round {round_number}: {policy_changed(changed)}")
        yield


def flip_steps(session: "Session") -> Steps:
    """The optimal policy while the step reward goes from -0.01 to -2; the marks show where it changed last."""
    first, last, count = SCAN
    changes: list[float] = []
    session.set_rule(stroke="flip", step_reward=first)
    yield from _optimum(session)
    session.marks = np.zeros_like(session.marks)
    for reward in -np.geomspace(-first, -last, count)[1:]:
        marks, before = session.marks, session.planning.policy
        session.set_rule(stroke="flip", step_reward=float(f"{reward:.3g}"))
        yield from _optimum(session)
        different = session.planning.changed_from(before, session.planning.policy)
        session.marks = different if different.any() else marks
        if different.any():
            changes.append(float(f"{reward:.3g}"))
        squares = f": {policy_changed(int(different.sum()))}" if different.any() else ""
        session.planning.flipped = different
        session.stepped(f"step reward {reward:.3g}{squares}")
        yield
    session.history.end_stroke()
    where = ", ".join(f"{reward:g}" for reward in changes[:12]) + (", ..." if len(changes) > 12 else "")
    session.say(f"from -0.01 to -2 the policy changed {len(changes)} times" + f", at {where}" * bool(changes))


def walk_steps(session: "Session") -> Steps:
    """The agent takes the policy's actions to the end of the episode."""
    session.agent.made_ready(session.planning)
    yield
    while not session.agent.done:
        session.agent.step(session.planning)
        session.stepped(session.agent.says(session.planning))
        yield


def _optimum(session: "Session") -> Steps:
    """V* of the map as it is."""
    if session.document.grid.num_states > SOLVE_LIMIT:
        yield from _settle(session)
    else:
        session.planning.solve()
        session.changed()


def _settle(session: "Session") -> Steps:
    before = session.planning.policy
    for _ in range(MOST_SWEEPS):
        settled = session.planning.is_settled(session.planning.sweep())
        session.changed()
        if settled:
            after = session.planning.policy
            session.planning.counts.solutions += 1
            session.planning.flipped = np.zeros(len(after), dtype=bool)
            if after.shape == before.shape:  # else the map was painted on meanwhile
                session.planning.flipped = session.planning.changed_from(before, after)
            return
        yield
    raise ValueError(_endless(session))


def _proven(session: "Session") -> str:
    """The proof of the error, in words, where there is one."""
    try:
        bound = session.planning.certify().error_bound
    except ValueError:
        return ""
    return f", error proven at most {bound:.1g}" if np.isfinite(bound) else ", but nothing is proven"


def _endless(session: "Session") -> str:
    return (
        f"V still changes after {MOST_SWEEPS} sweeps at discount {session.document.discount:g}; "
        "lower the discount, or give the map a terminal square that can be reached"
    )
