"""The command `gan-lab`."""

from gan_lab.cli.commands import app

__all__ = ["app"]
