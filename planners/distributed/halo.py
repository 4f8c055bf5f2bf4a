"""Which values each part reads that another part computes, and how they get there.

All values of a process lie in one array: for each of its parts first those of the part's own states, then
those that it reads; at the end those that come from other processes, sorted by state, so that what one
process sends lies together. Nothing but these is ever sent, each of them once.
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

    def __init__(self, processes: Processes, parts: Sequence[Part], owned: NDArray[np.int64]) -> None:
        """Agree on who sends what.

        Args:
            processes: All processes.
            parts: The parts of this one.
            owned: (size + 1,) first state of each process, and the number of states.
        """
        self.processes, self.parts = processes, parts
        lengths = [part.count + len(part.halo) for part in parts]
        offsets = np.concatenate(([0], np.cumsum(lengths, dtype=np.int64))).astype(np.int64)
        self.places: list[slice] = [slice(int(a), int(b)) for a, b in pairwise(offsets)]
        read = np.unique(np.concatenate([part.halo for part in parts] or [np.zeros(0, dtype=np.int64)]))
        mine = (read >= owned[processes.rank]) & (read < owned[processes.rank + 1])
        self._remote, self._offsets = read[~mine], offsets
        self.length: int = int(offsets[-1]) + len(self._remote)
        self._firsts = np.array([part.first for part in parts], dtype=np.int64)
        self._sources = [self._place(part.halo) for part in parts]
        self._agree(owned)
        self.bytes_a_sweep: int = 8 * sum(len(index) for index in self._sends.values())
        self.bytes_sent: int = 0

    def _place(self, states: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where the values of states lie, computed here or received."""
        place = self._offsets[-1] + np.searchsorted(self._remote, states)
        if len(self.parts):
            part = np.maximum(np.searchsorted(self._firsts, states, side="right") - 1, 0)
            end = self.parts[-1].first + self.parts[-1].count
            here = (states >= self._firsts[0]) & (states < end)
            place = np.where(here, self._offsets[part] + states - self._firsts[part], place)
        return place

    def _agree(self, owned: NDArray[np.int64]) -> None:
        """Tell every process which of its states are read here."""
        processes = self.processes
        cuts = np.searchsorted(self._remote, owned)
        counts = np.diff(cuts)
        wanted = np.array(processes.gather(counts)).reshape(processes.size, processes.size)
        base = int(self._offsets[-1])
        self._receives = {
            rank: slice(base + int(cuts[rank]), base + int(cuts[rank + 1])) for rank in np.flatnonzero(counts).tolist()
        }
        wishes = {rank: self._remote[cuts[rank] : cuts[rank + 1]] for rank in self._receives}
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
            there = values[place.start + part.count : place.stop]
            new = values[source]
            changes[number] = np.abs(new - there).max(initial=0.0)
            there[:] = new
        return changes
