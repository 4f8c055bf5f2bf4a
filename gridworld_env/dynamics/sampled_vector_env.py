"""Many environments in step, by array operations: what `gym.make_vec("GridWorld-v0", num_envs=...)` returns.

A step draws a uniform number for each environment and looks all else up in the tables that a single one
samples from. Given the same numbers, the results are those of `SyncVectorEnv`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

import gymnasium as gym
import numpy as np
from gymnasium.error import InvalidAction, ResetNeeded
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from gridworld_env.dynamics.row_sampler import VectorRowSampler
from gridworld_env.dynamics.sampled_env import SampledEnv, checked_options
from gridworld_env.dynamics.sampler import Sampler
from gridworld_env.dynamics.trace import Trace
from gridworld_env.dynamics.vector_sampler import VectorSampler
from gridworld_env.errors import MapError
from gridworld_env.grid.legend import at_least_one
from planners.memory import check_memory

Array = NDArray[Any]
NO_LIMIT: Final = np.iinfo(np.int64).max
BYTES_AN_ENV: Final = 150  # its spaces, its state, and what a step returns and computes with; measured


class SampledVectorEnv(VectorEnv[Array, Array, Array]):
    """`num_envs` environments of the same tables.

    Args:
        num_envs: Number of environments n, at least 1.
        max_episode_steps: Steps after which an episode is truncated; None, or -1 as for `gym.make`: never.
        autoreset_mode: What follows the end of an episode: `NEXT_STEP` (the next step begins another),
            `SAME_STEP` (the same step does, and `info["final_obs"]` has the last state) or `DISABLED`
            (`reset(options={"reset_mask": ended})` does).
        render_mode: "rgb_array", "ansi" or None; `render()` returns one picture for each environment.
        **world: As for a single environment.

    Attributes:
        mdp: The `planners` model that `step()` samples from.
        P: As that of a single environment.

    Observations are (n,) int64, rewards (n,) float64. `info["prob"]`, (n,) float64, is P(s'|s,a) of the state that
    was reached (1.0 after a reset), and `info["action_mask"]`, (n, A) int8, what may change something.

    Raises:
        MapError: As a single environment; or `num_envs`, `max_episode_steps` or `autoreset_mode` cannot be used.
        NotEnoughMemoryError: There is not enough for so many.
    """

    single: ClassVar[type[SampledEnv]]

    def __init__(
        self,
        num_envs: int = 1,
        *,
        max_episode_steps: int | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        render_mode: str | None = None,
        **world: Any,
    ) -> None:
        """Make the tables, once for all environments."""
        self.num_envs: int = at_least_one("num_envs", num_envs)
        check_memory(BYTES_AN_ENV * self.num_envs, f"num_envs={self.num_envs}", "Use fewer environments")
        endless = max_episode_steps is None or max_episode_steps == -1
        self._limit = NO_LIMIT if endless else at_least_one("max_episode_steps", max_episode_steps)
        self.autoreset_mode: AutoresetMode = checked_mode(autoreset_mode)
        self.metadata = {**self.single.metadata, "autoreset_mode": self.autoreset_mode}
        if render_mode == "human":
            raise MapError(
                "render_mode is 'human'; many environments have no common window; expected 'rgb_array' or 'ansi'"
            )
        self._single: Any = self.single(render_mode=render_mode, **world)
        self.render_mode = render_mode
        self.mdp, self.P = self._single.mdp, self._single.P
        self.single_observation_space = self._single.observation_space
        self.single_action_space = self._single.action_space
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        sampler = self._single.sampler
        self._sampler = VectorSampler(sampler) if isinstance(sampler, Sampler) else VectorRowSampler(sampler)
        self._traces = [Trace() for _ in range(self.num_envs)] if render_mode is not None else []
        self._state: NDArray[np.int64] | None = None
        self._elapsed = np.zeros(self.num_envs, dtype=np.int64)
        self._ended = np.zeros(self.num_envs, dtype=np.bool_)
        self._any_ended = False

    @property
    def R(self) -> NDArray[np.float64]:
        """(S, A) expected immediate reward."""
        return self.mdp.rewards

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Array, dict[str, Any]]:
        """Start an episode in each environment, or in those of `reset_mask`.

        Args:
            seed: Starts the one stream of random numbers of all environments anew; a list of n is taken as a whole.
            options: `{"reset_mask": (n,) bool}`: only these begin anew; `{"state": s}`, `{"cell": (row, column)}`:
                where, one for all or one for each.

        Raises:
            MapError: Unknown options, or a place that is no state.
        """
        if isinstance(seed, Sequence | np.ndarray):
            self.np_random = np.random.default_rng(checked_seeds(seed, self.num_envs) or None)
        else:
            super().reset(seed=seed)
        options = dict(checked_options(options))
        chosen = self._reset_mask(options.pop("reset_mask", None))
        if self._state is None:
            if not chosen.all():
                raise ResetNeeded("the first reset is of all environments: leave out options['reset_mask']")
            self._state = np.zeros(self.num_envs, dtype=np.int64)
        self._state[chosen] = self._first_states(options, chosen)
        self._trace_starts(np.flatnonzero(chosen), self._state)
        self._elapsed[chosen] = 0
        self._ended[chosen] = False
        self._any_ended = bool(self._ended.any())
        return self._state.copy(), self._info(np.ones(self.num_envs), chosen)

    def step(self, actions: Array) -> tuple[Array, Array, Array, Array, dict[str, Any]]:
        """Take one action in each environment.

        Raises:
            InvalidAction: `actions` are not (n,) integers of the action space.
            ResetNeeded: There are no episodes yet, or (`DISABLED`) one has ended and was not reset.
        """
        state = self._state
        if state is None:
            raise ResetNeeded("step() before reset(): call envs.reset() first, which starts the episodes")
        if self._any_ended and self.autoreset_mode is AutoresetMode.DISABLED:
            raise ResetNeeded(
                f"environments {np.flatnonzero(self._ended)[:8].tolist()} have ended: call "
                "reset(options={'reset_mask': terminated | truncated}) first"
            )
        chosen, sampler = self._checked_actions(actions), self._sampler
        move = sampler.draw(state, chosen, self.np_random.random(self.num_envs))
        next_state, reward, terminated = sampler.result(state, move)
        prob = sampler.probability(state, chosen, move)
        self._elapsed += 1
        truncated = self._elapsed >= self._limit
        for number, trace in enumerate(self._traces):
            last = (int(chosen[number]), int(move[number]), float(reward[number]), bool(terminated[number]))
            trace.step(int(next_state[number]), last)
        if self._any_ended:
            again = np.flatnonzero(self._ended)
            reward[again], terminated[again], truncated[again] = 0.0, False, False
            self._begin(again, next_state, prob)
        ended = terminated | truncated
        self._any_ended = bool(ended.any())
        info: dict[str, Any] = {}
        if self._any_ended and self.autoreset_mode is AutoresetMode.SAME_STEP:
            which = np.flatnonzero(ended)
            info = self._final(next_state, prob, which)
            self._begin(which, next_state, prob)
            self._any_ended, ended = False, np.zeros_like(ended)
        self._ended, self._state = ended, next_state
        info.update(self._info(prob, None))
        return next_state.copy(), reward, terminated, truncated, info

    def render(self) -> tuple[Any, ...] | None:
        """A picture of each environment, by `render_mode`, as a single one would draw it."""
        if self.render_mode is None:
            gym.logger.warn("render() without a render mode shows nothing: make_vec(..., render_mode='rgb_array')")
            return None
        return tuple(map(self._single.picture, self._traces))

    def close_extras(self, **kwargs: Any) -> None:
        """Close what rendering opened."""
        self._single.close()

    def _begin(self, which: Array, state: NDArray[np.int64], prob: NDArray[np.float64]) -> None:
        """Begin another episode in the environments of numbers `which`."""
        state[which] = self._draw_starts(len(which))
        prob[which], self._elapsed[which] = 1.0, 0
        self._trace_starts(which, state)

    def _trace_starts(self, which: Array, state: NDArray[np.int64]) -> None:
        if self._traces:
            for number in which.tolist():
                self._traces[number].begin(int(state[number]))

    def _draw_starts(self, count: int) -> NDArray[np.int64]:
        return self._single.starts.states(self.np_random.random(count))

    def _first_states(self, options: Mapping[str, Any], chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        if not options:
            return self._draw_starts(int(chosen.sum()))
        if len(options) == 1 and not options.keys() - self._single.places.keys():
            ((name, place),) = options.items()
            several = np.ndim(place) == (1 if name == "state" else 2)
            places = list(place) if several else [place] * self.num_envs
            if len(places) != self.num_envs:
                raise MapError(f"reset option {name!r} has {len(places)} places; expected 1 or {self.num_envs}")
            return np.array([self._single.place(name, p) for p, c in zip(places, chosen, strict=True) if c])
        wanted = " or ".join(map(repr, self._single.places))
        raise MapError(f"reset options are {dict(options)!r}; expected 'reset_mask' and {wanted}")

    def _reset_mask(self, mask: Any) -> NDArray[np.bool_]:
        if mask is None:
            return np.ones(self.num_envs, dtype=np.bool_)
        if not (
            isinstance(mask, np.ndarray) and mask.dtype == np.bool_ and mask.shape == (self.num_envs,) and mask.any()
        ):
            raise MapError(f"reset_mask is {mask!r}; expected a bool array of shape ({self.num_envs},), True somewhere")
        return mask

    def _checked_actions(self, actions: Any) -> Array:
        try:
            given = np.asarray(actions)
        except ValueError:
            raise InvalidAction(f"actions are {actions!r:.80}; expected {self.num_envs} integers") from None
        count = int(self.single_action_space.n)  # pyright: ignore[reportAttributeAccessIssue]
        if given.shape != (self.num_envs,) or given.dtype.kind not in "iu":
            raise InvalidAction(
                f"actions are {given.dtype} of shape {given.shape}; expected integers of shape ({self.num_envs},)"
            )
        if given.size and (given.min() < 0 or given.max() >= count):
            wrong = int(np.flatnonzero((given < 0) | (given >= count))[0])
            raise InvalidAction(f"the action of environment {wrong} is {given[wrong]}; expected 0 to {count - 1}")
        return given

    def _info(self, prob: NDArray[np.float64], present: NDArray[np.bool_] | None) -> dict[str, Any]:
        """`prob` and `action_mask`, with the masks of whom they are for; None: of all."""
        assert self._state is not None
        masks = self._sampler.mask(self._state)
        here = np.ones(self.num_envs, dtype=np.bool_) if present is None else present.copy()
        if present is not None and not present.all():
            prob, masks = np.where(present, prob, 0.0), masks * present[:, None]
        return {"prob": prob, "_prob": here, "action_mask": masks, "_action_mask": here.copy()}

    def _final(self, state: NDArray[np.int64], prob: NDArray[np.float64], which: Array) -> dict[str, Any]:
        """What `SAME_STEP` keeps of the states in which the episodes of environments `which` ended."""
        n, ended = self.num_envs, np.zeros(self.num_envs, dtype=np.bool_)
        last, last_prob = np.full(n, None, dtype=object), np.zeros(n)
        masks = np.zeros((n, self._sampler.masks.shape[1]), dtype=np.int8)
        ended[which], last[which], last_prob[which] = True, state[which].tolist(), prob[which]
        masks[which] = self._sampler.mask(state[which])
        final_info = {"prob": last_prob, "_prob": ended.copy(), "action_mask": masks, "_action_mask": ended.copy()}
        return {"final_obs": last, "_final_obs": ended.copy(), "final_info": final_info, "_final_info": ended}


def checked_seeds(seeds: Any, count: int) -> list[int]:
    """The seeds that are not None; `MapError` for anything but `count` seeds."""
    if not getattr(seeds, "ndim", 1):
        raise MapError(f"seed is {seeds!r:.80}; expected a whole number of at least 0, {count} of them, or None")
    if len(seeds) != count:
        raise MapError(f"seed has {len(seeds)} numbers; expected one, or {count}, one an environment")
    for place, seed in enumerate(seeds):
        if seed is not None and not (isinstance(seed, int | np.integer) and seed >= 0):
            raise MapError(f"seed[{place}] is {seed!r}; expected a whole number of at least 0, or None")
    return [int(seed) for seed in seeds if seed is not None]


def checked_mode(mode: Any) -> AutoresetMode:
    """The mode of that name; `MapError` with the names for any other."""
    try:
        return AutoresetMode(mode)
    except ValueError:
        names = ", ".join(repr(known.value) for known in AutoresetMode)
        raise MapError(f"autoreset_mode is {mode!r}; expected an AutoresetMode or one of {names}") from None
