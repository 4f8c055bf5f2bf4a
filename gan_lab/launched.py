"""Whether this process is one of several that were started together: asked without PyTorch, which is slow to import."""

import os

LAUNCHED = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")  # what torchrun and its like put in the environment


def is_launched() -> bool:
    """Whether this process was started as one of several, by `torchrun` or its like."""
    return all(name in os.environ for name in LAUNCHED)


def is_first() -> bool:
    """Whether this process is alone, or rank 0 of those that were started together."""
    return not is_launched() or os.environ["RANK"] == "0"


def is_restarted() -> bool:
    """Whether torchrun or Slurm starts this run again, after it was broken off."""
    return any(os.environ.get(name, "0") != "0" for name in ("TORCHELASTIC_RESTART_COUNT", "SLURM_RESTART_COUNT"))
