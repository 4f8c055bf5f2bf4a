"""Models of which only bounds are known, and plans that hold for every model within them.

Read in this order: interval_mdp, bounds_of_rows, nature, interval_plan, vertices, undiscounted_bounds, given_policy.
"""
