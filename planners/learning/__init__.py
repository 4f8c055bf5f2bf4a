"""Agents that learn from steps, and the exact truth of every step beside them.

Read in this order: q_learning, tabular_learner, playing, learn, learning_run.
"""
