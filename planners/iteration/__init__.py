"""The one loop of all iterative methods: iteration limits, progress, status, and the plan in the end.

Read in this order: iterates, loop, certified_backups, rounding_floor, starting_points, moment, progress.
"""
