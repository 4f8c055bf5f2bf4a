"""Tables with labels, such as pandas DataFrames, in the order of the names of states and actions.

The names are those that are given or, where none are, the labels of the first table that has any. A table whose labels
are the numbers 0, 1, 2, ... is in the order of these numbers. Labels are never dropped: others are refused.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from planners.arguments import shown
from planners.errors import InvalidModelError
from planners.names import checked_names, hashable, in_names, is_hashable, some_names

Kind = Literal["states", "actions"]


class Labels:
    """The names of states and of actions, as far as they are known; what is read may tell more of them.

    Attributes:
        names: The names of "states" and of "actions"; None: they are numbers.

    >>> labels = Labels(["low", "high"], None)
    >>> labels.vector("initial", {"high": 1.0, "low": 0.0}, "states")
    array([0., 1.])
    """

    def __init__(self, states: Any = None, actions: Any = None) -> None:
        """Begin with what the caller says."""
        self.names: dict[Kind, tuple[Hashable, ...] | None] = {
            "states": None if states is None else checked_names("states", states),
            "actions": None if actions is None else checked_names("actions", actions),
        }

    @contextmanager
    def naming(self) -> Iterator[None]:
        """In errors, numbers of states and actions become their names."""
        try:
            yield
        except InvalidModelError as error:
            error.args = (in_names(str(error), self.names["states"], self.names["actions"]),)
            raise

    def probabilities(self, P: Any, axes: Any) -> tuple[Any, Any]:
        """`P` of `from_arrays` without labels, and the order of its axes."""
        if isinstance(P, Mapping):
            P, axes = self._by_action("P", P, axes), "ASS"
        if _is_listed(P):
            return [self.table(f"P[{action}]", matrix, "states", "states") for action, matrix in enumerate(P)], axes
        if not _has_labels(P):
            return P, axes
        columns = self.table("P", P, None, "states")
        rows = _labels(P, 0)
        if rows is None or not all(isinstance(label, tuple) and len(label) == 2 for label in rows):
            return columns, axes
        return columns[self._pairs("P", rows)], "SAS"

    def rewards(self, R: Any, num_states: int) -> Any:
        """`R` of `from_arrays` without labels."""
        if isinstance(R, Mapping) and not self._is_of_states(R):
            R = self._by_action("R", R, None)
            if all(isinstance(each, Mapping) or _ndim(each) == 1 for each in R):
                return np.stack([self.vector("R", each, "states") for each in R], axis=1)
        if _is_listed(R):
            return [self.table(f"R[{action}]", matrix, "states", "states") for action, matrix in enumerate(R)]
        if isinstance(R, Mapping):
            return self.vector("R", R, "states")
        if not _has_labels(R):
            return R
        if _ndim(R) == 2:
            return self.table("R", R, "states", "actions")
        rows = _labels(R, 0)
        if rows is None or len(rows) == num_states:
            return self.vector("R", R, "states")
        if not all(isinstance(label, tuple) and len(label) == 2 for label in rows):
            raise InvalidModelError(
                f"R has {len(rows)} labels; expected one for each of the {num_states} states, or pairs (state, action)"
            )
        return np.asarray(_plain(R))[self._pairs("R", rows)].reshape(num_states, -1)

    def pairs(self, what: str, table: Any) -> Any:
        """(S, A) numbers without labels; a mapping is of actions, each with (S,) numbers."""
        if isinstance(table, Mapping):
            columns = self._by_action(what, table, None)
            listed = [self.vector(what, column, "states") for column in columns]
            if any(_ndim(column) != 1 for column in listed):
                raise InvalidModelError(f"{what} is {shown(table)}; expected a number of each state for each action")
            return np.stack(listed, axis=1)
        return self.table(what, table, "states", "actions")

    def of_pairs(self, states: Any, actions: Any) -> tuple[Any, Any]:
        """(L,) numbers of the states and of the actions of pairs, which may be names."""
        return self._of_pairs("states", states), self._of_pairs("actions", actions)

    def _of_pairs(self, kind: Kind, given: Any) -> Any:
        if isinstance(given, np.ndarray) and given.dtype.kind in "iu" and self.names[kind] is None:
            return given  # numbers, of which there may be millions
        listed = np.asarray(_plain(given), dtype=object).tolist() if _can_be_listed(given) else given
        if (
            not isinstance(listed, list)
            or isinstance(given, str | bytes)
            or any(isinstance(each, list) for each in listed)
        ):
            return given
        labels = list(map(hashable, listed))
        names = self.names[kind]
        if all(isinstance(label, int | float) and label not in (names or ()) for label in labels):
            return _plain(given)
        if kind == "states" and names is None:
            raise InvalidModelError(
                f"states has the names {some_names(dict.fromkeys(labels))}, and nothing says which column of Q is "
                "which; pass state_names=, in the order of the columns"
            )
        return self._numbers(kind, kind, labels)

    def table(self, what: str, table: Any, *kinds: Kind | None) -> Any:
        """The numbers of a table, each axis in the order of its names."""
        if not _has_labels(table):
            return table
        plain = np.asarray(_plain(table))
        for axis, kind in enumerate(kinds):
            labels = _labels(table, axis) if axis < plain.ndim else None
            if kind is not None and labels is not None:
                order = self._order(what, kind, labels)
                plain = plain if order is None else np.take(plain, order, axis=axis)
        return plain

    def vector(self, what: str, given: Any, kind: Kind) -> Any:
        """Numbers of states, or of actions, in the order of their names; of a mapping, too."""
        if not isinstance(given, Mapping):
            return self.table(what, given, kind)
        numbers = np.array(list(given.values()))
        order = self._order(what, kind, list(given))
        return numbers if order is None else numbers[order]

    def mask(self, what: str, given: Any, num_states: int) -> Any:
        """(S,) bool of states: given so, or with labels, or as the list or set of the names of those that are in it."""
        if given is None or isinstance(given, Mapping) or _has_labels(given):
            return given if given is None else self.vector(what, given, "states")
        names = self.names["states"]
        listed = [given] if isinstance(given, str) else list(given) if _can_be_listed(given) else None
        if names is None or listed is None or all(isinstance(each, bool | np.bool_) for each in listed):
            return given
        chosen = np.zeros(num_states, dtype=bool)
        for name in listed:
            chosen[self.number(what, "states", name)] = True
        return chosen

    def distribution(self, what: str, given: Any, num_states: int) -> Any:
        """(S,) probabilities of states: given so, or with labels, by name for some of them, or the name of one."""
        names = self.names["states"]
        if isinstance(given, Mapping):
            table = np.zeros(num_states)
            for name, probability in given.items():
                table[self.number(what, "states", name)] = probability
            return table
        if names is not None and not _has_labels(given) and is_hashable(given) and hashable(given) in names:
            return np.eye(1, num_states, names.index(hashable(given)))[0]
        return given if given is None else self.vector(what, given, "states")

    def number(self, what: str, kind: Kind, name: Any) -> int:
        """The number of one name; where there are no names, the number itself."""
        names, key = self.names[kind], hashable(name)
        if names is None and isinstance(key, int):
            return key
        if names is None or key not in names:
            raise InvalidModelError(f"{what} names {name!r:.80}, which is none of the {kind} {some_names(names or ())}")
        return names.index(key)

    def _is_of_states(self, table: Mapping[Any, Any]) -> bool:
        """Whether a mapping is of states to one number each."""
        return all(_ndim(value) == 0 and not isinstance(value, Mapping) for value in table.values())

    def _by_action(self, what: str, tables: Mapping[Any, Any], axes: Any) -> list[Any]:
        """The tables of a mapping from actions, in the order of the actions."""
        wrong = what == "P" and any(isinstance(each, Mapping) for each in tables.values())
        if axes == "SAS" or not tables or wrong:
            raise InvalidModelError(
                f"{what} is a mapping of {len(tables)} entries; expected a matrix (S, S') for each action, by its "
                "name. P[s][a] = [(probability, next_state, reward, terminated), ...] is read by from_gym_dict(P)"
            )
        order, listed = self._order(what, "actions", list(tables)), list(tables.values())
        return listed if order is None else [listed[number] for number in order]

    def _pairs(self, what: str, rows: Sequence[Any]) -> NDArray[np.int64]:
        """(S*A,) the rows of the pairs (state, action) in the order s*A + a."""
        columns: tuple[tuple[Hashable, ...], ...] = tuple(zip(*map(hashable, rows), strict=True))  # type: ignore[arg-type]
        kinds: tuple[Kind, Kind] = ("states", "actions")
        found = [self._numbers(what, kind, column) for kind, column in zip(kinds, columns, strict=True)]
        sizes = [
            len(self.names[kind] or ()) or int(numbers.max()) + 1 for kind, numbers in zip(kinds, found, strict=True)
        ]
        count = sizes[1]
        place = found[0] * count + found[1]
        order = np.argsort(place, kind="stable")
        if not np.array_equal(place[order], np.arange(sizes[0] * count)):
            raise InvalidModelError(
                f"{what} has {len(rows)} rows for pairs (state, action), which do not name each pair once; expected "
                f"{sizes[0] * count}. Models without some pairs: from_state_action_pairs"
            )
        return order

    def _numbers(self, what: str, kind: Kind, labels: Sequence[Any]) -> NDArray[np.int64]:
        """The numbers of labels that occur more than once; they name what has no names yet."""
        distinct = tuple(dict.fromkeys(labels))
        if self.names[kind] is None and set(distinct) != set(range(len(distinct))):
            self.names[kind] = checked_names(f"the {kind} of {what}", distinct)
        names = self.names[kind]
        place = {name: number for number, name in enumerate(range(len(distinct)) if names is None else names)}
        for label in distinct:
            if label not in place:
                self.number(what, kind, label)
        return np.array([place[label] for label in labels], dtype=np.int64)

    def _order(self, what: str, kind: Kind, labels: Iterable[Any]) -> list[int] | None:
        """Where the numbers of a labelled axis are to be taken from; None: it is in order."""
        found = checked_names(f"the labels of {what}, its {kind},", labels)
        numbers, names = tuple(range(len(found))), self.names[kind]
        counted = set(found) == set(numbers)
        if names is None and not counted:
            self.names[kind] = found
            return None
        wanted = names if names is not None and set(names) == set(found) else numbers if counted else None
        if wanted is None:
            known = names or ()
            unknown, missing = [n for n in found if n not in known], [n for n in known if n not in found]
            raise InvalidModelError(
                f"{what} has labels that are not the {kind}: unknown {some_names(unknown)}, missing "
                f"{some_names(missing)}; expected {some_names(known)}, in any order"
            )
        place = {name: number for number, name in enumerate(found)}
        return None if wanted == found else [place[name] for name in wanted]


def _has_labels(table: Any) -> bool:
    """Whether it is a table of pandas, polars or of their kind: it has names beside its numbers."""
    return hasattr(table, "to_numpy") and any(_labels(table, axis) is not None for axis in (0, 1))


def _labels(table: Any, axis: int) -> list[Any] | None:
    labels = getattr(table, ("index", "columns")[axis], None)
    if labels is None or callable(labels):
        return None
    listed = list(labels)
    unnamed = [f"column_{number}" for number in range(len(listed))]  # as polars calls them
    return None if axis == 1 and listed == unnamed else listed


def _plain(table: Any) -> Any:
    return table.to_numpy() if hasattr(table, "to_numpy") else table


def _can_be_listed(given: Any) -> bool:
    """Whether a list can be made of it; arrays of no axis say that they are iterable, and are not."""
    return isinstance(given, Iterable) and getattr(given, "ndim", 1) > 0


def _ndim(table: Any) -> int:
    try:
        return np.ndim(_plain(table))
    except ValueError:  # ragged, which is refused where it is read
        return 2


def _is_listed(tables: Any) -> bool:
    """Whether it is a list of matrices of which some have labels."""
    return isinstance(tables, list | tuple) and any(map(_has_labels, tables))
