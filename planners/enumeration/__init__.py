"""Exact tables of an environment that has none, found by trying every action and every outcome of its draws.

Read in this order: enumerate_env, choices, drawn_number, enumerated_generator, copies.
"""
