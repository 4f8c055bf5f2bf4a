"""Environments whose `step()` draws from the tables that they show: what `GridWorld-v0` and `Tabular-v0` share."""

import operator
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

import gymnasium as gym
import numpy as np
from gymnasium.error import InvalidAction, ResetNeeded
from numpy.typing import NDArray

from gridworld_env.dynamics.sampler import Starts
from gridworld_env.dynamics.trace import Trace
from gridworld_env.dynamics.transition_table import TransitionTable
from gridworld_env.errors import MapError


def checked_options(options: Any) -> Mapping[str, Any]:
    """The options of a reset; `MapError` for what is neither a mapping nor None."""
    if options is None or isinstance(options, Mapping):
        return options or {}
    raise MapError(f"options is {options!r:.80}; expected a dictionary such as {{'state': 0}}, or None")


class SampledEnv(gym.Env[Any, Any]):
    """An environment whose transitions `sampler` draws from the tables `mdp`.

    Attributes:
        P: `P[s][a]` = [(probability, next_state, reward, terminated), ...], with equal outcomes merged;
            `np.asarray(P)` is (S, A, S').
        R: (S, A) expected immediate reward.
        mdp: The `planners` model from which `step()` samples.

    Every `info` has `prob`, the probability P(s'|s,a) of the reached state (1.0 after `reset`), and
    `action_mask`, (A,) int8.
    """

    observation_space: gym.spaces.Discrete
    action_space: gym.spaces.Discrete
    places: ClassVar[dict[str, str]] = {"state": "s"}  # options of `reset`, and what to write there

    def __init__(self, mdp: Any, sampler: Any, render_mode: str | None) -> None:
        """Set the spaces and the sampler; no episode has begun."""
        if render_mode is not None and render_mode not in self.metadata["render_modes"]:
            raise MapError(f"render_mode is {render_mode!r}; expected one of {self.metadata['render_modes']} or None")
        self.mdp, self.sampler, self.render_mode = mdp, sampler, render_mode
        self.observation_space = gym.spaces.Discrete(mdp.num_states)  # pyright: ignore[reportIncompatibleVariableOverride]
        self.action_space = gym.spaces.Discrete(mdp.num_actions)  # pyright: ignore[reportIncompatibleVariableOverride]
        self.action_names: tuple[str, ...] = ()
        self._state: int | None = None
        self.trace: Trace = Trace()

    @cached_property
    def P(self) -> TransitionTable:
        """`P[s][a]`, a list of (probability, next_state, reward, terminated)."""
        return TransitionTable(self.mdp, self.sampler.outcomes)

    @property
    def R(self) -> NDArray[np.float64]:
        """(S, A) expected immediate reward."""
        return self.mdp.rewards

    @cached_property
    def starts(self) -> Starts:
        """The sampler of the first states."""
        return Starts(self.initial_state_distrib)

    @property
    def initial_state_distrib(self) -> NDArray[np.float64]:
        """(S,) probability that each state is the first."""
        return self.mdp.initial

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """Start an episode in a state drawn by its weight.

        Args:
            seed: Seed for new random numbers of the environment.
            options: `{"state": s}` starts in this state instead; on a map also `{"cell": (row, column)}`.

        Raises:
            MapError: An option is unknown, or the place is not a state.
        """
        super().reset(seed=seed)
        self._state = self._first_state(checked_options(options))
        self.trace.begin(self._state)
        if self.render_mode == "human":
            self.render()
        return self._state, {"prob": 1.0, "action_mask": self.sampler.mask(self._state)}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
        """Take an action, with one draw from `mdp`.

        Raises:
            InvalidAction: `action` is not one of the environment.
            ResetNeeded: There is no episode yet.
        """
        if self._state is None:
            raise ResetNeeded("step() before reset(): call env.reset() first, which starts an episode")
        chosen = self._checked_action(action)
        state, move = self._state, self.sampler.draw(self._state, chosen, self.np_random.random())
        next_state, reward, terminated = self.sampler.result(state, move)
        self._state = next_state
        self.trace.step(next_state, (chosen, move, reward, terminated))
        if self.render_mode == "human":
            self.render()
        info = {
            "prob": self.sampler.probability(state, chosen, move),
            "action_mask": self.sampler.mask(next_state),
        }
        return next_state, reward, terminated, False, info

    def render(self) -> NDArray[np.uint8] | str | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The picture of the present state, by `render_mode`; the modes of this environment are in its `metadata`."""
        if self.render_mode is None:
            shown = next(mode for mode in self.metadata["render_modes"] if mode != "human")
            gym.logger.warn(f"render() without a render mode shows nothing: gym.make(..., render_mode={shown!r})")
            return None
        return self.picture(self.trace)

    def picture(self, trace: Trace, mode: str | None = None) -> NDArray[np.uint8] | str | None:
        """The picture of any episode, not only of this environment's own; by default in `render_mode`."""
        raise NotImplementedError

    def place(self, name: str, place: Any) -> int:
        """The state that a reset option names, one of `places`; `MapError` if there is none."""
        try:
            state = -1 if isinstance(place, bool) else operator.index(place)
        except TypeError:
            state = -1
        if not 0 <= state < self.mdp.num_states:
            raise MapError(f"reset option 'state' is {place!r}; expected a state from 0 to {self.mdp.num_states - 1}")
        return state

    def _first_state(self, options: Mapping[str, Any]) -> int:
        if not options:
            return self.starts.state(self.np_random.random())
        if len(options) > 1 or options.keys() - self.places.keys():
            wanted = " or ".join(f"{{{name!r}: {place}}}" for name, place in self.places.items())
            raise MapError(f"reset options are {dict(options)!r}; expected {wanted}")
        ((name, place),) = options.items()
        return self.place(name, place)

    def _checked_action(self, action: Any) -> int:
        count = self.mdp.num_actions
        try:
            chosen = -1 if isinstance(action, bool | np.bool_) else operator.index(action)
        except TypeError:
            chosen = -1
        if not 0 <= chosen < count:
            names = ", ".join(f"{number} {name}" for number, name in enumerate(self.action_names))
            raise InvalidAction(
                f"action is {action!r}; expected an integer from 0 to {count - 1}" + (f" ({names})" if names else "")
            )
        return chosen
