"""The command `gridworld`."""

from gridworld_env.cli.commands import app

__all__ = ["app"]
