"""Replays as one HTML file each, and how files are written whole; of planning or of training, nothing is known here."""
