"""The state of the explorer: a map with its undo, the planning on it, the agent, and what is shown."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Final

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

import planners
from gridworld_env.explorer import views
from gridworld_env.explorer.agent import Agent
from gridworld_env.explorer.by_hand import ByHand
from gridworld_env.explorer.learning import Learning
from gridworld_env.explorer.map_document import MapDocument, changed_rules
from gridworld_env.explorer.planning import SOLVE_LIMIT, Planning, policy_changed
from gridworld_env.explorer.tools import TOOLS, Amounts
from gridworld_env.grid.grid import Grid
from gridworld_env.rendering.overlay import Overlay
from gridworld_env.rendering.scene import Scene, build_scene
from gridworld_env.ui.pages.thinning import Thinning
from gridworld_env.ui.widgets.history import History, bytes_of
from gridworld_env.ui.widgets.jobs import Job, Steps, in_thread
from gridworld_env.ui.widgets.session import BaseSession

GREETING: Final = "Drag to paint walls; Enter solves, K solves after every change; F1 shows all keys"
MOST_PICTURES: Final = 120  # of an animation
MOST_BYTES: Final = 64_000_000  # of the animation, maps included; and as many of what can be undone


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One picture as data; the drawing waits until somebody wants it.

    Attributes:
        grid: The map.
        overlay: What lay over it.
        agent: State of the agent; None: none.
        trail: States of its episode.
        caption: What the status line said.
    """

    grid: Grid
    overlay: Overlay
    agent: int | None
    trail: tuple[int, ...]
    caption: str

    @property
    def parts(self) -> Iterator[Any]:
        """What takes memory: other pictures of the same map or values share it."""
        yield from (self.overlay.values, self.overlay.policy, self.overlay.action_values, self.trail)
        yield from (array for array in vars(self.grid).values() if isinstance(array, np.ndarray))
        yield from self.grid.rows


