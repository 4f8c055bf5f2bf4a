"""Ordered Gauss-Seidel sweeps over moves, rows and batches of models, and the proof that ends them.

Read in this order: rounds, ordered_sweeps, certified_values, move_sweeps, row_sweeps, variants, batch_sweeps; and
policy_sweeps, which modified policy iteration uses.
"""
