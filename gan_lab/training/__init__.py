"""The one training loop of games, its runs, checkpoints, devices and processes."""
