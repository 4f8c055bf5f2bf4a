"""What the commands do to an explorer; the table of `commands` gives each a key and a name."""

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


def sweep(explorer: Session) -> None:
    """One sweep of value iteration."""
    change = explorer.planning.sweep()
    explorer.stepped(f"sweep {explorer.planning.counts.sweeps}: largest change {change:.3g}")


def evaluate(explorer: Session) -> None:
    """One policy evaluation, by sweeps that can be watched where the equations are too many."""
    if explorer.sketch.grid.num_states > DIRECT_LIMIT:
        explorer.start(Job("evaluation", jobs.evaluate_steps(explorer), paced=False))
        return
    explorer.planning.evaluate()
    explorer.stepped("the policy is evaluated: V is what it is worth")


def improve(explorer: Session) -> None:
    """One policy improvement."""
    changed = explorer.planning.improve()
    explorer.stepped(policy_changed(changed) if changed else "no action is better for this V")


def reset(explorer: Session) -> None:
    """Forget the planning, the agent and the animation; the map stays."""
    explorer.job = None
    explorer.planning.reset()
    explorer.marks = explorer.planning.flipped
    explorer.walker.lift()
    explorer.reel.clear()
    explorer.changed()
    explorer.say("V = 0, and every action alike")


def toggle(name: str) -> Act:
    """Begin a job, or stop it if it runs."""

    def act(explorer: Session) -> None:
        if explorer.job is not None and explorer.job.name == name:
            explorer.stop()
        else:
            explorer.start(Job(name, JOBS[name](explorer)))

    return act


def keep_solved(explorer: Session) -> None:
    """From now on solve after every change, or not any more."""
    explorer.keep_solved = not explorer.keep_solved
    explorer.say("every change is solved at once" if explorer.keep_solved else "changes are not solved by themselves")
    if explorer.keep_solved:
        explorer.solve()


def step(explorer: Session) -> None:
    """The agent takes the policy's action."""
    walker = explorer.walker.made_ready(explorer.planning)
    walker.step(explorer.planning)
    explorer.stepped(walker.says(explorer.planning))


def act_as(action: Action) -> Act:
    """The agent takes an action of the user's."""

    def act(explorer: Session) -> None:
        moves = explorer.sketch.rules.action_moves
        if action not in moves:
            names = ", ".join(move.name for move in moves)
            raise MapError(f"{action.name} is no action of this map; its actions are {names}")
        walker = explorer.walker.made_ready(explorer.planning)
        walker.step(explorer.planning, moves.index(action))
        explorer.stepped(walker.says(explorer.planning))

    return act


def nudge(rule: str, by: float) -> Act:
    """Change a rule by a little."""

    def act(explorer: Session) -> None:
        sketch = explorer.sketch
        value = round((sketch.discount if rule == "discount" else getattr(sketch.rules, rule)) + by, 6)
        explorer.set_rule(**{rule: value if rule == "step_reward" else min(1.0, max(0.0, value))})

    return act


def faster(by: int) -> Act:
    """More or fewer steps a second."""

    def act(explorer: Session) -> None:
        nearest = min(range(len(SPEEDS)), key=lambda number: abs(SPEEDS[number] - explorer.speed))
        explorer.speed = SPEEDS[min(len(SPEEDS) - 1, max(0, nearest + by))]
        explorer.say(f"{explorer.speed:g} steps a second")

    return act


def resize(rows: int, columns: int) -> Act:
    """Add or take away rows and columns."""

    def act(explorer: Session) -> None:
        grid = explorer.sketch.grid
        explorer.change(explorer.sketch.resized(grid.height + rows, grid.width + columns))
        explorer.say(f"{explorer.sketch.grid.height} rows, {explorer.sketch.grid.width} columns")

    return act


def clear_map(explorer: Session) -> None:
    """A map of this size with nothing on it."""
    grid, old = explorer.sketch.grid, explorer.sketch
    empty = empty_document(grid.height, grid.width)
    explorer.change(type(old)(empty.rows, empty.legend, old.rules, old.discount, old.extra))


def turn_wind(explorer: Session) -> None:
    """Another direction of the wind brush."""
    names = list(WINDS)
    explorer.set_amounts(wind=names[(names.index(explorer.amounts.wind) + 1) % len(names)])
    explorer.say(f"the wind brush blows: {explorer.amounts.wind}")


def strengthen_wind(explorer: Session) -> None:
    """One square more, up to three."""
    explorer.set_amounts(strength=explorer.amounts.strength % 3 + 1)
    explorer.say(f"the wind brush blows {explorer.amounts.strength} squares")


def amount(by: float) -> Act:
    """Another amount for the brushes."""

    def act(explorer: Session) -> None:
        explorer.set_amounts(reward=round(explorer.amounts.reward + by, 6))
        explorer.say(f"amount {explorer.amounts.reward:+g}")

    return act
