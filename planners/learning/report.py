"""The report of a run in words."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.equations.graph import next_towards
from planners.learning.playing import greedy_of
from planners.learning.policy_values import PolicyValues, probabilities_of
from planners.learning.record import Played
from planners.learning.task import Task
from planners.models.state_names import named_text
from planners.plans.given_away import given_away

if TYPE_CHECKING:
    from planners.learning.learning_run import LearningRun

SHOWN = 6  # states and pairs


def report_of(run: "LearningRun", task: Task, played: Sequence[Played]) -> str:
    """Sentences, one a line."""
    lines = [opening(run, played)]
    if task.model is not None and all(each.changes is not None for each in played):
        lines += _truth(run, task, played)
    elif task.model is not None:
        lines += _steps_only(run, task)
    else:
        lines.append("What it loses is not known: the environment has no tables, and learn(...) got no plan=.")
    return named_text("\n".join([*lines, untried(task, played)]), task.model)


def opening(run: "LearningRun", played: Sequence[Played]) -> str:
    """Who made how many steps."""
    runs = f", each of {len(played)} seeds" if len(played) > 1 else ""
    stopped = "" if run.complete else ", and was stopped there"
    return f"{type(run.agent).__name__} made {len(played[0].record):,} steps{runs}{stopped}."


def _truth(run: "LearningRun", task: Task, played: Sequence[Played]) -> list[str]:
    values = [np.atleast_1d(each) for each in (run.policy_values if len(played) > 1 else [run.policy_values])]
    optimal, error = run.optimal_value, 2.0 * run.plan.error_bound + 1e-9 * max(1.0, abs(run.optimal_value))
    lost = np.array([optimal - each[-1] for each in values])
    lines = [f"The best policy earns {optimal:.6g} from the start, at discount {task.discount:g}."]
    if len(played) > 1:
        best = int((lost <= error).sum())
        earned = f"The greedy policies earn {optimal - lost.mean():.6g} on average at the end"
        lines.append(f"{earned}; {best} of {len(played)} are optimal.")
        worst = int(lost.argmax())
        lines.append(f"The worst, of seed {run.seeds[worst]}, loses {lost[worst]:.6g}.")
        return lines + _where(task, run, played[worst], error)
    lines.append(_settled(values[0], played[0], optimal, error))
    return lines + _where(task, run, played[0], error)


def _steps_only(run: "LearningRun", task: Task) -> list[str]:
    """The regret of an agent whose greedy policy is not known."""
    lost = np.mean([float(each.sum()) for each in (run.regret if len(run.agents) > 1 else [run.regret])])
    average = " on average" if len(run.agents) > 1 else ""
    lines = [
        f"The best policy earns {run.optimal_value:.6g} from the start, at discount {task.discount:g}.",
        f"The regret of its steps is {lost:.6g} in total{average}.",
    ]
    if greedy_of(run.agent, task) is None:
        lines.append("The value of its policy is not known: it has neither `action_values` nor greedy(state).")
    return lines


def _settled(values: NDArray[np.float64], played: Played, optimal: float, error: float) -> str:
    """Since when the value of the greedy policy has not changed."""
    steps = len(values)
    off = np.abs(values - values[-1]) > error if np.isfinite(values[-1]) else values != values[-1]
    since = int(np.flatnonzero(off)[-1]) + 1 if off.any() else 0
    loses = optimal - values[-1]
    end = "which is optimal" if loses <= error else f"which loses {loses:.6g}"
    if since <= steps // 2:
        return f"It has settled: since step {since:,} its greedy policy earns {values[-1]:.6g}, {end}."
    assert played.changes is not None
    late = int((played.changes.steps >= steps // 2).sum())
    return (
        f"It has not settled: in the second half of the run its greedy policy changed {late:,} times, and the value of "
        f"the start last at step {since:,}. It now earns {values[-1]:.6g}, {end}."
    )


def _where(task: Task, run: "LearningRun", played: Played, error: float) -> list[str]:
    """What the last greedy policy loses in which state: visits times what the action gives away."""
    assert played.changes is not None
    bits = played.changes.last()
    taken = probabilities_of(bits, task.num_actions)
    loss = taken * np.where(taken > 0.0, given_away(run.plan), 0.0)
    if task.discount == 1.0:
        wrong = np.flatnonzero(loss.sum(axis=1) > error)
        states = f" in {len(wrong)} states ({_listed(wrong)})" if len(wrong) else " in no state"
        return [f"Its greedy actions give something away{states}."]
    values = PolicyValues(task)
    visits = values.start @ values.solved(bits)[0]
    shares = visits * loss.sum(axis=1)
    order = [int(s) for s in np.argsort(-shares)[:SHOWN] if shares[s] > error]
    if not order:
        return []
    return ["It loses most " + ", ".join(f"in state {s} ({shares[s]:.3g})" for s in order) + "."]


def untried(task: Task, played: Sequence[Played]) -> str:
    """Which pairs were never tried, though they can be reached."""
    tried = np.zeros((task.num_states, task.num_actions), dtype=bool)
    for each in played:
        states, actions, *_ = each.record.counted()
        tried[states, actions] = True
    exists = np.zeros_like(tried)
    for s, options in enumerate(task.options()):
        exists[s, options] = True
    exists &= _reachable(task)[:, None]
    never = np.argwhere(exists & ~tried)
    if not len(never):
        return "Every action was tried in every state that can be reached."
    pairs = ", ".join(f"({s}, {a})" for s, a in never[:SHOWN])
    more = f" and {len(never) - SHOWN} more" if len(never) > SHOWN else ""
    return f"It has never tried {len(never)} of {int(exists.sum())} pairs (state, action): {pairs}{more}."


def _reachable(task: Task) -> NDArray[np.bool_]:
    """(S,) the states in which an action can be taken: those that can be reached while an episode goes on."""
    if task.model is None:
        return np.ones(task.num_states, dtype=bool)
    mdp = task.model.tabular
    rows = sparse.csr_array(mdp.transitions)
    steps = sparse.csr_array(
        (
            np.ones(rows.nnz),
            (rows.indices, np.repeat(np.arange(rows.shape[0]) // mdp.num_actions, np.diff(rows.indptr))),
        ),
        shape=(mdp.num_states, mdp.num_states),
    )
    each = np.arange(mdp.num_states)
    return next_towards(steps, each, np.ones(len(each), dtype=bool), task.initial() > 0) >= 0


def _listed(numbers: Any) -> str:
    shown = ", ".join(str(int(n)) for n in numbers[:SHOWN])
    return shown if len(numbers) <= SHOWN else f"{shown} and {len(numbers) - SHOWN} more"
