"""Learners whose values are linear in features: state aggregation and tile coding; TD(lambda), Sarsa(lambda), LSTD.

Read in this order: features, linear_td, linear_sarsa, least_squares_td.
"""
