"""Planning, recorded sweep by sweep, and an episode: as a page for browsers (`Replay.html`) or an animation."""
