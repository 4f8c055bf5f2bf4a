"""The sweep of `planners._torch.MoveSweeps` for one model as one Triton kernel; imported on a CUDA device only.

PyTorch alone reads and writes the values of every move and every action; here they stay in registers, and a
sweep moves 4 (D + A + 2) bytes a state, as long as values that lie side by side are found in the cache.
"""

from typing import Any, Final

import triton  # pyright: ignore[reportMissingImports]
import triton.language as tl  # pyright: ignore[reportMissingImports]

BLOCK: Final = 256  # states of one program


@triton.jit
def sweep_moves(
    successor, gain, weights, kind, discount, source, target, first, last, states,
    kinds: tl.constexpr, actions: tl.constexpr, moves: tl.constexpr, width: tl.constexpr, size: tl.constexpr,
):  # fmt: skip
    """target(s) = max over a of gain(a, s) + discount * sum over d of weights(kind(s), a, d) source(successor(d, s)).

    States first..last-1 of `states`; `width` is the power of 2 that `moves` is padded to, with weights of 0.
    """
    s = first + tl.program_id(0) * size + tl.arange(0, size)
    inside = s < last
    d = tl.arange(0, width)
    used = inside[:, None] & (d < moves)[None, :]
    s_wide = s.to(tl.int64)
    there = tl.load(successor + d.to(tl.int64)[None, :] * states + s_wide[:, None], mask=used, other=0)
    worth = tl.load(source + there, mask=used, other=0.0)
    k = tl.zeros([size], dtype=tl.int32)
    if kinds > 1:
        k += tl.load(kind + s, mask=inside, other=0).to(tl.int32)
    gamma = tl.load(discount)  # in memory: as an argument it would be rounded to float32
    row = s_wide
    best = tl.full([size], float("-inf"), dtype=target.dtype.element_ty)
    for a in tl.static_range(actions):
        place = (k * actions + a)[:, None] * moves + d[None, :]
        weight = tl.load(weights + place, mask=used, other=0.0)
        total = tl.load(gain + row, mask=inside, other=0.0) + gamma * tl.sum(weight * worth, axis=1)
        best = tl.maximum(best, total)
        row += states
    tl.store(target + s, best, mask=inside)


def sweep(
    successor: Any, gain: Any, weights: Any, kind: Any, discount: Any, source: Any, target: Any, first: int, last: int
) -> None:
    """Back states first..last-1 up.

    Takes (D, n) successors, (A, n) gains, (C, A, D) weights, (n,) kinds or None, a (1,) discount, (n + 1,) values.
    """
    moves, states = successor.shape
    kinds, actions = weights.shape[:2]
    launch: Any = sweep_moves
    launch[(triton.cdiv(last - first, BLOCK),)](
        successor, gain, weights, successor if kind is None else kind, discount, source, target, first, last, states,
        kinds=kinds, actions=actions, moves=moves, width=triton.next_power_of_2(moves), size=BLOCK,
    )  # fmt: skip
