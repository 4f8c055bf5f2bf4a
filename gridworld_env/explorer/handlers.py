"""What the commands do to a session, at once or step by step; the table of `commands` gives each a key and a name."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from gridworld_env.agents import AGENTS
from gridworld_env.errors import MapError
from gridworld_env.explorer.map_document import empty_document
from gridworld_env.explorer.planning import DIRECT_LIMIT, MOST_SWEEPS, SOLVE_LIMIT, policy_changed
from gridworld_env.explorer.session import Session
from gridworld_env.explorer.tools import WINDS
from gridworld_env.explorer.views import HAND, LEARN
from gridworld_env.grid.actions import Action
from gridworld_env.ui.widgets.jobs import Job, Steps

SPEEDS: Final = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 240.0, 1000.0, 10_000.0)  # steps a second
MANY: Final = 1000  # steps of a learner at once
SCAN: Final = (-0.01, -2.0, 61)  # step rewards from, to, and how many


def sweep(session: Session) -> None:
    """One sweep of value iteration."""
    change = session.planning.sweep()
    session.stepped(f"sweep {session.planning.counts.sweeps}: largest change {change:.3g}")


def evaluate(session: Session) -> None:
    """One policy evaluation, by sweeps that can be watched where the equations are too many."""
    if session.document.grid.num_states > DIRECT_LIMIT:
        session.begin(Job("evaluation", evaluate_steps(session), paced=False))
        return
    session.planning.evaluate()
    session.stepped("the policy is evaluated: V is what it is worth")


def improve(session: Session) -> None:
    """One policy improvement."""
    changed = session.planning.improve()
    session.stepped(policy_changed(changed) if changed else "no action is better for this V")


def reset(session: Session) -> None:
    """Forget the planning, the agent and the animation; the map stays."""
    session.job = None
    session.planning.reset()
    session.marks = session.planning.flipped
    session.agent.lift()
    session.forget()
    session.changed()
    session.say("V = 0, and every action alike")


def toggle(session: Session, name: str) -> None:
    """Begin a job, or stop it if it runs."""
    if session.job is not None and session.job.name == name:
        session.stop()
    else:
        session.begin(Job(name, JOBS[name](session)))


def keep_solved(session: Session) -> None:
    """From now on solve after every change, or not any more."""
    session.keep_solved = not session.keep_solved
    session.say("every change is solved at once" if session.keep_solved else "changes are not solved by themselves")
    if session.keep_solved:
        session.solve()


def step(session: Session, action: Action | None = None) -> None:
    """The agent takes the policy's action, or one of the user's."""
    number = None if action is None else number_of(session, action)
    agent = session.agent.made_ready(session.planning)
    agent.step(session.planning, number)
    session.stepped(agent.says(session.planning))


def direct(session: Session, action: Action) -> None:
    """An arrow by hand on the cursor's square or, in the other modes, a step of the agent."""
    if session.mode != HAND:
        step(session, action)
        return
    state = session.document.grid.cell_to_state(session.cursor)
    session.by_hand.set(state, number_of(session, action))
    session.judge()


def number_of(session: Session, action: Action) -> int:
    """The model's number of a move; `MapError` if the map has no such action."""
    moves = session.document.rules.action_moves
    if action not in moves:
        names = ", ".join(move.name for move in moves)
        raise MapError(f"{action.name} is not an action of this map; its actions are {names}")
    return moves.index(action)


def take_arrows(session: Session, whose: str) -> None:
    """Begin the policy by hand with the arrows of planning, of the learner, or with the same everywhere."""
    weights = {"plan": lambda: session.planning.policy, "learner": lambda: session.learning.run.greedy}
    actions = weights[whose]().argmax(axis=1) if whose in weights else np.zeros_like(session.by_hand.actions)
    session.by_hand.take(actions.astype(np.int64))
    session.enter(HAND)


def learn_once(session: Session) -> None:
    """One step of the learner."""
    _look_at_learner(session)
    session.learning.step()
    session.learned()


def learn(session: Session, name: str = "learning") -> None:
    """Let it learn until it is stopped, or a thousand steps at once."""
    _look_at_learner(session)
    if name == "learning":
        toggle(session, name)
    else:
        session.begin(Job(name, thousand_steps(session), paced=False))


def _look_at_learner(session: Session) -> None:
    if session.mode != LEARN:
        session.enter(LEARN)


def learn_again(session: Session, *, name: str | None = None, seeds: int = 0) -> None:
    """The learner, or another one, begins anew; `seeds` is added to its seed."""
    session.learning.begin(name, session.learning.seed + seeds)
    if session.job is not None and session.job.name == "learning a thousand steps":
        session.job = None
    session.forget()
    _look_at_learner(session)
    session.learned()


