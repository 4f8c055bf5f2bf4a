"""What the watch window draws: samples, charts, phase portraits."""
