"""What the commands do to a session; the table of `commands` gives each a key and a name."""

from collections.abc import Callable
from typing import Final

from gridworld_env.errors import MapError
from gridworld_env.explorer import jobs
from gridworld_env.explorer.map_document import empty_document
from gridworld_env.explorer.planning import DIRECT_LIMIT, policy_changed
from gridworld_env.explorer.session import Session
from gridworld_env.explorer.tools import WINDS
from gridworld_env.grid.actions import Action
from gridworld_env.ui.widgets.jobs import Job, Steps

Act = Callable[[Session], None]
SPEEDS: Final = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 240.0)  # steps a second
JOBS: Final[dict[str, Callable[[Session], Steps]]] = {
    "run": jobs.run_steps,
    "policy iteration": jobs.policy_iteration_steps,
    "flip": jobs.flip_steps,
    "walk": jobs.walk_steps,
}


def sweep(session: Session) -> None:
    """One sweep of value iteration."""
    change = session.planning.sweep()
    session.stepped(f"sweep {session.planning.counts.sweeps}: largest change {change:.3g}")


def evaluate(session: Session) -> None:
    """One policy evaluation, by sweeps that can be watched where the equations are too many."""
    if session.document.grid.num_states > DIRECT_LIMIT:
        session.begin(Job("evaluation", jobs.evaluate_steps(session), paced=False))
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


def toggle(name: str) -> Act:
    """Begin a job, or stop it if it runs."""

    def act(session: Session) -> None:
        if session.job is not None and session.job.name == name:
            session.stop()
        else:
            session.begin(Job(name, JOBS[name](session)))

    return act


def keep_solved(session: Session) -> None:
    """From now on solve after every change, or not any more."""
    session.keep_solved = not session.keep_solved
    session.say("every change is solved at once" if session.keep_solved else "changes are not solved by themselves")
    if session.keep_solved:
        session.solve()


def step(session: Session) -> None:
    """The agent takes the policy's action."""
    agent = session.agent.made_ready(session.planning)
    agent.step(session.planning)
    session.stepped(agent.says(session.planning))


def act_as(action: Action) -> Act:
    """The agent takes an action of the user's."""

    def act(session: Session) -> None:
        moves = session.document.rules.action_moves
        if action not in moves:
            names = ", ".join(move.name for move in moves)
            raise MapError(f"{action.name} is no action of this map; its actions are {names}")
        agent = session.agent.made_ready(session.planning)
        agent.step(session.planning, moves.index(action))
        session.stepped(agent.says(session.planning))

    return act


def nudge(rule: str, by: float) -> Act:
    """Change a rule by a little."""

    def act(session: Session) -> None:
        document = session.document
        value = round((document.discount if rule == "discount" else getattr(document.rules, rule)) + by, 6)
        session.set_rule(**{rule: value if rule == "step_reward" else min(1.0, max(0.0, value))})

    return act


def faster(by: int) -> Act:
    """More or fewer steps a second."""

    def act(session: Session) -> None:
        nearest = min(range(len(SPEEDS)), key=lambda number: abs(SPEEDS[number] - session.speed))
        session.speed = SPEEDS[min(len(SPEEDS) - 1, max(0, nearest + by))]
        session.say(f"{session.speed:g} steps a second")

    return act


def resize(rows: int, columns: int) -> Act:
    """Add or take away rows and columns."""

    def act(session: Session) -> None:
        grid = session.document.grid
        session.change(session.document.resized(grid.height + rows, grid.width + columns))
        session.say(f"{session.document.grid.height} rows, {session.document.grid.width} columns")

    return act


def clear_map(session: Session) -> None:
    """A map of this size with nothing on it."""
    grid, old = session.document.grid, session.document
    empty = empty_document(grid.height, grid.width)
    session.change(type(old)(empty.rows, empty.legend, old.rules, old.discount, old.extra))


def turn_wind(session: Session) -> None:
    """Another direction of the wind tool."""
    names = list(WINDS)
    session.set_amounts(wind=names[(names.index(session.amounts.wind) + 1) % len(names)])
    session.say(f"the wind brush blows: {session.amounts.wind}")


def strengthen_wind(session: Session) -> None:
    """One square more, up to three."""
    session.set_amounts(strength=session.amounts.strength % 3 + 1)
    session.say(f"the wind brush blows {session.amounts.strength} squares")


def amount(by: float) -> Act:
    """Another amount for the tools."""

    def act(session: Session) -> None:
        session.set_amounts(reward=round(session.amounts.reward + by, 6))
        session.say(f"amount {session.amounts.reward:+g}")

    return act
