"""What takes more than a moment: generators that do a step and give the window its turn."""

from typing import Final

import numpy as np

from gridworld_env.explorer.planning import MOST_SWEEPS, SOLVE_LIMIT, policy_changed
from gridworld_env.explorer.session import Session
from gridworld_env.ui.widgets.jobs import Steps

SCAN: Final = (-0.01, -2.0, 61)  # step rewards from, to, and how many


def run_steps(session: Session) -> Steps:
    """Value iteration, a sweep a step, until V does not change any more."""
    for _ in range(MOST_SWEEPS):
        change = session.planning.sweep()
        number = session.planning.counts.sweeps
        if session.planning.is_settled(change):
            session.stepped(f"settled after {number} sweeps{session.planning.proven}")
            return
        session.stepped(f"sweep {number}: largest change {change:.3g}")
        yield
    session.say(session.planning.endless, refusal=True)


def evaluate_steps(session: Session) -> Steps:
    """Policy evaluation by sweeps, where the linear system is too large to be solved in a moment."""
    for number, change in enumerate(session.planning.evaluation_sweeps(), 1):
        session.stepped(f"evaluation sweep {number}: largest change {change:.3g}")
        yield
    session.stepped("the policy is evaluated")


def policy_iteration_steps(session: Session) -> Steps:
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
            session.stepped(f"after {round_number} rounds no action is better{session.planning.proven}")
            return
        session.stepped(f"round {round_number}: {policy_changed(changed)}")
        yield


def flip_steps(session: Session) -> Steps:
    """The optimal policy while the step reward goes from -0.01 to -2; the marks show where it changed last."""
    first, last, count = SCAN
    changes: list[float] = []
    session.set_rule(stroke="flip", step_reward=first)
    yield from session.optimum()
    session.marks = np.zeros_like(session.marks)
    for reward in -np.geomspace(-first, -last, count)[1:]:
        marks, before = session.marks, session.planning.policy
        session.set_rule(stroke="flip", step_reward=float(f"{reward:.3g}"))
        yield from session.optimum()
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


def walk_steps(session: Session) -> Steps:
    """The agent takes the policy's actions to the end of the episode."""
    session.agent.made_ready(session.planning)
    yield
    while not session.agent.done:
        session.agent.step(session.planning)
        session.stepped(session.agent.says(session.planning))
        yield
