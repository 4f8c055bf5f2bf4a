"""Bellman's equations of a model, the linear systems in them, and what bounds they prove.

Read in this order: problem, from_model, linear_systems, certificates, graph, undiscounted, staying, mean_rewards.
"""
