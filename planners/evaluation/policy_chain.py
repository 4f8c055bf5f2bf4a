"""Moved to `planners.plans.policy_chain`."""

from planners.plans.policy_chain import policy_chain as policy_chain
