"""Agents that learn from steps, what the steps tell of an unknown model, and the exact truth beside them.

Read in this order: q_learning, tabular_learner, playing, learn, learning_run; experience, confidence, estimated_sets.
"""