class Session(BaseSession):
    """What the commands act on.

    Args:
        document: The map to begin with.
        path: The file it came from, to save it to.
        seed: Of the agent's draws.

    Attributes:
        view: Name of what is shown; see `views.VIEWS`.
        tool: Name of the tool; see `tools.TOOLS`.
        amounts: What the tools paint with.
        cursor: (row, column) of the keyboard.
        keep_solved: Whether every change of the map or the rules is solved at once.
        learning: The agent that learns.
        by_hand: The policy whose arrows the user turns.
        saved_at: When the file was written as it was read or saved last, in nanoseconds; None: there is none.
        scenarios: The MovingAI map whose scenarios can be chosen; None: there are none.
        marks: (S,) squares in which the last step that changed the policy did so.
        recording: What was shown since the reset, for an animation.
    """

    stamp: int
    path: Path | None
    saved: MapDocument
    refusals: ClassVar[tuple[type[Exception], ...]] = (gym.error.Error, planners.PlannerError, ValueError, OSError)

    def __init__(self, document: MapDocument, path: Path | None = None, seed: int | None = None) -> None:
        """Begin without a plan."""
        super().__init__(GREETING, speed=8.0)
        self.history: History[MapDocument] = History(document, lambda kept: kept.parts, MOST_BYTES)
        self.planning: Planning = Planning(document)
        self.agent: Agent = Agent(np.random.default_rng(seed))
        self.learning: Learning = Learning(self.planning, seed)
        self.by_hand: ByHand = ByHand(self.planning)
        self.path, self.saved = path, document
        self.saved_at: int | None = None if path is None or not path.is_file() else path.stat().st_mtime_ns
        self.scenarios: Path | None = None
        self.view, self.tool, self.amounts = "policy", "wall", Amounts()
        self._last_views = {views.PLAN: "policy", views.LEARN: "learned", views.HAND: "arrows"}
        self.cursor: tuple[int, int] = (document.grid.height - 1, 0)
        self.keep_solved = False
        self.marks: NDArray[np.bool_] = self.planning.flipped
        self._version, self._shown = 0, 0
        self.forget()
        self._scene: tuple[tuple[int, str], Scene, str] | None = None
        if not document.grid.terminal.any():
            self.say("this map has no terminal square: no episode ends")

    @property
    def document(self) -> MapDocument:
        """The map and its rules as they are now."""
        return self.history.present

    @property
    def version(self) -> tuple[int, str]:
        """Another one when `scene` is another one."""
        return self._version, self.view

    @property
    def name(self) -> str:
        """Of the file, with a star where there is something to save."""
        return ("map" if self.path is None else self.path.name) + ("" if self.document is self.saved else " *")

    @property
    def unsaved(self) -> str:
        """The question before a painted map would be lost; the rules alone count where the map is that of a file."""
        now, saved = self.document, self.saved
        painted = (now.rows, now.legend) != (saved.rows, saved.legend)
        if painted or (self.path is not None and now is not saved):
            return f"The changes of the map {self.name.removesuffix(' *')} are not saved. Save them?"
        return ""

    def change(self, document: MapDocument, stroke: object = None) -> None:
        """Make another document the present one."""
        if document is self.document:
            return
        self.history.change(document, stroke)
        self.follow()
        self._forget_grids()

    def _forget_grids(self) -> None:
        """The arrays of a large map are kept of the present one only."""
        for document in (self.saved, *self.history.others()):
            if "grid" in vars(document) and document.grid is not self.document.grid:
                document.forget_grid()

    def follow(self) -> None:
        """Bring everything else in line with the map as it is."""
        before, old, new = self.planning.document, self.planning.document.grid, self.document.grid
        rules = changed_rules(before, self.document)
        self.planning.move_to(self.document)
        self.agent.move_to(old, new)
        self.by_hand.move_to(before, self.document)
        learner = self.learning.move_to(before, self.document)
        self.cursor = (min(self.cursor[0], new.height - 1), min(self.cursor[1], new.width - 1))
        if new is not old:
            self.marks = np.zeros(new.num_states, dtype=bool)
        if new is not old and not new.terminal.any():
            self.say("this map has no terminal square: no episode ends")
        self.changed()
        if self.keep_solved and (self.job is None or self.job.name != "flip"):
            self.solve(rules)
        elif self.mode == views.LEARN and learner:
            self.say("; ".join(filter(None, [rules, learner])))
        elif self.mode == views.HAND:
            self.judge()
        elif rules:
            self.say(f"{rules}; Enter solves, K solves after every change")

    def changed(self) -> None:
        """V, the policy or the map is another one."""
        self._version += 1
        self.stamp += 1

    def stepped(self, text: str) -> None:
        """A step of planning was made: show it, mark where the policy changed, remember it for the animation."""
        if self.planning.flipped.any():
            self.marks = self.planning.flipped
        self.say(text)
        self.changed()
        if self.job is None or self.job.paced:
            self.record()

    def learned(self) -> None:
        """The learner has made steps: show it, and remember it for the animation."""
        self._shown = self.learning.steps
        self.say(self.learning.says())
        self.changed()
        self.record()

    def judge(self) -> None:
        """The policy by hand is another one: show what it is worth."""
        self.changed()
        self.attempt(lambda: self.say("; ".join(self.by_hand.says())))

    def record(self) -> None:
        """Remember what is shown for the animation; a map of another size begins a new one."""
        if self._recorded_shape != self.document.grid.kind.shape:
            self.forget()
        shown = self.snapshot(self.status[0])
        self.recording.add(lambda: shown)

    def forget(self) -> None:
        """Begin a new animation."""
        self.recording: Thinning[Snapshot] = Thinning[Snapshot](
            together=lambda shown: bytes_of(part for one in shown for part in one.parts),
            most_frames=MOST_PICTURES,
            most_bytes=MOST_BYTES,
        )
        self._recorded_shape = self.document.grid.kind.shape

    def snapshot(self, caption: str) -> Snapshot:
        """What is shown, as data."""
        trail, at = tuple(self.agent.trail.tolist()), self.agent.state
        if self.mode != views.PLAN:
            trail, at = (), self.learning.run.state if self.mode == views.LEARN else None
        return Snapshot(self.document.grid, self.scene.overlay, at, trail, caption)

    @property
    def scene(self) -> Scene:
        """The map and what the view shows of it, made once for each change; see `problem` where it shows nothing."""
        key = self.version
        if self._scene is None or self._scene[0] != key:
            problem = ""
            try:
                overlay = views.draw(self.view, self)
            except self.refusals as error:
                overlay, problem = Overlay(values=np.full(len(self.planning.values), np.nan)), str(error)
            self._scene = (key, build_scene(self.document.grid, overlay=overlay), problem)
        return self._scene[1]

    @property
    def problem(self) -> str:
        """Why the view shows nothing; empty where it does."""
        _ = self.scene
        return "" if self._scene is None else self._scene[2]

    @property
    def mode(self) -> str:
        """What the explorer is used for: to "plan", to "learn", or for a policy by "hand"; the view says which."""
        return views.VIEWS[self.view].mode

    @property
    def optimal_actions(self) -> NDArray[np.bool_] | None:
        """(S, A) those to be pointed out in this view; None where it points out none, or where none are known."""
        if not views.shows_optimal(self.view) or self.problem:
            return None
        return (self.learning.run if self.mode == views.LEARN else self.by_hand).plan.optimal_actions

    def enter(self, mode: str) -> None:
        """Go on in another mode, with the view that was last looked at there."""
        self.show(self._last_views[mode])
        if mode == views.LEARN:
            self.attempt(lambda: self.say(self.learning.says()))
        elif mode == views.HAND:
            self.judge()

    def show(self, view: str) -> None:
        """Look at something else."""
        before, self.view = self.mode, view
        self._last_views[self.mode] = view
        if self.mode == views.HAND != before:
            self.tool: str = "turn"
        elif self.mode != views.HAND and self.tool == "turn":
            self.tool = "wall"
        self.say(views.VIEWS[view].help)

    def take(self, tool: str) -> None:
        """Take up a tool."""
        self.tool: str = tool
        self.say(TOOLS[tool].help)

    def set_amounts(self, **changes: Any) -> None:
        """Paint with other amounts from now on."""
        self.amounts: Amounts = replace(self.amounts, **changes)
        self.stamp += 1

    def use(self, squares: Iterable[tuple[int, int]], name: str | None = None, stroke: object = None) -> None:
        """Use a tool, by default the one in hand, on some squares."""
        tool, amounts = TOOLS[name or self.tool], self.amounts
        if tool.paint is not None:
            paint = tool.paint
            self.change(self.document.painted(squares, lambda cell: paint(cell, amounts)), stroke)
            return
        for square in squares:
            state = self.document.grid.cell_to_state(square)
            if tool.name == "look":
                self.cursor = square
                self.say(f"row {square[0]}, column {square[1]}: its backup is below the map")
            elif tool.name == "turn":
                self.by_hand.turn(state)
                self.judge()
            elif tool.name == "agent":
                self.agent.drop(state)
                self.say(f"the agent is at row {square[0]}, column {square[1]}")
            else:
                change = self.planning.backup(state)
                self.stepped(f"backup of row {square[0]}, column {square[1]}: V changed by {change:+.4g}")

    def set_rule(self, stroke: object = None, **changes: float) -> None:
        """Change step reward, slip or discount."""
        document = self.document
        if "discount" in changes:
            document = document.with_discount(changes.pop("discount"))
        self.change(document.with_rules(**changes) if changes else document, stroke)

    def undo(self, *, back: bool = True) -> None:
        """Undo the last change of the map or the rules, or redo it."""
        moved = self.history.undo() if back else self.history.redo()
        if moved:
            self.follow()
            self._forget_grids()
        self.say(("undone" if back else "redone") if moved else f"nothing to {'undo' if back else 'redo'}")

    def solve(self, after: str = "") -> None:
        """V* and all optimal actions: at once on small maps, else in a thread beside the window. `after`: a change."""
        if self.document.grid.num_states > SOLVE_LIMIT:
            self.begin(Job("solve", self._solving(), paced=False, recorded=False))
            self.say("solving; Escape stops it")
            return
        if self.job is not None and self.job.name in ("run", "solve"):
            self.job: Job | None = None
        plan = self.planning.solve()
        proven, flips = f"solved, error at most {plan.error_bound:.1g}", int(self.planning.flipped.sum())
        flipped = policy_changed(flips) * (flips > 0)
        self.stepped("; ".join(filter(None, [after, flipped, proven] if after else [proven, flipped])))

    def _solving(self) -> Steps:
        yield from self._solved_beside()
        self.record()

    def optimum(self) -> Steps:
        """V* of the map as it is: at once where it is small, else in a thread beside the window."""
        if self.document.grid.num_states > SOLVE_LIMIT:
            yield from self._solved_beside()
        else:
            self.planning.solve()
            self.changed()

    def _solved_beside(self) -> Steps:
        """Solve in a thread, say how far it is, and begin again if the map changes meanwhile."""
        plan: planners.Plan | None = None
        while plan is None:
            document = self.document
            plan = yield from in_thread(
                self.planning.solving(), self._say_progress, lambda now=document: self.document is now
            )
        self.planning.take_solution(plan.values)
        flips = int(self.planning.flipped.sum())
        self.stepped(f"solved, error at most {plan.error_bound:.1g}" + f"; {policy_changed(flips)}" * (flips > 0))

    def _say_progress(self, iteration: planners.Iteration) -> None:
        bound = f", error at most {iteration.error_bound:.1g}" if np.isfinite(iteration.error_bound) else ""
        self.say(f"solving: {iteration.iteration} rounds of sweeps{bound}; Escape stops it")

    def advance(self, now: float) -> None:
        """Go on with what runs, for a small part of a frame."""
        job = self.job
        super().advance(now)
        if job is not None and job.name.startswith("learning"):
            if self.learning.steps != self._shown:
                self.attempt(self.learned)
        elif job is not None and not job.paced and job.recorded:
            self.record()
