"""Sweeps of k models on a device of PyTorch; imported only where a device was asked for.

Values are kept as V = base + delta, base in float64. For the residual of the base, gain(row) = r(row) +
discount * P(row) base - base(s), computed in float64, delta solves equations of the same form,

    delta(s) = max over the rows of s of  gain(row) + discount * P(row) delta,

and is swept in float32: it takes half the memory and half the time, and what it is off by shrinks with
delta each time that delta is added to the base (iterative refinement; Higham (2002), Chapter 12).

`delta` has one state more than the model, where episodes end and nothing is earned: it stays 0.
"""

from abc import ABC, abstractmethod
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

CHUNK: Final = 1 << 22  # values computed at once, for the sake of the memory of intermediate results


def find_device(name: str) -> torch.device:
    """The device; `ValueError` with the reason if it is not there or cannot count in float64."""
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ValueError(str(error).partition("\n")[0]) from None
    if device.type not in ("cpu", "cuda"):
        raise ValueError(f"{device.type} devices are not tested, and some have no float64, which the proof needs")
    if device.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if not count:
            build = "this PyTorch is built without CUDA" if torch.version.cuda is None else "no CUDA device is visible"
            raise ValueError(f"{build} (torch {torch.__version__})")
        if (device.index or 0) >= count:
            raise ValueError(f"there are {count} CUDA devices, numbered from 0")
    return device


def free_bytes(device: torch.device) -> float:
    """Bytes that can be allocated on a GPU; infinite for the CPU, which is asked elsewhere."""
    return float(torch.cuda.mem_get_info(device)[0]) if device.type == "cuda" else float("inf")


class TorchSweeps(ABC):
    """Values (n, k) on a device, and sweeps over ranges of their states."""

    device: torch.device
    states: int
    models: int

    def __init__(self, device: torch.device, discounts: NDArray[np.float64], states: int) -> None:
        """Allocate values of `states` states at (k,) discounts."""
        self.device, self.states, self.models = device, states, len(discounts)
        self.discounts: torch.Tensor = self._put(discounts)
        self.base: torch.Tensor = torch.zeros((states + 1, self.models), dtype=torch.float64, device=device)
        self.dtype: torch.dtype = torch.float32
        self.delta = self.spare = torch.zeros(0)

    @property
    def precision(self) -> float:
        """Distance from 1 to the next number of the type that is swept in."""
        return torch.finfo(self.dtype).eps

    @property
    def where(self) -> str:
        """The device, in words."""
        if self.device.type == "cpu":
            return "the CPU by PyTorch"
        return f"{self.device} ({torch.cuda.get_device_name(self.device)})"

    def use_float64(self) -> None:
        """From the next `load` on sweep in float64."""
        self.dtype = torch.float64

    def load(self, values: NDArray[np.float64]) -> None:
        """Begin at (n, k) values."""
        self.base[: self.states] = self._put(values)
        self.delta: torch.Tensor = torch.zeros_like(self.base, dtype=self.dtype)
        self.spare: torch.Tensor = torch.zeros_like(self.delta)
        self._compute_gains()

    def values(self) -> NDArray[np.float64]:
        """(n, k) V = base + delta."""
        return (self.base + self.delta)[: self.states].cpu().numpy()

    def sweep(self, first: int, last: int, times: int, block: int) -> tuple[NDArray[np.float64], float]:
        """Sweep states first..last-1 some times.

        Returns:
            (blocks,) the largest change that the last sweep made in each block of them, in any model, and the largest
            |delta| of these states.
        """
        if last <= first:  # all values may be known
            return np.zeros(0), 0.0
        change = self._repeat(first, last, times).abs().amax(dim=1)
        by_block = torch.nn.functional.pad(change, (0, -len(change) % block)).view(-1, block).amax(dim=1)
        found = torch.cat((by_block, self.delta[first:last].abs().amax().view(1))).double().cpu().numpy()
        return found[:-1], float(found[-1])

    def sweep_and_recentre(self, last: int, times: int) -> tuple[float, float]:
        """Sweep states 0..last-1 where no episode ends, and add what the middle of the changes of a model comes to.

        Returns:
            The largest distance of a change from that middle, and the largest |delta| before that.

        Source: MacQueen (1966).
        """
        change = self._repeat(0, last, times)
        largest = float(self.delta[:last].abs().amax())
        low, high = change.amin(dim=0), change.amax(dim=0)
        shift = 0.5 * (low + high) * (self.discounts / (1.0 - self.discounts)).to(self.dtype)
        self.delta[: self.states] += shift
        self.spare[: self.states] += shift
        return 0.5 * float((high - low).amax()), largest

    def _repeat(self, first: int, last: int, times: int) -> torch.Tensor:
        """Sweep; (last - first, k) the last changes."""
        for _ in range(times):
            self._backup(self.delta, self.spare, first, last)
            self.delta, self.spare = self.spare, self.delta
        new, old = self.delta[first:last], self.spare[first:last]
        change = new - old
        old.copy_(new)  # both are the same outside of a sweep
        return change

    def _put(self, array: NDArray[Any]) -> torch.Tensor:
        """The array on the device; copied, as tables of a model are closed for writing."""
        return torch.tensor(array, device=self.device)

    @abstractmethod
    def _compute_gains(self) -> None:
        """The gain of every row from the base, rounded to the type that is swept in."""

    @abstractmethod
    def _backup(self, source: torch.Tensor, target: torch.Tensor, first: int, last: int) -> None:
        """One backup of states first..last-1 from `source` into `target`."""


