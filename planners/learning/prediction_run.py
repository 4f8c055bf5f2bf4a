"""The run of a predictor, with its exact error after every step."""

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.equations.graph import next_towards
from planners.errors import InvalidOptionError, MissingModelError
from planners.learning.learning_run import LearningRun
from planners.learning.policy_values import chain_of
from planners.learning.record import Estimates
from planners.learning.report import opening
from planners.models.tabular import TabularMDP
from planners.options import named_states
from planners.plans.policy import TabularPolicy
from planners.solve import solve


class PredictionRun(LearningRun):
    """A run of a learner of V(s), for one seed or many: see `LearningRun`.

    `errors` are as exact as V of the policy, which is solved to 1e-12 of its largest value.
    """

    @property
    def state_values(self) -> Any:
        """(S,) the learned values."""
        found = [agent.state_values for agent in self.agents]
        return np.stack(found) if self._many else found[0]

    @cached_property
    def true_values(self) -> NDArray[np.float64]:
        """(S,) V of the policy, solved; NaN in states that the policy never reaches.

        Raises:
            MissingModelError: The environment has no tables.
            InvalidOptionError: At discount 1 the policy goes on for ever, and V is infinite.
        """
        if self._task.model is None:
            raise MissingModelError("this environment has no tables, so V of the policy is not known; expected a model")
        mdp, begins = self._task.model.tabular, self._task.initial() > 0.0
        chain, _, _ = chain_of(mdp, self.agent.behaviour.probabilities)
        everything = np.ones(mdp.num_states, dtype=bool)
        seen = next_towards(sparse.csr_array(chain.T), np.arange(mdp.num_states), everything, begins) >= 0
        chain, rewards, _ = chain_of(mdp, self.policy.probabilities)
        part = np.flatnonzero(seen)
        model = TabularMDP(
            transitions=sparse.csr_array(chain[part][:, part]),
            termination=np.maximum(1.0 - chain[part].sum(axis=1), 0.0)[:, None],
            rewards=rewards[part, None],
            feasible=np.ones((len(part), 1), dtype=bool),
        )
        found = solve(model, discount=self.discount, throw=False, relative_tolerance=1e-12).values
        if not np.isfinite(found).all():
            where = named_states(part[~np.isfinite(found)])
            raise InvalidOptionError(
                f"at discount {self.discount:g} this policy goes on for ever from states {where}, and V is infinite "
                "there; expected a discount below 1, or a policy that ends"
            )
        values = np.full(mdp.num_states, np.nan)
        values[part] = found
        return values

    @cached_property
    def errors(self) -> Any:
        """(steps,) root mean square error after every step, in units of reward: over the states of `true_values`.

        Every state has the same weight, however often the policy visits it.
        """
        truth = self.true_values
        return self._each(lambda played: errors_after_each_step(played.estimates, truth, len(played.record)))

    @cached_property
    def policy_values(self) -> Any:
        """(steps,) V of the policy from the start, which does not change."""
        begins = self._task.initial()
        value = float(begins[begins > 0] @ self.true_values[begins > 0])
        return self._each(lambda played: np.full(len(played.record), value))

    @property
    def action_values(self) -> Any:
        """A predictor learns none.

        Raises:
            MissingModelError: Always.
        """
        raise MissingModelError(f"a {type(self.agent).__name__} learns V(s): see state_values, true_values and errors")

    @property
    def policy(self) -> TabularPolicy:
        """The policy that is evaluated."""
        return self.agent.followed

    def report(self) -> str:
        """A text: how far the estimates are from V of the policy, and where the error is largest."""
        first = opening(self, self._played)
        if self._task.model is None:
            return first
        last = np.array([np.atleast_1d(each)[-1] for each in (self.errors if self._many else [self.errors])])
        off = np.abs(np.atleast_2d(self.state_values) - self.true_values).mean(axis=0)
        worst = int(np.nanargmax(off))
        seeds = f", on average of {len(last)} seeds" if self._many else ""
        return (
            f"{first}\nThe root mean square error of V is {last.mean():.4g} at the end{seeds}. It is furthest "
            f"off in state {worst}: by {off[worst]:.4g}, where V is {self.true_values[worst]:.4g}."
        )

    def plot(self, axes: Any = None) -> Any:
        """Matplotlib axes: the root mean square error after every step; with many seeds, as in `LearningRun.plot`.

        Raises:
            ModuleNotFoundError: matplotlib is missing.
        """
        from planners.plans.learning_plots import plot_errors

        return plot_errors(self, axes)


def errors_after_each_step(estimates: Estimates | None, truth: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
    """(steps,) root mean square of V - truth after each step, over the states where the truth is no NaN."""
    assert estimates is not None
    known = np.isfinite(truth)
    apart, states = np.where(known, truth, 0.0), estimates.states
    order = np.argsort(states, kind="stable")
    before = np.empty(len(states))
    before[order[1:]] = estimates.values[order[:-1]]
    firsts = order[np.flatnonzero(np.diff(states[order], prepend=-1))]
    before[firsts] = estimates.first[states[firsts]]
    after, before = estimates.values - apart[states], before - apart[states]
    more = np.where(known[states], (after - before) * (after + before), 0.0)
    total = float((np.where(known, estimates.first - apart, 0.0) ** 2).sum())
    # sums of 80 bits, where the machine has them: else they would be off by 1e-8 once the error has gone to 0
    sums = np.concatenate([[np.longdouble(total)], total + np.cumsum(more, dtype=np.longdouble)]).astype(np.float64)
    begins = np.concatenate([[0], estimates.steps, [steps]])
    return np.repeat(np.sqrt(np.maximum(sums, 0.0) / known.sum()), np.diff(begins))
