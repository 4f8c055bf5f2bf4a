"""A learner on a map, step by step, with its curves: what it has given away, and what its greedy policy is worth."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

import planners
from gridworld_env.agents import AGENTS, make_agent
from gridworld_env.errors import MapError
from gridworld_env.explorer.map_document import MapDocument
from gridworld_env.explorer.planning import Planning
from planners.learning.step_by_step import StepByStep

LARGEST: Final = 2_500  # states
MOST_POINTS: Final = 1_000  # of a curve
LIMIT: Final = 1_000  # steps of an episode, where the map's file says nothing else


class Curves:
    """Regret and V^pi by steps; every k-th step is kept, and k doubles where there are too many."""

    def __init__(self, every: int) -> None:
        """Begin with empty curves."""
        self.every = every
        self._points: list[tuple[int, float, float]] = []

    def is_due(self, step: int) -> bool:
        """Whether a step is kept."""
        return step % self.every == 0

    def add(self, step: int, regret: float, value: float) -> None:
        """Keep a step."""
        self._points.append((step, regret, value))
        if len(self._points) > MOST_POINTS:
            self._points, self.every = self._points[::2], 2 * self.every

    def until(self, step: int, regret: float, value: float) -> NDArray[np.float64]:
        """(3, n) steps, regret and V^pi, the present step included."""
        return np.array([*self._points, (step, regret, value)]).T


class Learning:
    """What learns on the map of `planning`, begun when it is first asked for.

    Args:
        planning: Has the map and its model.
        seed: Of the first learner.

    Attributes:
        name: A key of `AGENTS`.
        seed: Of this learner; the next one has the number after it.
    """

    def __init__(self, planning: Planning, seed: int | None = None) -> None:
        """Begin without a learner."""
        self._planning, self.name, self.seed = planning, "q-learning", 1 if seed is None else seed
        self._run: StepByStep | None = None
        self.curves: Curves = Curves(1)

    @property
    def run(self) -> StepByStep:
        """The learner and its truth.

        Raises:
            MapError: The map is too large.
            PlannerError: Nothing is optimal, as reward can be collected for ever; or R-max and PSRL at discount 1.
        """
        if self._run is None:
            document, states = self._planning.document, self._planning.document.grid.num_states
            if states > LARGEST:
                raise MapError(f"the map has {states} squares; an agent learns here on at most {LARGEST}")
            model = self._planning.mdp
            limit = document.extra.get("max_episode_steps", LIMIT)
            run = StepByStep(
                model,
                make_agent(self.name, model),
                discount=document.discount,
                seed=self.seed,
                max_episode_steps=limit if limit > 0 else None,
            )
            _ = run.plan  # or it is refused
            self.curves = Curves(max(1, states // 100))
            self.curves.add(0, 0.0, run.policy_value)
            self._run = run
        return self._run

    @property
    def steps(self) -> int:
        """How many the learner has made."""
        return 0 if self._run is None else self._run.steps

    def begin(self, name: str | None = None, seed: int | None = None) -> None:
        """Forget what was learned; `name` and `seed` are those of the next learner."""
        self.name, self.seed, self._run = name or self.name, self.seed if seed is None else seed, None

    def step(self) -> None:
        """One step."""
        run = self.run
        run.step()
        if self.curves.is_due(run.steps):
            self.curves.add(run.steps, run.regret, run.policy_value)

    def move_to(self, old: MapDocument, new: MapDocument) -> str:
        """Follow the map, which `planning` has taken; what that means for the learner, in words.

        It goes on where the squares are the same ones: what it has learned may then be wrong, and its truth is that of
        the new map. It begins again where walls, size or discount have changed, or it stands on what is now an end.
        """
        run = self._run
        if run is None or (new.grid is old.grid and new.rules == old.rules and new.discount == old.discount):
            return ""
        squares = np.array_equal(new.grid.state_of_cell, old.grid.state_of_cell)
        actions = len(new.rules.action_moves) == len(old.rules.action_moves)
        if not (squares and actions) or new.discount != old.discount or bool(new.grid.terminal[run.state]):
            self.begin()
            return "the learner begins again"
        try:
            run.move_to(self._planning.mdp)
            _ = run.plan
        except planners.PlannerError:  # nothing is optimal there; the view says why
            self.begin()
            return "the learner begins again"
        return "the learner goes on, with what it has learned"

    def curve(self) -> NDArray[np.float64]:
        """(3, n) steps, regret and V^pi so far."""
        run = self.run
        return self.curves.until(run.steps, run.regret, run.policy_value)

    def losses(self) -> NDArray[np.float64]:
        """(S,) V*(s) - V^pi(s) of the greedy policy."""
        run = self.run
        weights = run.greedy / run.greedy.sum(axis=1, keepdims=True)
        policy = planners.TabularPolicy(weights)
        return planners.is_optimal(self._planning.mdp, policy, discount=self._planning.document.discount).regrets

    def says(self) -> str:
        """How it stands, in a line."""
        run, alive = self.run, ~self._planning.document.grid.terminal
        wrong = int(((run.greedy & ~run.plan.optimal_actions).any(axis=1) & alive).sum())
        where = f"not optimal in {wrong} square{'s' * (wrong > 1)}" if wrong else "optimal everywhere"
        return (
            f"{AGENTS[self.name].title}, seed {self.seed}: step {run.steps:,}, episode {run.episodes + 1:,}; "
            f"regret {run.regret:.4g}; its greedy policy is {where}"
        )
