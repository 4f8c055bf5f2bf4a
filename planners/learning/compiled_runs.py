"""Learners on tables, compiled: many seeds side by side, with the same numbers as one by one and as in Python."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from planners.interrupts import interrupts_wait
from planners.learning.double_q_learning import DoubleQLearning
from planners.learning.exploration import EpsilonGreedy
from planners.learning.outcome_tables import tables_of
from planners.learning.playing import as_bits
from planners.learning.record import Changes, Played, TableRecord
from planners.learning.sarsa import Sarsa
from planners.learning.schedules import Decay
from planners.learning.tabular_learner import TabularLearner
from planners.learning.task import Task
from planners.memory import check_memory

if TYPE_CHECKING:
    from planners.kernels.learners import Runs, Schedule, Tables

SIDE_BY_SIDE: Final = 8  # seeds in one loop
CHUNK: Final = 1 << 17  # steps between two looks at Ctrl-C
MOST_ACTIONS: Final = 60  # of those that are tied every one has its bit
UNROLLED: Final = 8  # actions
WORTH_A_THREAD: Final = 1 << 18  # steps


def can_be_compiled(task: Task, agent: Any) -> bool:
    """Whether a learner on a task is one that this file runs."""
    return (
        isinstance(agent, TabularLearner)
        and vars(type(agent)).get("kernel") is not None  # a subclass may have another algorithm
        and isinstance(agent.exploration, EpsilonGreedy)
        and task.num_actions <= MOST_ACTIONS
        and task.runs_on_tables
    )


class Block:
    """A few learners side by side."""

    def __init__(self, task: Task, tables: "Tables", learners: Sequence[TabularLearner], chunk: int) -> None:
        from planners.kernels import learners as kernels

        self.learners, self.tables, self.kernels = learners, tables, kernels
        count, pairs = len(learners), task.num_states * task.num_actions
        double = isinstance(learners[0], DoubleQLearning)
        Q = np.array([learner.Q for learner in learners], dtype=np.float64).reshape(count, pairs)
        self.first_bits: NDArray[np.int64] = bits_of(learners[0])
        A, bits = np.uint64(task.num_actions), self.first_bits.astype(np.uint64)
        single = (bits & (bits - np.uint64(1))) == 0
        greedy = np.where(single, np.round(np.log2(bits.astype(np.float64))).astype(np.uint64), bits + A)
        visits = np.zeros((count, pairs * (1 + double) if learners[0].visits else 1), dtype=np.int64)
        self.runs: Runs = kernels.Runs(
            key=np.array([learner.random.key for learner in learners], dtype=np.uint64),
            draws=np.zeros(count, dtype=np.uint64),
            state=np.zeros(count, dtype=np.uint64),
            pending=np.full(count, A, dtype=np.uint64),
            age=np.zeros(count, dtype=np.int64),
            episodes=np.zeros(count, dtype=np.int64),
            Q=np.tile(Q, (1, 2)) if double else Q,
            visits=visits,
            greedy=np.tile(greedy, (count, 1)),
            outcomes=np.empty((count, chunk), dtype=np.uint32),
            changes=np.empty((count * chunk, 4), dtype=np.int64),
            num_changes=np.zeros(1, dtype=np.int64),
        )
        self.changes: list[NDArray[np.int64]] = []
        self.kernel: Callable[..., Any] = _kernel(kernels, learners[0])
        A = task.num_actions
        self.each: Any = (0,) * A if A <= UNROLLED else np.zeros(A, dtype=np.int64)
        kernels.begin_all(tables, self.runs)

    def step(self, schedule: "Schedule", first: int, last: int, episodes: int) -> int:
        """Make steps first..last-1; how many were made."""
        self.runs.num_changes[0] = 0
        made = int(self.kernel(self.each, self.tables, schedule, self.runs, first, last, episodes))
        self.changes.append(self.runs.changes[: self.runs.num_changes[0]].copy())
        return made

    def finish(self, steps: int) -> None:
        """Give the learners what was learned, so that they go on from there."""
        runs = self.runs
        for i, learner in enumerate(self.learners):
            shape = (-1, len(learner.Q), learner.num_actions)
            tables = runs.Q[i].reshape(shape).tolist()
            visits = runs.visits[i].reshape(shape).tolist() if learner.visits else [[], []]
            learner.Q, learner.visits = tables[0], visits[0]
            if isinstance(learner, DoubleQLearning):
                learner.tables, learner.visits_of = tables, visits
            learner.steps, learner.random.count = steps, int(runs.draws[i])
            if isinstance(learner, Sarsa) and runs.pending[i] < learner.num_actions:
                learner.chosen = (int(runs.state[i]), int(runs.pending[i]))

    def changes_of_all(self) -> list[Changes]:
        """The changes of each greedy policy."""
        found = np.concatenate([np.empty((0, 4), dtype=np.int64), *self.changes])
        found = found[np.argsort(found[:, 0], kind="stable")]
        ends = np.searchsorted(found[:, 0], np.arange(1, len(self.learners)))
        return [Changes(self.first_bits, *part[:, 1:].T) for part in np.split(found, ends)]


def _kernel(kernels: Any, learner: TabularLearner) -> Callable[..., Any]:
    if learner.kernel == "expected_sarsa":
        return lambda each, *rest: kernels.q_learning(each, kernels.EXPECTED, *rest)
    if learner.kernel == "q_learning":
        return lambda each, *rest: kernels.q_learning(each, 0, *rest)
    return getattr(kernels, str(learner.kernel))


def bits_of(learner: TabularLearner) -> NDArray[np.int64]:
    """(S,) the greedy actions of each state, as bits."""
    return np.array([as_bits(learner.greedy(s)) for s in range(len(learner.Q))], dtype=np.int64)


def run_compiled(
    task: Task,
    learners: Sequence[TabularLearner],
    steps: int,
    episodes: int,
    report: Callable[[int], object],
) -> list[Played]:
    """Let every learner make `steps` steps or, with `episodes` above 0, play so many episodes.

    Blocks of learners run on as many threads as Numba may use. Ctrl-C ends all of them after the same number of steps.
    """
    tables, threads = tables_of(task), _threads(len(learners), steps)
    side = 1 if episodes else _side_by_side(len(learners), threads)
    chunk = min(CHUNK // side, max(steps, 1))
    check_memory(4.0 * len(learners) * steps * (episodes == 0), f"a record of {len(learners)} runs of {steps} steps")
    blocks = [Block(task, tables, learners[i : i + side], chunk) for i in range(0, len(learners), side)]
    schedules, records = Schedules(learners[0]), _Records(len(learners), 0 if episodes else steps)
    active = list(range(len(blocks)))
    try:
        with ThreadPoolExecutor(threads) as pool:
            for first in range(0, steps, chunk):
                last = min(first + chunk, steps)
                schedule = schedules.between(first, last)

                def step(number: int, schedule: Any = schedule, first: int = first, last: int = last) -> bool:
                    runs = blocks[number].runs
                    made = blocks[number].step(schedule, first, last, episodes)
                    records.take(number * side, runs.outcomes[:, :made], first)
                    return not episodes or runs.episodes[0] < episodes

                with interrupts_wait():  # all of them, or none
                    going_on = list((pool.map if threads > 1 else map)(step, active))
                    records.done(last)
                report(last)
                active = [number for number, goes_on in zip(active, going_on, strict=True) if goes_on]
                if not active:
                    break
    except KeyboardInterrupt:
        if not records.any:
            raise
    return _played(blocks, records, tables)


def _threads(learners: int, steps: int) -> int:
    """On how many threads to make so many steps of each learner."""
    from planners.kernels.threads import available

    return min(available(), learners, max(learners * steps // WORTH_A_THREAD, 1))


def _side_by_side(learners: int, threads: int) -> int:
    """How many learners are in a block, so that each thread has as much to do."""
    blocks = -(-learners // (SIDE_BY_SIDE * threads)) * threads
    return -(-learners // blocks)


class _Records:
    """What was recorded, of as many steps for each learner or of different numbers."""

    def __init__(self, count: int, steps: int) -> None:
        self._together = np.empty((count, steps), dtype=np.uint32) if steps else None
        self._single: list[list[NDArray[np.uint32]]] = [[] for _ in range(count)]
        self._steps = 0

    def take(self, learner: int, outcomes: NDArray[np.uint32], first: int) -> None:
        if self._together is None:
            self._single[learner].append(outcomes[0].copy())
        else:
            self._together[learner : learner + len(outcomes), first : first + outcomes.shape[1]] = outcomes

    def done(self, steps: int) -> None:
        self._steps = steps

    @property
    def any(self) -> bool:
        return self._steps > 0

    def of(self, learner: int) -> NDArray[np.uint32]:
        if self._together is not None:
            return self._together[learner, : self._steps]
        return np.concatenate([np.empty(0, np.uint32), *self._single[learner]])


def _played(blocks: list[Block], records: _Records, tables: "Tables") -> list[Played]:
    found: list[Played] = []
    for block in blocks:
        for changes in block.changes_of_all():
            record = TableRecord(records.of(len(found)), tables, block.learners[0].num_actions)
            found.append(Played(record, changes))
        block.finish(len(found[-1].record))
    return found


class Schedules:
    """The numbers that exploration and step sizes go through."""

    def __init__(self, learner: TabularLearner) -> None:
        assert isinstance(learner.exploration, EpsilonGreedy)
        self.epsilon, self.rate = learner.exploration.epsilon, learner.rate
        self._by_visits = np.empty(0)

    def between(self, first: int, last: int) -> "Schedule":
        """The schedule of steps first..last-1, and of the one after them."""
        from planners.kernels.learners import Schedule

        line = self.epsilon if isinstance(self.epsilon, Decay) and self.epsilon.over is not None else None
        by_step = isinstance(self.rate, Decay) and self.rate.by == "steps"
        return Schedule(
            epsilon=np.empty(0) if line else _numbers(self.epsilon, first, last + 1),
            start=line.start if line else 0.0,
            end=line.end if line else 0.0,
            pace=1.0 / float(line.over or 1) if line else 1.0,
            rate=_numbers(self.rate, first, last) if by_step else self._of_visits(last),
            by_step=by_step,
        )

    def _of_visits(self, steps: int) -> NDArray[np.float64]:
        """The step sizes of all numbers of visits that so many steps can come to."""
        if not isinstance(self.rate, Decay):
            return np.array([self.rate])
        if len(self._by_visits) < steps:
            more = _numbers(self.rate, len(self._by_visits), max(steps, 2 * len(self._by_visits)))
            self._by_visits = np.concatenate([self._by_visits, more])
        return self._by_visits


def _numbers(schedule: float | Decay, first: int, last: int) -> NDArray[np.float64]:
    return schedule.values(first, last) if isinstance(schedule, Decay) else np.array([schedule])
