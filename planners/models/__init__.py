"""What is planned on: tables, moves, slices of either, and how each is made.

Read in this order: tabular, moves, convert, backups, slices.
"""
