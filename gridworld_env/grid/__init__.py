"""A map: its squares, what they mean, and the actions."""
