"""Faults that somebody may well make, each with a test that must notice it: `python .ci/mutants.py --named`."""

from typing import NamedTuple


class Named(NamedTuple):
    """A fault: in a file, each old text becomes the new one, wherever it stands."""

    what: str
    file: str
    changes: dict[str, str]
    tests: list[str]


PROOFS, CERTIFICATES = "planners/kernels/proofs.py", "planners/equations/certificates.py"
PROVERS, CERTIFIER = ["tests/planners/kernels/test_proofs.py"], ["tests/planners/equations/test_certifier.py"]
NAMED = [
    Named(
        "the doubt of the margin dropped, moves",
        PROOFS,
        {"doubt = u * (h + weighted + slope * size)": "doubt = 0.0"},
        PROVERS,
    ),
    Named(
        "the doubt of the margin dropped, rows",
        PROOFS,
        {"doubt = u * (h + discount * weighted + slope * size)": "doubt = 0.0"},
        PROVERS,
    ),
    Named(
        "the doubt of the margin dropped, problems",
        CERTIFICATES,
        {"least, most = margin - doubt, margin + doubt": "least, most = margin, margin"},
        CERTIFIER,
    ),
    Named(
        "the rounding of the gain dropped, sweeps",
        PROOFS,
        {"gain = q - value + u * size": "gain = q - value"},
        PROVERS,
    ),
    Named(
        "the rounding of the fall dropped, sweeps",
        PROOFS,
        {"fall = value - q + u * size": "fall = value - q"},
        PROVERS,
    ),
    Named(
        "the rounding of the gain dropped, problems",
        CERTIFICATES,
        {"gained = gain[useful] + rounding[useful]": "gained = gain[useful]"},
        CERTIFIER,
    ),
    Named(
        "the rounding of the fall dropped, problems",
        CERTIFICATES,
        {"kept = -np.inf, gain[policy] - rounding[policy]": "kept = -np.inf, gain[policy]"},
        CERTIFIER,
    ),
    Named(
        "errors of backward induction do not add up",
        "planners/methods/backward_induction.py",
        {"problem.discount * error * (1.0 + 1e-9) + _backup_error": "_backup_error"},
        ["tests/planners/methods/test_backward_induction.py"],
    ),
    Named(
        "the error of V counts once for a difference of two Q",
        "planners/methods/policy_iteration.py",
        {"2.0 * (residual + rounding) * (1.0 + steps)": "(residual + rounding) * (1.0 + steps)"},
        ["tests/planners/methods/test_policy_iteration.py"],
    ),
    Named(
        "is_optimal is content with V* a hundred times less exact",
        "planners/evaluation/optimality.py",
        {"tolerance=asked / 2": "tolerance=50 * asked", "<= tolerance / 2": "<= 50 * tolerance"},
        ["tests/planners/evaluation/test_optimality.py"],
    ),
    Named(
        "gusts are swapped where the wind is negative",
        "gridworld_env/dynamics/successors.py",
        {"abs(strength) + gust": "abs(strength + gust)"},
        ["tests/gridworld_env/dynamics"],
    ),
    Named(
        "the whole slip goes to each side, and all is scaled to sum to 1",
        "gridworld_env/dynamics/rules_to_tables.py",
        {"+= 1.0 - slip": "+= (1.0 - slip) / (1.0 + slip)", "slip / 2": "slip / (1.0 + slip)"},
        ["tests/gridworld_env/dynamics"],
    ),
    Named(
        "W1 of positions that are not sorted",
        "gan_lab/truth.py",
        {"order = np.argsort(at)": "order = np.arange(len(at))"},
        ["tests/gan_lab/test_truth.py"],
    ),
    Named(
        "a checkpoint without the random numbers of PyTorch",
        "gan_lab/training/checkpoint.py",
        {'    torch.set_rng_state(tensors["torch_rng"])\n': ""},
        ["tests/gan_lab/training/test_loop.py::test_the_random_numbers_of_players_go_on_where_they_were"],
    ),
]
