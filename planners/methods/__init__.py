"""The algorithms, one a file, each opening with the algorithm as its source prints it.

Read in this order: value_iteration, policy_iteration, modified_policy_iteration, gauss_seidel, linear_program,
backward_induction.
"""
