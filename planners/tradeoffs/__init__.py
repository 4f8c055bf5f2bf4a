"""What several totals of one policy can be together: bounds on some of them, and all their best weighted sums.

Read in this order: tables, corners, constrained.
"""
