"""Scikit-learn's digits, and the classifier that says which digit an image shows, with its measured error."""

from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gan_lab.errors import WiringError

HELD_OUT: Final = 360  # images, a fifth, with as many of each class as among the others
BRIGHTEST: Final = 16  # of a pixel
HARDNESS, WIDTH = 10.0, 0.05  # C of the support vector machine and gamma of its kernel exp(-gamma |x - x'|^2)


class Digits(NamedTuple):
    """Training images and held-out ones, in [-1, 1], with what they show."""

    images: NDArray[np.float32]
    labels: NDArray[np.int64]
    held_out: NDArray[np.float32]
    held_out_labels: NDArray[np.int64]


@cache
def digits() -> Digits:
    """The 1797 digits, split once for all.

    Raises:
        WiringError: Scikit-learn is not installed.

    >>> digits().images.shape, digits().held_out.shape
    ((1437, 64), (360, 64))
    """
    try:
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split
    except ImportError as error:
        raise WiringError(
            "the digits come with scikit-learn, which is not installed here: pip install scikit-learn"
        ) from error
    loaded: Any = load_digits(return_X_y=True)  # arrays, for all that the annotations say
    pixels, labels = loaded
    images = (pixels / (BRIGHTEST / 2) - 1).astype(np.float32)
    parts: Any = train_test_split(np.arange(len(labels)), test_size=HELD_OUT, stratify=labels, random_state=0)
    training, held_out = parts
    found = Digits(images[training], labels[training], images[held_out], labels[held_out])
    for part in found:
        part.setflags(write=False)  # shared by all games
    return found


class DigitClassifier:
    """A support vector machine with a Gaussian kernel, fitted to the training images.

    Attributes:
        error: Share of the 360 held-out images that it gets wrong: .0083, three of them (.010 of all images in
            cross-validation over five parts). Of the training images it gets none wrong.

    >>> round(digit_classifier().error, 4)
    0.0083
    """

    def __init__(self, data: Digits) -> None:
        """Fit the classifier and measure its error."""
        from sklearn.svm import SVC

        machine: Any = SVC  # its stubs know no number as gamma
        self._machine = machine(C=HARDNESS, gamma=WIDTH).fit(data.images, data.labels)
        self.error: float = float((self.labels(data.held_out) != data.held_out_labels).mean())

    def labels(self, images: Any) -> NDArray[np.int64]:
        """(n,) digits that (n, 64) images show. Every image shows one to it, noise too."""
        return np.asarray(self._machine.predict(images), dtype=np.int64)

    def features(self, images: Any) -> NDArray[np.float64]:
        """(n, 10) of (n, 64) images: the machine's decision function, one number for each class."""
        return np.asarray(self._machine.decision_function(images), dtype=np.float64)


@cache
def digit_classifier() -> DigitClassifier:
    """The classifier, fitted once."""
    return DigitClassifier(digits())
