"""The exact truth of learning itself: how wrong temporal differences are after so many episodes, and where they end.

Read in this order: chain, td_moments, lambda_return_moments, value_error; expected_update, spectrum, linear_values.
"""
