"""How a game stands: the duality gap, and the symptoms of failure."""
