"""Sweeps of rows of probabilities on a device of PyTorch; imported only where a device was asked for."""

import warnings
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from planners.gpu.torch_sweeps import TorchSweeps


class TorchRowSweeps(TorchSweeps):
    """Sweeps of rows of probabilities, sorted by state."""

    indptr: NDArray[np.int64]
    first_row: NDArray[np.int64]
    indices: torch.Tensor
    probability: torch.Tensor
    reward: torch.Tensor
    counts: torch.Tensor

    def __init__(
        self,
        device: torch.device,
        discounts: NDArray[np.float64],
        tables: tuple[NDArray[Any], NDArray[Any], NDArray[np.float64]],
        reward: NDArray[np.float64],
        first_row: NDArray[np.int64],
    ) -> None:
        """Take CSR tables (indptr, indices, probabilities) of L rows, (L,) rewards and (n + 1,) first rows."""
        super().__init__(device, discounts, len(first_row) - 1)
        self.indptr, self.first_row = tables[0].astype(np.int64), first_row
        self.start, self.indices, self.probability = (self._put(table) for table in tables)
        self.start: torch.Tensor = self.start.to(self.indices.dtype)
        self.reward, self.counts = self._put(reward)[:, None], self._put(np.diff(first_row))
        each = np.unique(np.diff(first_row))
        self.each: int = int(each[0]) if len(each) == 1 else 0  # rows of each state, where all have the same number
        self.row_state: torch.Tensor = self._put(np.repeat(np.arange(self.states), np.diff(first_row)))
        self.weights, self.gain = self.probability, torch.zeros(0)

    def _compute_gains(self) -> None:
        self.weights: torch.Tensor = self.probability.to(self.dtype)
        onward = self._expected(self.base, self.probability, 0, self.states) * self.discounts
        self.gain: torch.Tensor = (self.reward + onward - self.base.index_select(0, self.row_state)).to(self.dtype)

    def _backup(self, source: torch.Tensor, target: torch.Tensor, first: int, last: int) -> None:
        onward = self._expected(source, self.weights, first, last) * self.discounts.to(self.dtype)
        q = self.gain[self.first_row[first] : self.first_row[last]] + onward
        if self.each:
            torch.amax(q.view(last - first, self.each, self.models), dim=1, out=target[first:last])
        else:
            target[first:last] = torch.segment_reduce(q, "max", lengths=self.counts[first:last], axis=0)

    def _expected(self, values: torch.Tensor, weights: torch.Tensor, first: int, last: int) -> torch.Tensor:
        """(rows, k) P V of the rows of states first..last-1."""
        begin, end = int(self.first_row[first]), int(self.first_row[last])
        entries = slice(int(self.indptr[begin]), int(self.indptr[end]))
        if entries.start == entries.stop:  # PyTorch refuses a matrix without entries
            return values.new_zeros((end - begin, values.shape[1]), dtype=weights.dtype)
        start = self.start[begin : end + 1] - entries.start
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that sparse CSR is in beta
            size = (end - begin, self.states + 1)
            rows = torch.sparse_csr_tensor(start, self.indices[entries], weights[entries], size=size)
            return rows @ values
