"""Moved to `planners.plans.beginnings`."""

from planners.plans.beginnings import starting_distribution as starting_distribution
