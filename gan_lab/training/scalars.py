"""The numbers of a run for TensorBoard, or for whatever else takes `add_scalar(name, value, step)`."""

from os import PathLike
from typing import Any

from gan_lab.errors import WiringError


class Scalars:
    """A callback of `train` that writes each evaluation: the payoffs of both players and the truth.

    Args:
        writer: A folder for TensorBoard, or an object with `add_scalar(name, value, step)`, such as a
            `torch.utils.tensorboard.SummaryWriter`.

    Raises:
        WiringError: A folder is given, but TensorBoard is not installed.

    >>> class Printer:
    ...     def add_scalar(self, name, value, step):
    ...         if name == "truth/distance":
    ...             print(step, round(value, 2))
    >>> from gan_lab.training.loop import train
    >>> run = train("dirac", steps=20, looks=2, callbacks=[Scalars(Printer())])
    10 1.34
    20 1.35
    """

    def __init__(self, writer: Any) -> None:
        """Take the writer, or make one."""
        if isinstance(writer, str | PathLike):
            try:
                from torch.utils.tensorboard import SummaryWriter
            except ImportError:
                raise WiringError(
                    "TensorBoard is not installed here: pip install tensorboard; or give Scalars an object with "
                    "add_scalar(name, value, step)"
                ) from None
            writer = SummaryWriter(str(writer))
        if not callable(getattr(writer, "add_scalar", None)):
            raise WiringError(
                f"writer is {writer!r}; expected a folder, or an object with add_scalar(name, value, step)"
            )
        self.writer: Any = writer

    def __call__(self, run: Any) -> None:
        """Write the last evaluation of a run."""
        rows = (("payoff", run.history), ("truth", run.truth), ("averaged", run.averaged_truth))
        for place, row in ((name, rows[-1]) for name, rows in rows if rows):
            for name, value in row.items():
                if name != "step":
                    self.writer.add_scalar(f"{place}/{name}", value, int(row["step"]))
        if callable(flush := getattr(self.writer, "flush", None)):
            flush()
