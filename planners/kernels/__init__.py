"""Compiled loops over arrays; the only room with Numba. They take plain arrays and raise nothing.

Read in this order: compiling, forms, moves, rows, windows, batches, ordering, proofs, intervals;
choices, outcomes, learners, policy_values, small_plans.
"""

from planners.interrupts import interrupts_wait

with interrupts_wait():  # half a Numba could not be imported again
    import numba as numba
