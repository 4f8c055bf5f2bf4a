"""The picture of the map in the explorer's window: squares, numbers, arrows, the agent."""
