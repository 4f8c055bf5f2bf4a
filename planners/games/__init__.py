"""Zero-sum games of two players: models, plans with proven bounds, exploitability, worlds, and players that learn.

Read in this order: markov_game (the model), stages (its matrix games, and the proof), methods, solving, game_plan,
exploitability; worlds; then minimax_q, fictitious_play and learning.
"""

from planners.games.worlds import matching_pennies, pursuit, rock_paper_scissors, soccer

__all__ = ["matching_pennies", "pursuit", "rock_paper_scissors", "soccer"]
