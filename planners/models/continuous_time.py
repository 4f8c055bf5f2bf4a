"""How a `TabularMDP` is made of what happens in continuous time."""

from typing import Any, Literal, Self

from planners.readers.labels import Labels
from planners.readers.layouts import read_entries
from planners.readers.rates import read_rates
from planners.readers.transitions import as_mask


class ContinuousTime:
    """The constructors of `TabularMDP` from rates. The models hold their discounts: plan them with `discount=1`."""

    def __init__(self, **tables: Any) -> None:
        """Of tables, as `TabularMDP` has them."""

    @classmethod
    def from_rates(
        cls,
        rates: Any,
        reward_rates: Any = None,
        rewards: Any = None,
        *,
        discount_rate: float,
        feasible: Any = None,
        terminal: Any = None,
        axes: Literal["SAS", "ASS"] | None = None,
        initial: Any = None,
        states: Any = None,
        actions: Any = None,
    ) -> Self:
        """Read the rates of a continuous-time model: a step is from one event to the next (a semi-Markov model).

        Args:
            rates: Events a unit of time that lead from s to s' under a: (S, A, S'), (A, S, S'), matrices or a
                dictionary, as `from_arrays` takes probabilities. What leads from s to s is not read, so that a
                generator, with its negative diagonal, does too.
            reward_rates: (S, A) or (S,) what a unit of time earns there; None: nothing.
            rewards: (S, A) or (S,) what is earned at once; None: nothing.
            discount_rate: What is earned at time t counts exp(-discount_rate t); 0: as much as now.
            feasible: (S, A) bool, the actions that exist; None: all.
            terminal: (S,) bool, or a list of names: states that end the episode on entering them; None: none does.
            axes: As of `from_arrays`.
            initial: As of `from_arrays`.
            states: S names.
            actions: A names.

        Returns:
            A model for `discount=1`: it ends, in each step, with what the time until the next event discounts.

        Raises:
            InvalidModelError: Shapes that do not fit, or a rate that is negative or not finite.
            InvalidOptionError: A discount rate that is negative.

        Source: Puterman (2005), Section 11.3.

        >>> from planners import TabularMDP, solve
        >>> machine = TabularMDP.from_rates(  # it works for a time of 1/3 on average and is repaired in 1/2
        ...     [[[0.0, 3.0]], [[2.0, 0.0]]], reward_rates=[6.0, 0.0], discount_rate=1.0, axes="SAS")
        >>> solve(machine, discount=1).values.round(9)  # v0 = 6/4 + 3/4 v1, v1 = 2/3 v0
        array([3., 2.])
        """
        return cls._of_rates(
            rates, reward_rates, rewards, axes, states, actions, initial, terminal,
            discount_rate=discount_rate, feasible=feasible,
        )  # fmt: skip

    @classmethod
    def uniformised(
        cls,
        rates: Any,
        reward_rates: Any = None,
        rewards: Any = None,
        *,
        discount_rate: float,
        uniform_rate: float | Literal["largest"] = "largest",
        feasible: Any = None,
        terminal: Any = None,
        axes: Literal["SAS", "ASS"] | None = None,
        initial: Any = None,
        states: Any = None,
        actions: Any = None,
    ) -> Self:
        """Read the rates of a continuous-time model, as one whose events come at the same rate in every state.

        V is that of `from_rates`. Steps take the same time on average, so that the mean reward of a step, times
        `uniform_rate`, is that of a unit of time.

        Args:
            rates: As of `from_rates`; so are the others.
            reward_rates: (S, A) or (S,) what a unit of time earns.
            rewards: (S, A) or (S,) what is earned at once.
            discount_rate: 0 or more.
            uniform_rate: The rate of all events, at least the largest rate of leaving a state.
            feasible: (S, A) bool.
            terminal: As of `from_arrays`.
            axes: As of `from_arrays`.
            initial: As of `from_arrays`.
            states: S names.
            actions: A names.

        Raises:
            InvalidModelError: As of `from_rates`.
            InvalidOptionError: As of `from_rates`; or a uniform rate that is too small.

        Source: Puterman (2005), Section 11.5; Lippman (1975), "Applying a New Device in the Optimization of
        Exponential Queuing Systems".

        >>> from planners import TabularMDP, solve
        >>> rates = [[[0.0, 3.0]], [[2.0, 0.0]]]
        >>> machine = TabularMDP.uniformised(rates, reward_rates=[6.0, 0.0], discount_rate=1.0, axes="SAS")
        >>> solve(machine, discount=1).values.round(9)
        array([3., 2.])
        """
        return cls._of_rates(
            rates, reward_rates, rewards, axes, states, actions, initial, terminal,
            discount_rate=discount_rate, feasible=feasible, uniform_rate=uniform_rate,
        )  # fmt: skip

    @classmethod
    def _of_rates(
        cls,
        rates: Any,
        reward_rates: Any,
        rewards: Any,
        axes: Any,
        states: Any,
        actions: Any,
        initial: Any,
        terminal: Any,
        **how: Any,
    ) -> Self:
        labels = Labels(states, actions)
        with labels.naming():
            rates, axes = labels.probabilities(rates, axes)
            if terminal is not None:
                count = read_entries(rates, axes).num_states
                how["terminal"] = as_mask("terminal", labels.mask("terminal", terminal, count), (count,))
            earned = [
                None if given is None else labels.rewards(given, 0 if states is None else len(states))
                for given in (reward_rates, rewards)
            ]
            tables = read_rates(rates, *earned, axes=axes, **how)
            first = labels.distribution("initial", initial, tables["rewards"].shape[0])
            return cls(**tables, initial=first, states=labels.names["states"], actions=labels.names["actions"])
