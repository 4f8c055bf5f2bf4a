"""What each evaluation of a training run saw, as one HTML page or an animation."""
