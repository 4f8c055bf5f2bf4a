"""GAN training as a two-player game, each learned quantity beside its exact value.

Empty in this release: the games, players, update rules and the training loop arrive with a later one.
The players will act through `planners.agent`, the interface that planned policies use too.
"""

__all__: list[str] = []
