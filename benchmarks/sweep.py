"""What one sweep over an open grid costs, and how much of the machine's memory bandwidth that is.

Bytes a state are counted once for what a sweep reads and once for what it writes; a neighbour's value comes
from the cache, as it was read a row before. A solve sweeps a window of about a hundred layers again and again, which
stays in the cache: so the same over as many states is measured too. Seconds are those of the processor.
"""

import time
from collections.abc import Callable

import models
import numpy as np
import stream

from planners.equations.from_model import make_problem
from planners.kernels.moves import sweep_arrivals
from planners.kernels.rows import sweep_rows
from planners.sweeps.move_sweeps import MoveSweeps
from planners.sweeps.row_sweeps import RowSweeps

DISCOUNT = 0.999
WINDOW = 80_000  # states


def rows(name: str = "open-1000", times: int = 9) -> list[tuple[str, ...]]:
    """(form of the model, ns a state, bytes a state, GB/s, share of the triad of two threads, and of one)."""
    model = models.build(name)
    moves, table = MoveSweeps(model, DISCOUNT), RowSweeps(make_problem(model.tabular, DISCOUNT))
    for front in (moves, table):
        while not front.advance(1e-6, 4000):
            pass
    size = moves.order.computed
    # successors 4 x 4; reward of arriving 8; value and value of arriving, read and written, 4 x 8
    arrivals = moves.swept_tables
    first = best_of(lambda: sweep_arrivals(arrivals, moves.values, 0, size), times)
    again = best_of(lambda: sweep_arrivals(arrivals, moves.values, 0, WINDOW), 10 * times)
    # 12 entries of 4 + 8; 4 rows of 4 + 8; the first row 8; value read and written 16
    second = best_of(lambda: sweep_rows(table.tables, table.values, 0, size), times)
    per_row = table.indptr.itemsize + 8
    entries = len(table.indices) / len(table.values)
    return [
        line("MoveMDP", first, size, 16 + 8 + 32),
        line(f"MoveMDP, {WINDOW:,} states of it", again, WINDOW, 16 + 8 + 32),
        line("tables of probabilities", second, size, (table.indices.itemsize + 8) * entries + 4 * per_row + 8 + 16),
    ]


def best_of(sweep: Callable[[], object], times: int) -> float:
    sweep()
    seconds = []
    for _ in range(times):
        begin = time.thread_time()
        sweep()
        seconds.append(time.thread_time() - begin)
    return float(np.min(seconds))


def line(form: str, seconds: float, states: int, bytes_per_state: float) -> tuple[str, ...]:
    moved = states * bytes_per_state / seconds / 1e9
    shares = (f"{moved / stream.triad_bandwidth(threads):.0%}" for threads in (2, 1))
    return form, f"{seconds / states * 1e9:.1f}", f"{bytes_per_state:.0f}", f"{moved:.1f}", *shares


if __name__ == "__main__":
    for row in rows():
        print(*row, sep=" | ")
