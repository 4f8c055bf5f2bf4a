"""Pictures of a game in progress: text, arrays, a window."""
