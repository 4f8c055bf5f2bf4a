"""Making a `TabularMDP` from arrays, lists of pairs, dictionaries, files or environments."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from os import PathLike
from typing import Any, Literal, Self, SupportsFloat

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planners.arguments import check_path, is_table
from planners.errors import InvalidModelError
from planners.models.pairs import PairMDP
from planners.readers.arrays import read_arrays
from planners.readers.csv_file import read_csv, states_of_file
from planners.readers.drn_file import read_drn
from planners.readers.functions import read_functions
from planners.readers.labels import Labels
from planners.readers.prism_files import read_prism
from planners.readers.state_action_pairs import read_pairs
from planners.readers.terminal import with_terminal
from planners.readers.toy_text import read_gym_dict
from planners.readers.transitions import as_mask


class Constructors:
    """The constructors of `TabularMDP`, whose options mean the same in all of them.

    `terminal`, states that end the episode, and `initial`, where it begins, name states by their numbers or by their
    names. `states` and `actions` are names: any different objects that can be hashed. `normalise=True` scales rows
    whose sum differs from 1 by at most .01, as in a printed table that is rounded; the model and its plans tell the
    largest difference.
    """

    def __init__(self, **tables: Any) -> None:
        """Of tables, as `TabularMDP` has them."""

    @classmethod
    def from_arrays(
        cls,
        P: Any,
        R: Any,
        terminal: Any = None,
        feasible: Any = None,
        *,
        axes: Literal["SAS", "ASS"] | None = None,
        initial: Any = None,
        states: Any = None,
        actions: Any = None,
        normalise: bool = False,
    ) -> Self:
        """Read probabilities and rewards, dense or sparse, with labels or without.

        Args:
            P: Probabilities: (S, A, S') array; (A, S, S') array, as pymdptoolbox has them; a list of A matrices
                (S, S'), dense or sparse, or a dictionary of them by action; or one (S*A, S') matrix, whose row s*A + a
                is of the pair (s, a) with `axes="SAS"`, row a*S + s with `axes="ASS"`.
            R: Rewards, to be maximised (costs: `solve(minimise=True)`): (S,) R(s), which a terminal state pays once, as
                the episode ends there; (S, A) r(s,a); (S, A, S') or (A, S, S') r(s,a,s'); or a list of A matrices
                (S, S'). -inf: the action does not exist there. With r(s,a) and r(s,a,s'), a terminal state pays
                nothing.
            terminal: (S,) bool, or a list of names: states that end the episode; None: none does. Their rows of `P` are
                not read.
            feasible: (S, A) bool, the actions that exist; None: all.
            axes: The order of the axes of `P` and of an `R` with three; needed only where the shape does not tell.
            initial: (S,) probabilities of the first state; a dictionary of them; or the name of one state.
            states: S names; None: those of labelled tables, such as a DataFrame's, or numbers. Tables whose labels
                stand in another order are put in this one; labels that are missing or unknown are refused.
            actions: A names, likewise.
            normalise: Scale rows whose sum differs from 1 by at most .01.

        Raises:
            InvalidModelError: Shapes or labels that do not fit, or fit in two ways; a row that is no distribution; a
                reward that is not finite; masked elements; with the state and the action.

        >>> from planners import TabularMDP
        >>> P = {"wait": [[0.9, 0.1], [0.0, 1.0]], "repair": [[1.0, 0.0], [1.0, 0.0]]}
        >>> model = TabularMDP.from_arrays(P, [[5.0, 0.0], [1.0, -9.0]], states=["good", "worn"])
        >>> model.states[1], model.actions
        ('worn', ('wait', 'repair'))
        """
        labels = Labels(states, actions)
        with labels.naming():
            P, axes = labels.probabilities(P, axes)
            tables = read_arrays(P, R, terminal, feasible, axes, labels=labels, normalise=normalise)
            return cls._named(tables, labels, initial)

    @classmethod
    def from_functions(
        cls,
        start: Any,
        actions: Callable[[Any], Iterable[Any]],
        outcomes: Callable[[Any, Any], Iterable[tuple[SupportsFloat, Any, SupportsFloat]]],
        terminal: Callable[[Any], bool] | Iterable[Hashable] | None = None,
        terminal_reward: Callable[[Any], float] | None = None,
        *,
        max_states: int = 1_000_000,
        progress: bool | Callable[[int, int], object] = False,
        normalise: bool = False,
    ) -> Self:
        """Follow two functions from the first states; states and actions are objects that can be hashed.

        Args:
            start: The first state; a list, set, range or iterator of several, of which one is drawn uniformly; or a
                dictionary of their probabilities.
            actions: A function of a state: the actions that exist there, one or more. They are numbered in the order in
                which they are found, or, where all are whole numbers, by their size.
            outcomes: A function of a state and an action: a list, or a generator, of (probability, next state, reward).
                Outcomes with one next state are added up; those of probability 0 are not followed. Rewards may be
                costs: then `planners.solve(model, minimise=True, ...)`.
            terminal: A function of a state: whether the episode ends on entering it; or a set of those states. Neither
                `actions` nor `outcomes` is called for them. None: no state ends it.
            terminal_reward: A function of a terminal state: the reward there as the episode ends, which is then the
                value of the state; the episode ends one step after entering it. None: nothing.
            max_states: The largest number of states, as there may be infinitely many.
            progress: True for a line with the number of states; or a function to call with how many were followed and
                how many were found.
            normalise: Scale the probabilities of outcomes whose sum differs from 1 by at most .01.

        Raises:
            InvalidModelError: A function returned a value that is no action, no outcome or no distribution; the message
                has the state, the action, the value, and what was expected.
            InvalidOptionError: More than `max_states` states, or arguments of another kind.

        Cost: one call of `actions` a state and one of `outcomes` a pair; about a second for a million outcomes.

        >>> from planners import TabularMDP
        >>> model = TabularMDP.from_functions(
        ...     "high",
        ...     actions=lambda s: ["search", "wait"] if s == "high" else ["wait", "recharge"],
        ...     outcomes=lambda s, a: {
        ...         "search": [(0.75, "high", 4.0), (0.25, "low", 4.0)], "wait": [(1.0, s, 1.0)],
        ...         "recharge": [(1.0, "high", 0.0)]}[a],
        ... )
        >>> model, model.states.keys, model.actions
        (TabularMDP(2 states, 3 actions, 5 transitions, 0.0 MB), ('high', 'low'), ('search', 'wait', 'recharge'))
        """
        found = read_functions(
            start, actions, outcomes, terminal, terminal_reward,
            max_states=max_states, progress=progress, normalise=normalise,
        )  # fmt: skip
        return cls._of_tables({**found.tables, "states": found.states, "actions": found.actions})

    @classmethod
    def from_state_action_pairs(
        cls,
        R: Any,
        Q: Any,
        states: ArrayLike,
        actions: ArrayLike,
        num_actions: int | None = None,
        terminal: Any = None,
        *,
        initial: Any = None,
        state_names: Any = None,
        action_names: Any = None,
        normalise: bool = False,
    ) -> Self:
        """Read a list of L pairs (state, action), as QuantEcon's DiscreteDP does; other pairs do not exist.

        Args:
            R: (L,) expected reward of each pair; -inf: the pair does not exist after all.
            Q: (L, S) probabilities of the next state, dense or sparse; columns with labels are put in order.
            states: (L,) the state of each pair: its number, or its name; QuantEcon's `s_indices`.
            actions: (L,) the action of each pair, likewise; QuantEcon's `a_indices`.
            num_actions: A; None: one more than the largest of `actions`, or the number of their names.
            terminal: (S,) bool, or a list of names: states that end the episode, which need no pair.
            initial: (S,) probabilities of the first state; a dictionary of them; or the name of one state.
            state_names: S names in the order of the columns of `Q`; None: the labels of `Q`, or numbers.
            action_names: A names; None: those in `actions`, in the order of their first pairs, or numbers.
            normalise: Scale rows whose sum differs from 1 by at most .01.

        Raises:
            InvalidModelError: Shapes that do not fit, a pair given twice, an unknown name, a row that is no
                distribution, or a state without a pair that is not terminal.
            InvalidOptionError: `num_actions` is no whole number.

        Where there are more than a million rows for all actions in all states, and more than eight for each pair, the
        model is a `PairMDP`, which stores the pairs alone.

        >>> from planners import TabularMDP
        >>> model = TabularMDP.from_state_action_pairs(
        ...     [5, 10, -1], [[0.5, 0.5], [0, 1], [0, 1]], ["high", "high", "low"], ["wait", "sell", "wait"],
        ...     state_names=["high", "low"])
        >>> model.feasible.tolist(), model.actions
        ([[True, True], [True, False]], ('wait', 'sell'))
        """
        labels = Labels(state_names, action_names)
        with labels.naming():
            Q, states, actions = labels.table("Q", Q, None, "states"), *labels.of_pairs(states, actions)
            if num_actions is None and labels.names["actions"] is not None:
                num_actions = len(labels.names["actions"])
            tables = read_pairs(R, Q, states, actions, num_actions, terminal, labels=labels, normalise=normalise)
            return cls._named(tables, labels, initial)

    @classmethod
    def from_gym_dict(
        cls,
        P: Any,
        initial: Any = None,
        *,
        terminal: Any = None,
        states: Any = None,
        actions: Any = None,
        normalise: bool = False,
    ) -> Self:
        """Read `P[s][a] = [(probability, next_state, reward, terminated), ...]`, Gymnasium's toy_text form.

        Args:
            P: Mappings or sequences, by number. A state may lack actions: they do not exist there. Each transition's
                own flag decides whether the episode ends with it.
            initial: (S,) probabilities of the first state; a dictionary of them; or the name of one state.
            terminal: (S,) bool, or a list of names: states that end the episode on entering them, too.
            states: S names, in the order of the numbers.
            actions: A names.
            normalise: Scale rows whose sum differs from 1 by at most .01.

        Raises:
            InvalidModelError: An entry that is no transition, a state that is missing, a row that is no distribution.

        >>> from planners import TabularMDP
        >>> model = TabularMDP.from_gym_dict({0: {0: [(0.75, 0, 2.0, False), (0.25, 0, 6.0, True)]}}, states=["here"])
        >>> model.rewards.tolist(), model.termination.tolist()
        ([[3.0]], [[0.25]])
        """
        labels = Labels(states, actions)
        with labels.naming():
            return cls._named(read_gym_dict(P, normalise), labels, initial, terminal)

    @classmethod
    def from_csv(
        cls,
        path: str | PathLike[str],
        base: int = 0,
        outcome: int | None = None,
        *,
        terminal: Any = None,
        initial: Any = None,
        states: Any = None,
        actions: Any = None,
        normalise: bool = False,
    ) -> Self:
        r"""Read a file with one transition on each line, as MDPs.jl has them.

        Its first line names its columns, in any order: `idstatefrom, idaction, idstateto, probability, reward`. A state
        that is reached, and has no line of its own, is terminal.

        Args:
            path: The file.
            base: 0, or 1 where states and actions are numbered from 1.
            outcome: Which model to read, in a file with a column `idoutcome`.
            terminal: (S,) bool, or a list of names, or of numbers of the file: states that end the episode on entering
                them. If it is given, other states without a line are refused.
            initial: (S,) probabilities of the first state; a dictionary of them; or the name of one state.
            states: S names, in the order of the numbers.
            actions: A names.
            normalise: Scale rows whose sum differs from 1 by at most .01.

        Raises:
            OSError: There is no such file.
            InvalidModelError: The file is no such table, or no model; the message names the line.

        >>> import tempfile, pathlib
        >>> from planners import TabularMDP
        >>> path = pathlib.Path(tempfile.mkdtemp(), "model.csv")
        >>> _ = path.write_text("idstatefrom,idaction,idstateto,probability,reward\n0,0,1,1,-1\n")
        >>> TabularMDP.from_csv(path, initial=[1, 0]).rewards.tolist()
        [[-1.0], [0.0]]
        """
        labels = Labels(states, actions)
        with labels.naming():

            def ends(count: int) -> NDArray[np.bool_]:
                if states is None and not isinstance(terminal, Mapping) and not _is_mask(terminal):
                    return states_of_file(terminal, count, base, path)
                return as_mask("terminal", labels.mask("terminal", terminal, count), (count,))

            tables = read_csv(_path("path", path), base, outcome, normalise, None if terminal is None else ends)
            known = None if terminal is None else ends(len(tables["rewards"]))
            return cls._named(tables, labels, initial, known)

    @classmethod
    def from_drn(
        cls,
        path: str | PathLike[str],
        reward: str | None = None,
        *,
        terminal: Any = None,
        initial: Any = None,
        states: Any = None,
        actions: Any = None,
        normalise: bool = False,
    ) -> Self:
        """Read Storm's explicit format (`storm --exportbuild model.drn`), with its labels.

        Args:
            path: The file, of an MDP or a DTMC.
            reward: The name of the reward model to read; None: the only one, or no rewards.
            terminal: (S,) bool, or a list of names: states that end the episode on entering them; None: none does.
            initial: (S,) probabilities of the first state; None: the state with the label "init".
            states: S names, in the order of the numbers.
            actions: A names, of the first, second, ... choice of each state.
            normalise: Scale rows whose sum differs from 1 by at most .01.

        Raises:
            OSError: There is no such file.
            InvalidModelError: The file has another format, or is no model; the message names the line.

        >>> TabularMDP.from_drn("model.drn").labels  # doctest: +SKIP
        {'init': array([ True, False]), 'done': array([False,  True])}
        """
        labels = Labels(states, actions)
        with labels.naming():
            return cls._named(read_drn(_path("path", path), reward, normalise), labels, initial, terminal)

    @classmethod
    def from_prism(
        cls,
        tra: str | PathLike[str],
        lab: str | PathLike[str] | None = None,
        srew: str | PathLike[str] | None = None,
        trew: str | PathLike[str] | None = None,
        *,
        terminal: Any = None,
        initial: Any = None,
        states: Any = None,
        actions: Any = None,
        normalise: bool = False,
    ) -> Self:
        """Read the explicit files that PRISM exports (`prism model.nm -exportmodel model.all`).

        Args:
            tra: Transitions, one on each line: state, choice, next state, probability.
            lab: Labels.
            srew: Rewards of states.
            trew: Rewards of transitions.
            terminal: (S,) bool, or a list of names: states that end the episode on entering them; None: none does.
            initial: (S,) probabilities of the first state; None: the state with the label "init".
            states: S names, in the order of the numbers.
            actions: A names, of the first, second, ... choice of each state.
            normalise: Scale rows whose sum differs from 1 by at most .01.

        Raises:
            OSError: There is no such file.
            InvalidModelError: The file has another format, or is no model; the message names the line.

        >>> TabularMDP.from_prism("model.tra", lab="model.lab", srew="model.srew")  # doctest: +SKIP
        TabularMDP(2 states, 1 actions, 3 transitions, 0.0 MB)
        """
        labels = Labels(states, actions)
        with labels.naming():
            return cls._named(read_prism(_path("tra", tra), lab, srew, trew, normalise), labels, initial, terminal)

    @classmethod
    def _named(cls, tables: dict[str, Any], labels: Labels, initial: Any, terminal: Any = None) -> Self:
        """The model of tables that were read, with its names, its ends and its beginning."""
        count = tables["transitions"].shape[1]
        if terminal is not None:
            tables = with_terminal(tables, labels.mask("terminal", terminal, count))
        first = labels.distribution("initial", initial, count)
        if first is not None:
            tables = {**tables, "initial": first}
        return cls._of_tables({**tables, "states": labels.names["states"], "actions": labels.names["actions"]})

    @classmethod
    def _of_tables(cls, tables: dict[str, Any]) -> Any:
        """The model: a `PairMDP` where few of all pairs exist."""
        return PairMDP(**tables, table=cls) if "pair_state" in tables else cls(**tables)


def _is_mask(terminal: Any) -> bool:
    return is_table(terminal) and np.asarray(terminal).dtype == np.bool_


def _path(name: str, path: Any) -> Any:
    if isinstance(path, str | bytes | PathLike):
        return check_path(name, path, InvalidModelError)
    raise InvalidModelError(
        f"{name} is a {type(path).__name__}; expected the name of a file. Arrays and DataFrames are read by "
        "TabularMDP.from_arrays(P, R) and from_state_action_pairs(R, Q, states, actions)"
    )
