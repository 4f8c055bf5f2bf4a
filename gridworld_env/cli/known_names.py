"""The names that the help of `gridworld` lists, in words, so that it need not import what they name.

`tests/gridworld_env/cli/test_commands.py` compares them with the registries.
"""

from typing import Final

METHODS: Final = "policy_iteration, value_iteration, gauss_seidel, modified_policy_iteration, linear_program"
AGENTS: Final = (
    "q-learning, sarsa, expected-sarsa, double-q, n-step-sarsa, sarsa-lambda, q-lambda, monte-carlo, dyna-q, sweeping, "
    "r-max, psrl, reinforce, actor-critic"
)
