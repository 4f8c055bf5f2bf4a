"""Reading plans of a number of steps from their files."""

from collections.abc import Sequence
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.errors import InvalidPlanFileError, PlannerError
from planners.models.convert import as_model
from planners.plans.finite_plan import FinitePlan
from planners.plans.model_identity import MissingModel, known_again
from planners.plans.save import VERSION, Arrays


def finite_plan_of(path: str | PathLike[str], arrays: Arrays, model: Any) -> FinitePlan:
    """The plan that a file holds.

    Args:
        path: Of the file, for errors.
        arrays: What is in it.
        model: The model that the plan is of, or a list of one for each step; None: it is not at hand.

    Raises:
        InvalidPlanFileError: Another version, a damaged file, or a plan of another model.
    """
    if str(arrays.get("version")) != str(VERSION):
        raise InvalidPlanFileError(f"{path} is of version {arrays.get('version')}; this library reads {VERSION}")
    try:
        return _plan(path, arrays, model)
    except InvalidPlanFileError:
        raise
    except (KeyError, ValueError, TypeError, IndexError, OverflowError, PlannerError) as error:
        raise InvalidPlanFileError(f"{path} is a damaged plan: {error}. Plan again, and save it anew") from error


def _plan(path: Any, arrays: Arrays, model: Any) -> FinitePlan:
    sizes, of_step = arrays["sizes"].tolist(), arrays["model_of_step"].tolist()
    values, actions = arrays["values"], arrays["actions"]
    horizon = len(of_step)
    if len(sizes) != horizon + 1 or len(values) != sum(sizes) or len(actions) != sum(sizes[:-1]) or not horizon:
        raise ValueError(f"{horizon} steps, sizes of {len(sizes)}, {len(values)} values, {len(actions)} actions")
    if values.dtype != np.float64 or actions.dtype.kind != "u" or not float(arrays["error_bound"]) >= 0.0:
        raise ValueError(f"values of {values.dtype}, actions of {actions.dtype}")
    models = _models(path, arrays, of_step, model)
    borders = np.cumsum([0, *sizes])
    alike = len(set(sizes)) == 1
    by_step: list[NDArray[Any]] = np.split(values, borders[1:-1])
    taken: list[NDArray[Any]] = np.split(actions, borders[1:-2])
    for step, chosen in enumerate(taken):
        if chosen.size and int(chosen.max()) >= int(arrays[f"{of_step[step]} model_sizes"][1]):
            raise ValueError(f"step {step} takes an action that the model does not have")
    return FinitePlan(
        values=values.reshape(horizon + 1, -1) if alike else tuple(by_step),
        actions=actions.reshape(horizon, -1) if alike else tuple(taken),
        error_bound=float(arrays["error_bound"]),
        discount=float(arrays["discount"]),
        models=models,
        minimise=bool(arrays["minimise"]),
    )


def _models(path: Any, arrays: Arrays, of_step: list[int], model: Any) -> tuple[Any, ...]:
    """The model of each step: those given, if they are those of the file, or what stands for them."""
    known = [
        {name.partition(" ")[2]: array for name, array in arrays.items() if name.startswith(f"{number} ")}
        for number in range(max(of_step) + 1)
    ]
    if model is None:
        missing = [MissingModel(identity) for identity in known]
        return tuple(missing[number] for number in of_step)
    listed: list[Any] = list(model) if isinstance(model, Sequence) else [model] * len(of_step)
    given = [as_model(one) for one in listed]
    if len(given) != len(of_step):
        raise InvalidPlanFileError(f"{path} is a plan of {len(of_step)} steps; there are {len(given)} models")
    found: dict[tuple[int, int], Any] = {}
    for step, (number, one) in enumerate(zip(of_step, given, strict=True)):
        if (number, id(one)) not in found:
            same = known_again(known[number], one)
            if same is None:
                raise InvalidPlanFileError(f"{path} is a plan of another model than the one given for step {step}")
            found[number, id(one)] = same.tabular
    return tuple(found[number, id(one)] for number, one in zip(of_step, given, strict=True))
