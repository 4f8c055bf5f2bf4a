"""The agent that walks on a map: what it intended, and where it came to."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from gridworld_env.dynamics.rules_to_tables import order_of_draws
from gridworld_env.dynamics.sampler import Sampler, Starts
from gridworld_env.dynamics.trace import Trace
from gridworld_env.explorer.planning import Planning
from gridworld_env.grid.actions import Action
from gridworld_env.grid.grid import Grid
from planners.models.moves import MoveMDP


@dataclass(frozen=True)
class Move:
    """One step of the agent.

    Attributes:
        origin: State that it left.
        intended: The move that the action stands for.
        made: The move that was drawn.
        target: State that it came to.
        reward: What it earned.
        terminated: Whether that was the end.
    """

    origin: int
    intended: Action
    made: Action
    target: int
    reward: float
    terminated: bool


class Agent:
    """An agent on a map, or nowhere.

    Args:
        rng: Where the draws come from.

    Attributes:
        state: Where it is; None: nowhere.
        last: Its last step.
        total: Rewards of the episode, added up.
    """

    total: float
    steps: int

    def __init__(self, rng: np.random.Generator) -> None:
        """Begin without a position."""
        self._rng = rng
        self._trace = Trace()
        self._sampler: Sampler | None = None
        self._mdp: MoveMDP | None = None
        self.lift()

    def lift(self) -> None:
        """Take the agent away."""
        self.state: int | None = None
        self.last: Move | None = None
        self.total, self.steps = 0.0, 0
        self._trace.states.clear()

    def drop(self, state: int) -> None:
        """Begin an episode in a state."""
        self.lift()
        self.state = state
        self._trace.begin(state)

    def made_ready(self, planning: Planning) -> Self:
        """The agent, where the map says that episodes begin if it is nowhere or at an end."""
        if self.done:
            distribution = planning.mdp.initial
            assert distribution is not None  # every map's model knows where episodes begin
            self.drop(Starts(distribution).state(self._rng.random()))
        return self

    def move_to(self, old: Grid, new: Grid) -> None:
        """Stay on the same square of another map, as a new episode; where that is none, be nowhere."""
        if self.state is None or new is old:
            return
        row, column = old.cell_of_state[self.state].tolist()
        state = int(new.state_of_cell[row, column]) if row < new.height and column < new.width else -1
        if state < 0:
            self.lift()
        else:
            self.drop(state)

    @property
    def trail(self) -> NDArray[np.int64]:
        """(N,) states of the episode, oldest first."""
        return np.array(self._trace.states, dtype=np.int64)

    @property
    def done(self) -> bool:
        """Whether the episode is over, or has not begun."""
        return self.state is None or (self.last is not None and self.last.terminated)

    def step(self, planning: Planning, action: int | None = None) -> Move:
        """Take an action, by default one that the policy draws; the agent must be somewhere."""
        assert self.state is not None
        mdp, rules = planning.mdp, planning.document.rules
        if self._sampler is None or self._mdp is not mdp:
            self._mdp, self._sampler = mdp, Sampler(mdp, order_of_draws(rules, mdp.num_moves))
        if action is None:
            cumulative = np.cumsum(planning.policy[self.state], dtype=np.float64)
            action = int(np.searchsorted(cumulative, self._rng.random() * cumulative[-1], side="right"))
        drawn = self._sampler.draw(self.state, action, self._rng.random())
        target, reward, terminated = self._sampler.result(self.state, drawn)
        made = rules.all_moves[drawn % len(rules.all_moves)]
        self.last = Move(self.state, rules.action_moves[action], made, target, reward, terminated)
        self.state = target
        self.total, self.steps = self.total + reward, self.steps + 1
        self._trace.step(target, (action, drawn, reward, terminated))
        return self.last

    def says(self, planning: Planning) -> str:
        """The last step in words."""
        said = self._trace.caption(planning.document.rules)
        steps = f"{self.steps} step{'s' if self.steps > 1 else ''}"
        return f"{said}; {steps}, total {self.total:g}" if said else "the agent is here"
