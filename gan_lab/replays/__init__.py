"""Replays of training: what each evaluation saw, as one HTML page or an animation."""
