"""Finding the model in the object that a caller passes."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import wraps
from typing import Any, ParamSpec, Protocol, TypeVar

from planners.agent import Environment
from planners.errors import InvalidModelError
from planners.models.moves import MoveMDP
from planners.models.pair_discounts import folded, is_per_pair
from planners.models.pairs import PairMDP
from planners.models.tabular import TabularMDP
from planners.models.wrappers import ACTIONS, REWARDS, refuse_changes

Model = TabularMDP | MoveMDP
Options = ParamSpec("Options")
Result = TypeVar("Result")


class HasModel(Protocol):
    """Whatever has its model in `mdp`, as `GridWorld-v0` has."""

    @property
    def mdp(self) -> Model:
        """The model."""
        ...


class HasTable(Protocol):
    """Whatever has the toy_text table in `P`, as Gymnasium's FrozenLake, Taxi and CliffWalking have."""

    @property
    def P(self) -> Any:
        """`P[s][a]`, a list of (probability, next_state, reward, terminated)."""
        ...


# An environment that `gym.make` returns shows only at run time whether it has a model; `as_model` refuses it if not.
ModelLike = Model | PairMDP | HasModel | HasTable | Environment


def as_model(source: ModelLike) -> Model:
    """The model of `source`: a `TabularMDP`, a `MoveMDP`, or a Gymnasium environment that has one.

    Args:
        source: A model; or an environment, wrapped or not, with `mdp` (as `GridWorld-v0` has) or with a
            toy_text `P` (as FrozenLake, Taxi and CliffWalking have).

    Raises:
        InvalidModelError: There is no model in it, with what to pass instead; or a wrapper changes actions or rewards.
    """
    if isinstance(source, TabularMDP | MoveMDP | PairMDP):
        return source  # pyright: ignore[reportReturnType] - a third form, which becomes tables where it is not known
    refuse_changes(source, "a plan of them", among=(ACTIONS, REWARDS), advice="Plan in the environment inside it")
    inner = getattr(source, "unwrapped", source)
    if hasattr(inner, "envs") and not hasattr(inner, "mdp"):
        raise InvalidModelError(
            f"a {type(inner).__name__} holds many environments, and has no tables of its own; expected one of them, "
            "such as env.envs[0]. planners.regret and GroundTruth take all of them"
        )
    model = getattr(inner, "mdp", None)
    return model if isinstance(model, TabularMDP | MoveMDP) else TabularMDP.from_env(source)


def with_rows(source: ModelLike) -> Any:
    """The model as rows of probabilities: a `TabularMDP`, or a `PairMDP` as it is."""
    model = as_model(source)
    return model if isinstance(model, PairMDP) else model.tabular


def labelled(source: ModelLike) -> TabularMDP:
    """The tables of a model; where they have no labels, with those of the environment, such as "pit" on a map."""
    mdp = as_model(source).tabular
    labels = getattr(getattr(source, "unwrapped", source), "labels", None)
    return replace(mdp, labels=labels) if isinstance(labels, Mapping) and labels and not mdp.labels else mdp


def discount_of_pairs(question: Callable[Options, Result]) -> Callable[Options, Result]:
    """A function of a model that takes `discount=` as an (S, A) table, too; see `planners.models.pair_discounts`."""

    @wraps(question)
    def call(*model: Options.args, **options: Options.kwargs) -> Result:
        if not is_per_pair(options.get("discount", 0.0)):
            return question(*model, **options)
        given: Any = model[0] if model else options.pop("model")
        rest, others = model[1:], dict(options)
        mdp, others["discount"] = folded(as_model(given).tabular, options["discount"])
        return question(mdp, *rest, **others)  # pyright: ignore[reportCallIssue] - the same arguments

    return call
