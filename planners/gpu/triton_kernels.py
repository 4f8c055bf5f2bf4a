"""The sweeps of `planners.gpu.torch_sweeps` for one model of moves as Triton kernels; imported on a CUDA device only.

PyTorch alone reads and writes the values of every move and every action; here they stay in registers, and a
sweep moves 4 (D + A + 2) bytes a state, as long as values that lie side by side are found in the cache.

A window is swept in less time than a kernel takes to launch. So its sweeps are recorded once as
a CUDA graph, which one call launches for any window: which states to sweep is read from the GPU's memory.
"""

from contextlib import nullcontext
from typing import Any, Final

import numpy as np
import torch
import triton  # pyright: ignore[reportMissingImports]
import triton.language as tl  # pyright: ignore[reportMissingImports]
from numpy.typing import NDArray

SIZE: Final = 256  # states of one program
TOO_LARGE: Final = 4  # a graph for so many times the blocks that are wanted is recorded anew


@triton.jit
def back_up(
    successor, gain, weights, kind, discount, source, target, bounds, states,
    kinds: tl.constexpr, actions: tl.constexpr, moves: tl.constexpr, width: tl.constexpr, size: tl.constexpr,
):  # fmt: skip
    """target(s) = max over a of gain(a, s) + discount * sum over d of weights(kind(s), a, d) source(successor(d, s)).

    States bounds[0]..bounds[1]-1 of `states`; `width` is the power of 2 that `moves` is padded to, with weights of 0.
    """
    s = tl.load(bounds) + tl.program_id(0) * size + tl.arange(0, size)
    inside = s < tl.load(bounds + 1)
    d = tl.arange(0, width)
    used = inside[:, None] & (d < moves)[None, :]
    there = tl.load(successor + d.to(tl.int64)[None, :] * states + s[:, None], mask=used, other=0)
    worth = tl.load(source + there, mask=used, other=0.0)
    k = tl.zeros([size], dtype=tl.int32)
    if kinds > 1:
        k += tl.load(kind + s, mask=inside, other=0).to(tl.int32)
    gamma = tl.load(discount)  # in memory: as an argument it would be rounded to float32
    row = s
    best = tl.full([size], float("-inf"), dtype=target.dtype.element_ty)
    for a in tl.static_range(actions):  # pyright: ignore[reportGeneralTypeIssues] - Triton unrolls it
        place = (k * actions + a)[:, None] * moves + d[None, :]
        weight = tl.load(weights + place, mask=used, other=0.0)
        total = tl.load(gain + row, mask=inside, other=0.0) + gamma * tl.sum(weight * worth, axis=1)
        best = tl.maximum(best, total)
        row += states
    tl.store(target + s, best, mask=inside)


@triton.jit
def settle(new, old, bounds, largest, block: tl.constexpr, size: tl.constexpr):
    """Copy `new` to `old`; largest(i) = the largest change of block i, infinite for NaN, and the largest |new|."""
    first, last = tl.load(bounds), tl.load(bounds + 1)
    begin = first + tl.program_id(0) * block
    end = tl.minimum(begin + block, last)
    change = tl.zeros([size], dtype=new.dtype.element_ty)
    most = tl.zeros([size], dtype=new.dtype.element_ty)
    for at in tl.static_range(0, block, size):  # pyright: ignore[reportGeneralTypeIssues]
        s = begin + at + tl.arange(0, size)
        inside = s < end
        now = tl.load(new + s, mask=inside, other=0.0)
        difference = tl.abs(now - tl.load(old + s, mask=inside, other=0.0))
        change = tl.maximum(change, tl.where(difference == difference, difference, float("inf")))
        most = tl.maximum(most, tl.abs(now))
        tl.store(old + s, now, mask=inside)
    tl.store(largest + 2 * tl.program_id(0), tl.max(change, axis=0))
    tl.store(largest + 2 * tl.program_id(0) + 1, tl.max(most, axis=0))


class FusedSweeps:
    """Sweeps from `delta` to `spare` and back, which are the same before and after."""

    delta: torch.Tensor
    spare: torch.Tensor

    def __init__(
        self, successor: Any, gain: Any, weights: Any, kind: Any, discount: Any, delta: Any, spare: Any
    ) -> None:
        """Take (D, n) successors, (A, n) gains, (C, A, D) weights, (n,) kinds or None, (1,) discount, (n + 1,) values.

        All on one device, the gains, weights, discount and values of one type.
        """
        self.tables: tuple[Any, ...] = successor, gain, weights, successor if kind is None else kind, discount
        self.delta, self.spare = delta, spare
        self.cuda: bool = successor.device.type == "cuda"
        self.bounds: torch.Tensor = torch.zeros(2, dtype=torch.int64, device=successor.device)
        self.sent: torch.Tensor = torch.zeros(2, dtype=torch.int64, pin_memory=self.cuda)
        self._graph: Any = None
        self._key, self._capacity = (0, 0), 0
        self._largest = delta.new_zeros((0, 2))

    def sweep(self, first: int, last: int, times: int, block: int) -> tuple[NDArray[np.float64], float]:
        """Sweep states first..last-1 some times; the largest last change of each block of them, the largest |delta|."""
        blocks = -(-(last - first) // block)
        self.sent[0], self.sent[1] = first, last
        with torch.cuda.device(self.delta.device) if self.cuda else nullcontext():
            self.bounds.copy_(self.sent, non_blocking=True)
            if times == 1 or not self.cuda:
                largest = self.delta.new_empty((blocks, 2))
                self._launch(largest, times, block)
            else:
                if self._key != (times, block) or not blocks <= self._capacity <= TOO_LARGE * blocks:
                    self._record(blocks, times, block)
                self._graph.replay()
                largest = self._largest[:blocks]
            found = largest.cpu().numpy().astype(np.float64)
        return found[:, 0], float(found[:, 1].max())

    def _launch(self, largest: Any, times: int, block: int) -> None:
        """The kernels for as many blocks as `largest` has, in `bounds`."""
        (moves, states), (kinds, actions) = self.tables[0].shape, self.tables[2].shape[:2]
        backup: Any = back_up
        source, target = self.delta, self.spare
        for _ in range(times):
            backup[(triton.cdiv(len(largest) * block, SIZE),)](
                *self.tables, source, target, self.bounds, states,
                kinds=kinds, actions=actions, moves=moves, width=triton.next_power_of_2(moves), size=SIZE,
            )  # fmt: skip
            source, target = target, source
        last: Any = settle
        last[(len(largest),)](source, target, self.bounds, largest, block, size=SIZE)

    def _record(self, blocks: int, times: int, block: int) -> None:
        self._graph, self._largest = torch.cuda.CUDAGraph(), self.delta.new_empty((blocks, 2))
        self._key, self._capacity = (times, block), blocks
        kept = self.bounds.clone()
        self.bounds.zero_()  # compile, and sweep nothing
        self._launch(self._largest, 1, block)
        self.bounds.copy_(kept)
        with torch.cuda.graph(self._graph):
            self._launch(self._largest, times, block)
