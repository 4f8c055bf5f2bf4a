"""Solving in parts, shared by many processes: models that one machine cannot hold, or not solve fast enough.

    torchrun --nproc-per-node=4 -m planners arena.map --goal 3,4 --discount 0.99 --out DIR

Read in this order: sources (where a part's tables come from), part, halo (what is exchanged), blocks (a sweep and
the proof), closed, solving, checkpoints, lock, foreseen, processes, joining, guard. Only _torch knows torch.
"""

from planners.distributed.foreseen import Foreseen, foresee
from planners.distributed.joining import process_group
from planners.distributed.solving import solve_in_parts
from planners.distributed.sources import ModelSource, Rows, Source

__all__ = ["Foreseen", "ModelSource", "Rows", "Source", "foresee", "process_group", "solve_in_parts"]
