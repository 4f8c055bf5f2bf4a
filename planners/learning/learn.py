"""`learn`: let a learner learn, and record what is needed to evaluate every step exactly."""

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from planners.arguments import check_switch, check_whole
from planners.errors import InvalidOptionError
from planners.learning.compiled_runs import can_be_compiled, run_compiled
from planners.learning.horizon_run import HorizonRun
from planners.learning.learning_run import LearningRun
from planners.learning.online_learner import OnlineLearner
from planners.learning.playing import TableEnvironment, play
from planners.learning.prediction import Prediction
from planners.learning.prediction_run import PredictionRun
from planners.learning.progress import reporting_steps
from planners.learning.random_bits import RandomBits
from planners.learning.record import Played
from planners.learning.task import Task, task_of
from planners.plans.plan import Plan

MOST_STEPS: Final = 100_000_000  # of `episodes` that do not end


def learn(
    env_or_model: Any,
    agent: Any,
    *,
    steps: int | None = None,
    episodes: int | None = None,
    discount: float,
    seed: int | None = None,
    seeds: Iterable[int] | None = None,
    plan: Plan | None = None,
    max_episode_steps: int | None = None,
    compiled: bool = True,
    progress: Any = False,
) -> LearningRun:
    """Let an agent learn in an environment, or on the tables of a model.

    Q-learning, Sarsa, Expected Sarsa and Double Q-learning run compiled where the steps can be drawn from tables: on a
    model, and in an environment whose tables `planners` reads, if no wrapper watches the steps. Everything
    else runs in Python, step by step. On a model both give the same numbers.

    Args:
        env_or_model: A Gymnasium environment of discrete states and actions, or a model that says where episodes begin.
        agent: A learner such as `planners.QLearning(rate=0.1, exploration=0.1)`, which is not changed; or any object
            with `act(observation)` and `learn(observation, action, reward, next_observation, terminated)`, which is.
        steps: Number of steps; when an episode is over, another one begins.
        episodes: How many episodes, instead of `steps`.
        discount: 0 to 1.
        seed: Seed of the learner and of the environment; the same seed gives the same run.
        seeds: Several seeds, for one run each. Each run has a copy of an agent of your own, which is not seeded: if it
            draws random numbers, make an agent for each seed, and call `learn` for each.
        plan: A plan at this discount by which the learner is measured, for an environment without tables:
            `planners.solve(planners.enumerate_env(env)[0], discount=...)`. None: the plan is made when it is needed.
        max_episode_steps: Steps after which an episode on tables is cut off; None: as the environment's `TimeLimit`.
        compiled: Whether to run compiled where that is possible.
        progress: True: a bar on standard error. A function: it is called with numbers of steps.

    Returns:
        The run. Ctrl-C ends it, with what was learned so far. For a predictor such as `planners.TD(policy)` it is a
        `PredictionRun`; for an agent with a `horizon`, a `HorizonRun`.

    Raises:
        InvalidOptionError: Not exactly one of `steps` and `episodes`, or another argument that cannot be used.
        InvalidModelError: States or actions cannot be numbered, or a model does not say where episodes begin.
        NotEnoughMemoryError: The record of all steps would not fit.

    Cost: compiled some 20 ns a step, many seeds on as many threads as Numba may use; in Python some 5 microseconds and
    what the environment takes.

    >>> import planners
    >>> walk = planners.TabularMDP.from_gym_dict(
    ...     {0: {0: [(1.0, 0, 0.1, False)], 1: [(0.5, 0, 0.0, False), (0.5, 0, 2.0, True)]}}, initial=[1.0])
    >>> run = learn(walk, planners.QLearning(rate=0.1, exploration=0.2), steps=5000, discount=0.9, seed=1)
    >>> run.regret.shape, float(run.policy_values[-1].round(6)), round(run.optimal_value, 6)
    ((5000,), 1.818182, 1.818182)
    """
    if (steps is None) == (episodes is None):
        raise InvalidOptionError("steps and episodes: expected exactly one of them, such as steps=10_000")
    count = MOST_STEPS if steps is None else check_whole("steps", steps)
    games = 0 if episodes is None else check_whole("episodes", episodes)
    limit = None if max_episode_steps is None else check_whole("max_episode_steps", max_episode_steps)
    check_switch("compiled", compiled)
    numbers, many = _seeds(seed, seeds)
    task = task_of(env_or_model, discount, plan, limit)
    if task.is_model:
        task.initial()  # or it is refused
    horizon = getattr(agent, "horizon", None)
    if horizon and task.is_model and not task.limit:
        task = replace(task, limit=int(horizon))
    agents = _begun(task, agent, numbers, many)
    with reporting_steps(progress, type(agent).__name__, count) as report:
        if compiled and can_be_compiled(task, agents[0]):
            played = run_compiled(task, agents, count, games, report)
        else:
            played = _in_python(task, agents, numbers, count, games, report)
    complete = len(played) == len(agents) and all(_is_complete(each, count, games) for each in played)
    kind = PredictionRun if isinstance(agents[0], Prediction) else HorizonRun if horizon else LearningRun
    return kind(task, agents[: len(played)], played, numbers[: len(played)], many, complete)


def _in_python(
    task: Task,
    agents: Sequence[Any],
    seeds: Sequence[int | None],
    steps: int,
    episodes: int,
    report: Callable[[int], object],
) -> list[Played]:
    """One run after the other, until one is stopped."""
    found: list[Played] = []
    for agent, seed in zip(agents, seeds, strict=True):
        env = task.source
        if task.is_model:
            env = TableEnvironment(task, getattr(agent, "random", None) or RandomBits(seed))
        found.append(play(task, env, agent, steps=steps, episodes=episodes, seed=seed, report=report))
        if not _is_complete(found[-1], steps, episodes):
            break
    return found


def _is_complete(played: Played, steps: int, episodes: int) -> bool:
    record = played.record
    if episodes:
        return int((record.terminated | record.truncated).sum()) >= episodes
    return len(record) == steps


def _seeds(seed: Any, seeds: Any) -> tuple[list[int | None], bool]:
    if seeds is None:
        numbers, many = [seed], False
    elif seed is not None:
        raise InvalidOptionError("seed and seeds: expected at most one of them")
    else:
        numbers, many = list(seeds) if isinstance(seeds, Iterable) else [seeds], True
    for number in numbers:
        if number is not None and (not isinstance(number, int | np.integer) or isinstance(number, bool) or number < 0):
            raise InvalidOptionError(f"a seed is {number!r:.80}; expected a whole number from 0 on")
    if not numbers:
        raise InvalidOptionError("seeds is empty; expected numbers, such as seeds=range(100)")
    return [None if number is None else int(number) for number in numbers], many


def _begun(task: Task, agent: Any, seeds: Sequence[int | None], many: bool) -> list[Any]:
    """A learner for each seed."""
    if isinstance(agent, type) or not all(callable(getattr(agent, name, None)) for name in ("act", "learn")):
        shown = f"the class {agent.__name__}" if isinstance(agent, type) else f"a {type(agent).__name__}"
        raise InvalidOptionError(
            f"agent is {shown}; expected an object with act and learn, such as "
            "planners.QLearning(rate=0.1, exploration=0.1)"
        )
    if isinstance(agent, OnlineLearner):
        return [agent.begin(task, discount=task.discount, seed=seed) for seed in seeds]
    return [copy.deepcopy(agent) for _ in seeds] if many else [agent]
