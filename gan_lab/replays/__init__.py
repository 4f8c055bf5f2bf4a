"""Replays of training: what each look saw, as one HTML page or an animation."""