def next_learner(session: Session, by: int) -> None:
    """Another learner, by its place in the list."""
    names = list(AGENTS)
    learn_again(session, name=names[(names.index(session.learning.name) + by) % len(names)])


def nudge(session: Session, rule: str, by: float) -> None:
    """Change a rule by a little."""
    document = session.document
    value = round((document.discount if rule == "discount" else getattr(document.rules, rule)) + by, 6)
    session.set_rule(**{rule: value if rule == "step_reward" else min(1.0, max(0.0, value))})


def faster(session: Session, by: int) -> None:
    """More or fewer steps a second."""
    nearest = min(range(len(SPEEDS)), key=lambda number: abs(SPEEDS[number] - session.speed))
    session.speed = SPEEDS[min(len(SPEEDS) - 1, max(0, nearest + by))]
    session.say(f"{session.speed:g} steps a second")


def resize(session: Session, rows: int, columns: int) -> None:
    """Add or take away rows and columns."""
    grid = session.document.grid
    session.change(session.document.resized(grid.height + rows, grid.width + columns))
    session.say(f"{session.document.grid.height} rows, {session.document.grid.width} columns")


def clear_map(session: Session) -> None:
    """A map of this size with nothing on it."""
    empty = empty_document(session.document.grid.height, session.document.grid.width)
    session.change(replace(session.document, rows=empty.rows, legend=empty.legend))


def turn_wind(session: Session) -> None:
    """Another direction of the wind tool."""
    names = list(WINDS)
    session.set_amounts(wind=names[(names.index(session.amounts.wind) + 1) % len(names)])
    session.say(f"the wind brush blows: {session.amounts.wind}")


def strengthen_wind(session: Session) -> None:
    """One square more, up to three."""
    session.set_amounts(strength=session.amounts.strength % 3 + 1)
    session.say(f"the wind brush blows {session.amounts.strength} squares")


def amount(session: Session, by: float) -> None:
    """Another amount for the tools."""
    session.set_amounts(reward=round(session.amounts.reward + by, 6))
    session.say(f"amount {session.amounts.reward:+g}")


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
    """The optimal policy while the step reward goes from -0.01 to -2; the marks show where it changed last.

    Between two of these step rewards, where it changes is found by bisection; of a large map the two are named.
    """
    first, last, count = SCAN
    changes: list[str] = []
    session.set_rule(stroke="flip", step_reward=first)
    yield from session.optimum()
    session.marks = np.zeros_like(session.marks)
    small, earlier = session.document.grid.num_states <= SOLVE_LIMIT, first
    for reward in (float(f"{reward:.3g}") for reward in -np.geomspace(-first, -last, count)[1:]):
        marks, before = session.marks, session.planning.policy
        session.set_rule(stroke="flip", step_reward=reward)
        yield from session.optimum()
        different = session.planning.changed_from(before, session.planning.policy)
        session.marks = different if different.any() else marks
        squares = ""
        if different.any():
            places = session.planning.flips_between(earlier, reward) if small else []
            at = [f"{place:.4g}" for place in places] or [f"between {earlier:g} and {reward:g}"]
            changes += [place for place in at if place not in changes[-1:]]
            squares = f": {policy_changed(int(different.sum()))}, {'at ' * bool(places)}{', '.join(at)}"
        session.planning.flipped, earlier = different, reward
        session.stepped(f"step reward {reward:.3g}{squares}")
        yield
    session.history.end_stroke()
    where = ", ".join(changes[:12]) + (", ..." if len(changes) > 12 else "")
    times = f"{len(changes)} time{'s' * (len(changes) != 1)}"
    session.say(f"from {first:g} to {last:g} the policy changed {times}" + f", at {where}" * bool(changes))


def walk_steps(session: Session) -> Steps:
    """The agent takes the policy's actions to the end of the episode."""
    session.agent.made_ready(session.planning)
    yield
    while not session.agent.done:
        session.agent.step(session.planning)
        session.stepped(session.agent.says(session.planning))
        yield


def learn_steps(session: Session) -> Steps:
    """Steps of the learner, without an end; what it has learned is shown once a frame."""
    while True:
        session.learning.step()
        yield


def thousand_steps(session: Session) -> Steps:
    """A thousand of them."""
    for _ in range(MANY):
        session.learning.step()
        yield


JOBS: Final[dict[str, Callable[[Session], Steps]]] = {
    "run": run_steps,
    "policy iteration": policy_iteration_steps,
    "flip": flip_steps,
    "walk": walk_steps,
    "learning": learn_steps,
}
