"""Games of two numbers as one HTML page: `write` makes it; the rest is its markup, its style and its script.

The parts of the script: the games, their update rules and predicted rates; the pictures; the state, buttons and keys.
"""
