"""The one interface of everything that acts: `agent.act(observation) -> action`, then `env.step(action)`.

A tabular policy, a learner on the gridworld, and the generator and discriminator of `gan_lab` all have
`act`. An agent that learns also has `learn`. Both are protocols: a class that defines the method has the interface, and
need not import anything from here. They act in an `Environment`.
"""

from typing import Any, Protocol, TypeVar, runtime_checkable

ObservationT = TypeVar("ObservationT", contravariant=True)
ActionT = TypeVar("ActionT", covariant=True)


@runtime_checkable
class Agent(Protocol[ObservationT, ActionT]):
    """Anything that chooses an action for an observation."""

    def act(self, observation: ObservationT, /) -> ActionT:
        """The action to take on this observation."""
        ...


@runtime_checkable
class Learner(Agent[ObservationT, ActionT], Protocol[ObservationT, ActionT]):
    """An agent that also learns from what it sees."""

    def learn(self, *args: Any, **kwargs: Any) -> Any:
        """Learn from experience. Each learner says what it takes."""
        ...


class Environment(Protocol):
    """Whatever has Gymnasium's `reset` and `step`; one of many environments at once, too."""

    def reset(self, *args: Any, **kwargs: Any) -> Any:
        """Begin an episode: (observation, info)."""
        ...

    def step(self, action: Any, /) -> Any:
        """Take an action: (observation, reward, terminated, truncated, info)."""
        ...
