"""`learn`: two players learn a game by playing it, with the exact exploitability beside what they have learned."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.errors import InvalidModelError, InvalidOptionError
from planners.games.exploitability import exploitability, refuse_no_game
from planners.games.markov_game import MarkovGame
from planners.games.players import GamePlayer
from planners.options import check_discount


@dataclass(frozen=True, eq=False)
class GameRun:
    """Two players that have learned, and the amounts that their policies guarantee and concede.

    Attributes:
        agents: Both players, as they are now.
        steps: (K,) the numbers of steps after which they were measured.
        guaranteed: (K,) from the start, the row player's policy earns at least this against its best response.
        conceded: (K,) the opponent's policy concedes at most this to its best response.
        complete: Whether all steps were made; False after Ctrl-C.
    """

    agents: tuple[Any, Any]
    steps: NDArray[np.int64]
    guaranteed: NDArray[np.float64]
    conceded: NDArray[np.float64]
    complete: bool

    @property
    def exploitability(self) -> NDArray[np.float64]:
        """(K,) proven: from the start, both can lose at most this together; 0 where both are optimal."""
        return self.conceded - self.guaranteed

    def __repr__(self) -> str:
        """What was learned, in a line."""
        names = " against ".join(type(agent).__name__ for agent in self.agents)
        return f"GameRun({names}, {self.steps[-1]} steps, exploitability at most {self.exploitability[-1]:.3g})"


def learn(
    game: MarkovGame,
    agents: Sequence[Any],
    *,
    steps: int,
    discount: float,
    seed: int | None = None,
    checks: int = 10,
    max_episode_steps: int = 1000,
) -> GameRun:
    """Let two players play a game against each other, and measure exactly what they have learned.

    Args:
        game: A game that says where it begins (`initial`).
        agents: The row player and the opponent, such as `planners.games.MinimaxQ()`, which are not changed.
        steps: Number of steps; when a game is over, another one begins.
        discount: 0 to 1.
        seed: The same seed gives the same run.
        checks: How often the policies are measured, the last time at the end.
        max_episode_steps: Steps after which a game is broken off, and another one begun.

    Returns:
        The run. Ctrl-C ends it, with what was learned so far.

    Raises:
        InvalidOptionError: Numbers out of range, or no two players.
        InvalidModelError: The game does not say where it begins.

    Cost: some 30 microseconds a step, and two policy iterations for each check.

    >>> from planners.games import FictitiousPlay, MinimaxQ, learn, rock_paper_scissors
    >>> learn(rock_paper_scissors(), (MinimaxQ(), FictitiousPlay()), steps=500, discount=0.9, seed=2).steps[-1]
    np.int64(500)
    """
    refuse_no_game(game)
    for name, given in (("steps", steps), ("checks", checks), ("max_episode_steps", max_episode_steps)):
        if isinstance(given, bool) or not isinstance(given, int | np.integer) or given < 1:
            raise InvalidOptionError(f"{name} is {given!r:.80}; expected a whole number of at least 1")
    if game.initial is None:
        raise InvalidModelError("the game does not say where it begins; expected initial=, (S,) probabilities")
    pair = tuple(agents) if isinstance(agents, Sequence) else ()
    if len(pair) != 2 or not all(isinstance(agent, GamePlayer) for agent in pair):
        raise InvalidOptionError(
            f"agents is {agents!r:.80}; expected two players, such as (MinimaxQ(), FictitiousPlay())"
        )
    streams = np.random.default_rng(seed).spawn(3)
    players = tuple(agent.begin(game, i, check_discount(discount), streams[i]) for i, agent in enumerate(pair))
    at, found, done = np.unique(np.linspace(0, steps, checks + 1).astype(np.int64))[1:], [], []
    play = _Play(game, players, streams[2], max_episode_steps)
    try:
        for until in at:
            play.go_on(int(until))
            found.append(_measured(game, players, discount))
            done.append(until)
    except KeyboardInterrupt:
        found.append(_measured(game, players, discount))
        done.append(play.steps)
    guaranteed, conceded = np.array(found).T
    return GameRun((players[0], players[1]), np.array(done), guaranteed, conceded, play.steps == steps)


def _measured(game: MarkovGame, players: Sequence[GamePlayer], discount: float) -> tuple[float, float]:
    """What both policies are worth from the start."""
    answers = exploitability(game, players[0].policy, players[1].policy, discount=discount)
    first = np.asarray(game.initial)
    return float(first @ answers.guaranteed_lower), float(first @ answers.conceded_upper)


class _Play:
    """A game that is being played, one step after the other."""

    def __init__(self, game: MarkovGame, players: Sequence[GamePlayer], rng: np.random.Generator, limit: int) -> None:
        self.game, self.players, self.rng, self.limit, self.steps = game, players, rng, limit, 0
        self.first = np.cumsum(np.asarray(game.initial))
        self.begin()

    def begin(self) -> None:
        """Another game."""
        self.length, draw = 0, self.rng.random() * self.first[-1]
        self.state = int(np.searchsorted(self.first, draw, side="right"))

    def go_on(self, until: int) -> None:
        """Play up to so many steps."""
        joint, (one, two) = self.game.joint, self.players
        while self.steps < until:
            s = self.state
            a, b = one.act(s), two.act(s)
            pair = a * self.game.num_opponent_actions + b
            nexts, chances = joint.row(s, pair)
            place = int(np.searchsorted(np.cumsum(chances), self.rng.random(), side="right"))
            over = place == len(nexts) and bool(joint.termination[s, pair] > 0.0)
            t, reward = s if over else int(nexts[min(place, len(nexts) - 1)]), float(joint.rewards[s, pair])
            one.learn(s, a, b, reward, t, over)
            two.learn(s, b, a, -reward, t, over)
            self.state, self.steps, self.length = t, self.steps + 1, self.length + 1
            if over or self.length == self.limit:
                self.begin()
