"""Planning towards a goal: the probability of reaching it, and the expected cost until it is reached.

Read in this order: reachability, shortest_path.
"""
