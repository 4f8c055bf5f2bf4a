"""A short name of `gan_lab.metrics.mode_fits`, which people import from."""

from gan_lab.metrics.mode_fits import *  # noqa: F403
