"""The one loop that trains games: from names to a run, with evaluations, checkpoints, devices and processes."""