class TorchMoveSweeps(TorchSweeps):
    """Sweeps of `MoveMDP`s that share successors, outcomes and kinds; moves come before states in all tables."""

    reward: torch.Tensor
    mixture: torch.Tensor

    def __init__(
        self,
        device: torch.device,
        discounts: NDArray[np.float64],
        successor: NDArray[np.int32],
        outcome: NDArray[np.unsignedinteger],
        ends: NDArray[np.bool_],
        reward: NDArray[np.float64],
        mixture: NDArray[np.float64],
        kind: NDArray[np.unsignedinteger],
    ) -> None:
        """Take (n, D) tables, (K,) ends, (K, k) rewards and (C, A, D, k or 1) mixtures."""
        super().__init__(device, discounts, len(successor))
        over = np.int32(len(successor))
        self.successor: torch.Tensor = self._put(np.ascontiguousarray(np.where(ends[outcome], over, successor).T))
        small = np.uint8 if len(ends) <= 256 else np.int32
        self.outcome: torch.Tensor = self._put(np.ascontiguousarray(outcome.T).astype(small))
        self.reward, self.mixture = self._put(reward), self._put(mixture)
        self.weights: torch.Tensor = self.mixture
        self.kind: torch.Tensor | None = (
            self._put(kind.astype(np.uint8 if len(mixture) <= 256 else np.int32)) if len(mixture) > 1 else None
        )
        self.used: NDArray[np.bool_] = np.asarray(mixture.any(axis=(0, 3)))
        self.gain: torch.Tensor = torch.zeros(0)
        self.triton: Any = None  # `planners.gpu.triton_kernels`, whose kernels sweep one model
        self.fused: Any = None  # the sweeps by these kernels

    def _compute_gains(self) -> None:
        self.weights = self.mixture.to(self.dtype)
        shape = (len(self.used), self.states, self.models)
        self.gain = torch.empty(shape, dtype=self.dtype, device=self.device)
        for first, last in self._chunks(0, self.states):
            earned = self.reward.index_select(0, self.outcome[:, first:last].reshape(-1).int())
            worth = (earned + self._next(self.base, first, last)).view(-1, last - first, self.models)
            for action in range(len(self.used)):
                total = self._mixed(-self.base[first:last], worth, self.mixture, action, first, last)
                self.gain[action, first:last] = total
        if self.triton is not None:
            tables = self.successor, self.gain[..., 0], self.weights[..., 0], self.kind, self.discounts.to(self.dtype)
            self.fused = self.triton.FusedSweeps(*tables, self.delta, self.spare)

    def sweep(self, first: int, last: int, times: int, block: int) -> tuple[NDArray[np.float64], float]:
        """As `TorchSweeps.sweep`, by the fused kernels where there are any."""
        if self.fused is None or last <= first:
            return super().sweep(first, last, times, block)
        return self.fused.sweep(first, last, times, block)

    def _backup(self, source: torch.Tensor, target: torch.Tensor, first: int, last: int) -> None:
        for begin, end in self._chunks(first, last):
            worth = self._next(source, begin, end).view(-1, end - begin, self.models)
            best = target[begin:end]
            best.fill_(-torch.inf)
            for action in range(len(self.used)):
                total = self._mixed(self.gain[action, begin:end].clone(), worth, self.weights, action, begin, end)
                torch.maximum(best, total, out=best)

    def _next(self, values: torch.Tensor, first: int, last: int) -> torch.Tensor:
        """(D * m, k) discounted values of where each move leads."""
        return values.index_select(0, self.successor[:, first:last].reshape(-1)) * self.discounts.to(values.dtype)

    def _mixed(
        self, total: torch.Tensor, worth: torch.Tensor, weights: torch.Tensor, action: int, first: int, last: int
    ) -> torch.Tensor:
        """`total` (m, k) plus the average of `worth` (D, m, k) under an action."""
        for move in np.flatnonzero(self.used[action]):
            weight = weights[:, action, move]
            at = weight[0] if self.kind is None else weight.index_select(0, self.kind[first:last].int())
            total.addcmul_(worth[move], at)
        return total

    def _chunks(self, first: int, last: int) -> list[tuple[int, int]]:
        size = max(CHUNK // self.models, 1)
        return [(begin, min(begin + size, last)) for begin in range(first, last, size)]
