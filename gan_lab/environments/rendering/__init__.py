"""Pictures of a game in progress: as text, as an array of pixels, in a window."""
