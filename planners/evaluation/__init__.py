"""Judging: the value of a policy, whether it is optimal, the regret of a learner, episodes played.

Read in this order: policy_value, optimality, rollout, regret.
"""
