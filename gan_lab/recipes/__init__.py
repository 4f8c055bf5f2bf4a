"""With what a game is trained: shapes, schedules, and recipes that are known to work."""
