"""Data that are drawn by hand: blobs in the plane, which become the modes of a mixture."""

import math
from typing import Final

from gan_lab.errors import WiringError
from gan_lab.games import MixtureGame

NAME: Final = "drawing"
REACH: Final = 1.35  # drawn in [-REACH, REACH]^2
MOST: Final = 200  # blobs
Point = tuple[float, float]


class DrawnData:
    """The blobs so far.

    Attributes:
        blobs: Their middles.
        width: Standard deviation of each.

    >>> drawn = DrawnData()
    >>> drawn.dab((0.0, 0.0)), drawn.dab((0.01, 0.0)), drawn.dab((0.5, 0.0))
    (True, False, True)
    >>> drawn.game().means.tolist()
    [[0.0, 0.0], [0.5, 0.0]]
    """

    def __init__(self, width: float = 0.06) -> None:
        """Begin without any drawn data."""
        self.blobs: list[Point] = []
        self.width = width

    def dab(self, point: Point) -> bool:
        """Put a blob where there is none yet nearby; whether one was put."""
        inside = max(abs(point[0]), abs(point[1])) <= REACH - self.width
        if not inside or len(self.blobs) >= MOST or any(math.dist(point, one) < 1.5 * self.width for one in self.blobs):
            return False
        self.blobs.append((round(point[0], 3), round(point[1], 3)))
        return True

    def erase(self, point: Point) -> bool:
        """Take away the blobs at a point; whether there were any."""
        left = [one for one in self.blobs if math.dist(point, one) > 2 * self.width]
        gone = len(left) < len(self.blobs)
        self.blobs = left
        return gone

    def take(self, game: MixtureGame) -> None:
        """Have what a game's data were drawn as."""
        self.blobs = [(float(x), float(y)) for x, y in game.means]
        self.width = game.std

    def game(self, noise_size: int = 8) -> MixtureGame:
        """The mixture of all blobs, each as likely as another.

        Raises:
            WiringError: There is none.
        """
        if not self.blobs:
            raise WiringError("nothing is drawn yet: drag over the picture to put blobs of data on it")
        return MixtureGame(self.blobs, self.width, name=NAME, noise_size=noise_size)
