"""Agents that learn from steps, the exact truth of every step beside them, and what steps tell of an unknown model.

Read in this order: q_learning, tabular_learner, playing, learn, learning_run; experience, confidence, estimated_sets.
"""
