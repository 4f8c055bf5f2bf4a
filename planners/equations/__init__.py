"""Bellman's equations of a model, the linear systems in them, and what bounds they prove."""
