"""The explorer as one HTML page: `write` makes it of a map; the rest is its markup, its style and its script.

The parts of the script, in the order of `write.SCRIPTS`: the dynamics, Bellman's equations, V*, learning, addresses,
the picture, the algorithms as they are shown, the state of the page, its buttons and keys.
"""
