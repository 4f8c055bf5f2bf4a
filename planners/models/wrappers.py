"""What the wrappers around an environment change: a plan of its tables is no plan of what is played through them.

Gymnasium is not imported here; its classes are known by their names. Of a class that is not known, and that has a
`step` or a `reset` of its own, nothing can be told. `same_mdp = True` in such a class says that it changes nothing.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from planners.errors import InvalidModelError

ACTIONS: Final = "actions"
REWARDS: Final = "rewards"
OBSERVATIONS: Final = "observations"
STARTS: Final = "when episodes begin"
UNKNOWN: Final = "nobody knows what, in a step() or reset() of its own"

# The classes that define a step or a reset, and change no number of an episode.
NOTHING: Final[dict[str, tuple[str, ...]]] = {
    "gymnasium": (
        "Wrapper", "TimeLimit", "OrderEnforcing", "PassiveEnvChecker", "RecordEpisodeStatistics", "RecordVideo",
        "RenderCollection", "HumanRendering", "AddWhiteNoise", "ObstructView", "ArrayConversion", "JaxToNumpy",
        "JaxToTorch", "NumpyToTorch", "VectorWrapper", "DictInfoToList", "VectorEnv",
    ),
    "stable_baselines3": ("Monitor", "VecMonitor", "VecEnv", "VecEnvWrapper"),
}  # fmt: skip
CHANGED: Final = {  # by the classes that define them
    "ActionWrapper": ACTIONS,
    "StickyAction": ACTIONS,
    "RepeatAction": ACTIONS,
    "VectorActionWrapper": ACTIONS,
    "RewardWrapper": REWARDS,
    "NormalizeReward": REWARDS,
    "VectorRewardWrapper": REWARDS,
    "ObservationWrapper": OBSERVATIONS,
    "DelayObservation": OBSERVATIONS,
    "FrameStackObservation": OBSERVATIONS,
    "NormalizeObservation": OBSERVATIONS,
    "TimeAwareObservation": OBSERVATIONS,
    "VectorObservationWrapper": OBSERVATIONS,
    "AtariPreprocessing": f"{ACTIONS}, {REWARDS} and {OBSERVATIONS}",
    "MaxAndSkipObservation": f"{ACTIONS}, {REWARDS} and {OBSERVATIONS}",
    "Autoreset": STARTS,
    "VecNormalize": f"{REWARDS} and {OBSERVATIONS}",
    "VecFrameStack": OBSERVATIONS,
}


class Change(NamedTuple):
    """A wrapper, and what it changes."""

    wrapper: str
    what: str


def changes(env: Any) -> Iterator[Change]:
    """The wrappers around an environment that change what is played, from the outermost on."""
    inner = getattr(env, "unwrapped", env)
    while env is not inner and env is not None:
        if (what := _changed_by(type(env))) is not None:
            yield Change(type(env).__name__, what)
        env = vars(env).get("env", vars(env).get("venv"))


def refuse_changes(env: Any, asked: str, *, among: tuple[str, ...] | None = None, advice: str = "") -> None:
    """`InvalidModelError` if a wrapper changes what is played.

    Args:
        env: The environment.
        asked: What is asked for, for the message.
        among: Which changes matter; None: all.
        advice: What to do.
    """
    for wrapper, what in changes(env):
        if among is not None and not any(name in what for name in among):
            continue
        hint = f"; or say that it changes nothing: {wrapper}.same_mdp = True" if what is UNKNOWN else ""
        raise InvalidModelError(
            f"{wrapper} changes {what}: the tables of the environment inside it are not those of the wrapped one, "
            f"and {asked} would belong to another problem. {advice or 'Use the environment inside it'}{hint}"
        )


def _changed_by(cls: type) -> str | None:
    found = [_changed_in(cls, name) for name in ("step", "reset", "step_wait")]
    return next((what for what in found if what is not None), None)


def _changed_in(cls: type, method: str) -> str | None:
    """What the class changes in that method, where it is defined first."""
    for each in cls.__mro__:
        if vars(each).get("same_mdp"):
            return None
        if method in vars(each):
            root, name = each.__module__.partition(".")[0], each.__name__
            if name in NOTHING.get(root, ()):
                return None
            return CHANGED.get(name, UNKNOWN) if root in NOTHING else UNKNOWN
    return None
