"""Compiled loops over arrays; the only room with Numba. They take plain arrays and raise nothing.

Read in this order: forms, moves, rows, windows, batches, ordering, proofs.
"""
