"""Textbook models that are no grids: each is a function that returns a `TabularMDP`, with its source."""

from gridworld_env.models.exploration import deep_sea, river_swim, six_arms
from gridworld_env.models.sutton_barto import (
    access_control,
    blackjack,
    blackjack_state,
    gambler,
    jacks_cars,
    random_walk_5,
    random_walk_19,
    random_walk_1000,
    short_corridor,
)

__all__ = [
    "access_control",
    "blackjack",
    "blackjack_state",
    "deep_sea",
    "gambler",
    "jacks_cars",
    "random_walk_5",
    "random_walk_19",
    "random_walk_1000",
    "river_swim",
    "short_corridor",
    "six_arms",
]
