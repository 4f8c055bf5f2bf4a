"""Finding the model in whatever a caller hands over."""

from typing import Any

from planners.errors import InvalidModelError
from planners.mdp import TabularMDP
from planners.moves import MoveMDP

Model = TabularMDP | MoveMDP


def as_model(source: Any) -> Model:
    """The model of `source`: a `TabularMDP`, a `MoveMDP`, or a Gymnasium environment that has one.

    Args:
        source: A model; or an environment, wrapped or not, with `mdp` (as `GridWorld-v0` has) or with a
            toy_text `P` (as FrozenLake, Taxi and CliffWalking have).

    Raises:
        InvalidModelError: There is no model in it, with what to pass instead.
    """
    if isinstance(source, TabularMDP | MoveMDP):
        return source
    inner = getattr(source, "unwrapped", source)
    model = getattr(inner, "mdp", None)
    if isinstance(model, TabularMDP | MoveMDP):
        return model
    table = getattr(inner, "P", None)
    if table is not None and hasattr(table, "__getitem__"):
        return TabularMDP.from_gym_dict(table, getattr(inner, "initial_state_distrib", None))
    raise InvalidModelError(
        f"a {type(source).__name__} has no tables to plan on; expected a TabularMDP, a MoveMDP, or an environment "
        "with `mdp` or a toy_text `P`. For arrays: planners.TabularMDP.from_arrays(P, R)"
    )
