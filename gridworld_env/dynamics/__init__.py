"""From a grid and its rules to tables, and drawing steps from these tables."""
