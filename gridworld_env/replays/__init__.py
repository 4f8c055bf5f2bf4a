"""Recordings of planning and of episodes as pages and pictures."""
