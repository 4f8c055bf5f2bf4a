"""Which values each part reads that another part computes, and how they get there.

All values of a process lie in one array: for each of its parts first those of the part's own states, then
those that it reads, and the one of all states that are set apart; at the end those that come from other processes, one
process after the other. Nothing but these is ever sent, each of them once.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from planners.distributed.part import Part
from planners.distributed.processes import Processes


class Halo:
    """The plan of the exchange, made once.

    Attributes:
        places: Where the values of each part lie in the array.
        length: Length of the array.
        bytes_a_sweep: Bytes that this process sends in each exchange.
        bytes_sent: Bytes that it has sent so far.
    """

    processes: Processes
    parts: Sequence[Part]

    def __init__(self, processes: Processes, parts: Sequence[Part], borders: NDArray[np.int64]) -> None:
        """Agree on who sends what.

        Args:
            processes: All processes.
            parts: The parts of this one.
            borders: (parts + 1,) first state of each part, of all processes, and the number of states.
        """
        self.processes, self.parts = processes, parts
        lengths = [part.length for part in parts]
        offsets = np.concatenate(([0], np.cumsum(lengths, dtype=np.int64))).astype(np.int64)
        self.places: list[slice] = [slice(int(a), int(b)) for a, b in pairwise(offsets)]
        read = np.unique(np.concatenate([part.halo for part in parts] or [np.zeros(0, dtype=np.int64)]))
        owner = (np.searchsorted(borders, read, side="right") - 1) % processes.size
        order = np.lexsort((read, owner))  # what comes from one process lies together
        order = order[owner[order] != processes.rank]
        self._remote, self._offsets = np.sort(read[order]), offsets
        self._lie = np.empty(len(order), dtype=np.int64)
        self._lie[np.searchsorted(self._remote, read[order])] = np.arange(len(order))
        self.length: int = int(offsets[-1]) + len(self._remote)
        self._firsts, self._counts = (
            np.array(numbers, dtype=np.int64) for numbers in ([p.first for p in parts], [p.count for p in parts])
        )
        self._sources = [self._place(part.halo) for part in parts]
        self._agree(read[order], np.bincount(owner[order], minlength=processes.size))
        self.bytes_a_sweep: int = 8 * sum(len(index) for index in self._sends.values())
        self.bytes_sent: int = 0

    def _place(self, states: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where the values of states lie, computed here or received."""
        if not len(self.parts):
            return np.zeros(0, dtype=np.int64)
        part = np.maximum(np.searchsorted(self._firsts, states, side="right") - 1, 0)
        within = states - self._firsts[part]
        here = (within >= 0) & (within < self._counts[part])
        place = self._offsets[part] + within
        place[~here] = self._offsets[-1] + self._lie[np.searchsorted(self._remote, states[~here])]
        return place

    def _agree(self, remote: NDArray[np.int64], counts: NDArray[np.int64]) -> None:
        """Tell every process which of its states are read here, so many of each, one process after the other."""
        processes = self.processes
        cuts = np.concatenate(([0], np.cumsum(counts)))
        wanted = np.array(processes.gather(counts)).reshape(processes.size, processes.size)
        base = int(self._offsets[-1])
        self._receives = {
            rank: slice(base + int(cuts[rank]), base + int(cuts[rank + 1])) for rank in np.flatnonzero(counts).tolist()
        }
        wishes = {rank: remote[cuts[rank] : cuts[rank + 1]] for rank in self._receives}
        asked = wanted[:, processes.rank]
        heard = {rank: np.empty(asked[rank], dtype=np.int64) for rank in np.flatnonzero(asked).tolist()}
        processes.exchange(wishes, heard)
        self._sends = {rank: self._place(states) for rank, states in heard.items()}

    def exchange(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Bring what is read elsewhere up to date; (parts,) the largest change of what each part reads."""
        outgoing = {rank: values[index] for rank, index in self._sends.items()}
        self.processes.exchange(outgoing, {rank: values[place] for rank, place in self._receives.items()})
        self.bytes_sent += sum(array.nbytes for array in outgoing.values())
        changes = np.zeros(len(self.parts))
        for number, (part, place, source) in enumerate(zip(self.parts, self.places, self._sources, strict=True)):
            there = values[place.start + part.count : place.stop - 1]
            new = values[source]
            changes[number] = np.abs(new - there).max(initial=0.0)
            there[:] = new
        return changes
