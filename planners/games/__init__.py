"""Zero-sum games of two players: models, plans with proven bounds, exploitability, worlds, and players that learn.

Read in this order: markov_game (the model), stages (its matrix games, and the proof), methods, solving, exploitability,
game_plan; worlds; players and learning.
"""

from planners.games.learning import GameRun, learn
from planners.games.players import FictitiousPlay, MinimaxQ
from planners.games.worlds import matching_pennies, pursuit, rock_paper_scissors, soccer

__all__ = [
    "FictitiousPlay",
    "GameRun",
    "MinimaxQ",
    "learn",
    "matching_pennies",
    "pursuit",
    "rock_paper_scissors",
    "soccer",
]
