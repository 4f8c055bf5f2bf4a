"""All that a training run needs besides a game and a seed: networks, rates and schedules, with names."""
