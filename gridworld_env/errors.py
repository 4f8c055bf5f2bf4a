"""What this package raises beside Gymnasium's own errors."""

from gymnasium.error import Error


class MapError(Error, ValueError):
    """A map, a legend or an option of `GridWorld-v0` cannot be used; the message says where and why."""
