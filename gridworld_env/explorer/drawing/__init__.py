"""What the explorer's window draws: squares, numbers, agents."""
