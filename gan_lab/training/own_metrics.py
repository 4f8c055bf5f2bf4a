"""Metrics of one's own, `train(..., metrics={"mmd": f})`: beside the truth, at each evaluation."""

from collections.abc import Callable, Mapping
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from gan_lab.errors import WiringError, row_of
from gan_lab.random_numbers import seeded

if TYPE_CHECKING:
    from gan_lab.training.run import Run

TAKEN: Final = ("step", "value", "discriminator_0", "generator_0")  # names of other numbers in the rows of a run


def checked_metrics(metrics: Any) -> dict[str, Callable[..., Any]]:
    """Metrics by name.

    Raises:
        WiringError: No mapping of names to functions of one or two arguments, or a name that the run gives itself.

    >>> list(checked_metrics({"spread": lambda samples, data: samples.std()}))
    ['spread']
    """
    if metrics is None:
        return {}
    if not isinstance(metrics, Mapping):
        raise WiringError(f"metrics is {metrics!r}; expected functions by name, such as {{'mmd': f}}")
    for name, metric in metrics.items():
        if not isinstance(name, str) or not name or name in TAKEN:
            raise WiringError(f"metrics has the name {name!r}; expected a text other than {', '.join(TAKEN)}")
        if not callable(metric) or arguments_of(metric) not in (1, 2):
            raise WiringError(
                f"the metric {name!r} is {metric!r}; expected a function of (samples, data), two arrays, or of the run"
            )
    return dict(metrics)


def arguments_of(metric: Callable[..., Any]) -> int:
    """How many arguments a metric has to be given; of one that does not say, two."""
    try:
        asked = signature(metric).parameters.values()
    except (TypeError, ValueError):
        return 2
    if any(part.kind is Parameter.VAR_POSITIONAL for part in asked):
        return 2
    kinds = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    return sum(part.kind in kinds and part.default is Parameter.empty for part in asked)


def measured(run: "Run", seed: int, known: Mapping[str, float], *, averaged: bool = False) -> dict[str, float]:
    """What the metrics of a run say of its players, or of its averaged generator.

    A metric of two arguments is given samples and as many data, in a game of strategies the two strategies, the
    discriminator's first. It leaves no trace: torch's random numbers inside are its own.

    Args:
        run: The run.
        seed: Of samples and data.
        known: What else the row has.
        averaged: Whether the averaged generator is meant; metrics of the run are left out then.

    Raises:
        WiringError: A metric is no number, or is called what the row has already.
    """
    if not run.metrics:
        return {}
    if taken := [name for name in run.metrics if name in known]:
        raise WiringError(f"metrics has {taken[0]!r}, which is a name in the truth of {run.game.name!r}: take another")
    both: Any = run.strategies if not run.game.of_samples else _samples_and_data(run, seed, averaged)
    if len(both) > 2 and (pairs := [name for name, metric in run.metrics.items() if arguments_of(metric) == 2]):
        raise WiringError(
            f"the metric {pairs[0]!r} is one of two strategies, and {run.game.name!r} has {len(both)} players: write "
            "it as a function of the run, with run.strategies"
        )
    asked = {name: metric for name, metric in run.metrics.items() if not averaged or arguments_of(metric) == 2}
    with seeded(seed):
        found = {name: metric(*both) if arguments_of(metric) == 2 else metric(run) for name, metric in asked.items()}
    return row_of(found, "a metric")


def _samples_and_data(run: "Run", seed: int, averaged: bool) -> tuple[Any, Any]:
    game: Any = run.game.single
    samples = run.sample(game.evaluated, seed, averaged=averaged)
    return samples, game.data(len(samples), np.random.default_rng([seed, 5]))  # apart from noise, truth and symptoms
