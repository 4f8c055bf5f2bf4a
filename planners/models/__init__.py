"""What is planned on: tables, moves, slices of a map, and how each is made."""
