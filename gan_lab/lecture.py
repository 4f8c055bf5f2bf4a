"""A short name of `gan_lab.studies.lecture`, which people import from."""

from gan_lab.studies.lecture import *  # noqa: F403
