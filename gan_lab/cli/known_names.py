"""The names that the help of `gan-lab` lists, in words: the registries import PyTorch, which takes seconds.

`tests/gan_lab/cli/test_known_names.py` compares them with the registries.
"""

from typing import Final

LOSSES: Final = "minimax, non_saturating, relativistic, wasserstein, least_squares, hinge"
PENALTIES: Final = "r1, r2, r1r2, gradient_penalty"
RECIPES: Final = (
    "plain, images, digits, stacked_digits, pictures, shapes, dcgan, r3gan_pictures, grid100, grid25, ring8, minimax, "
    "non_saturating, wgan_gp, pacgan4, unrolled5, r3gan, pacgan_published, gan_published, "
    "self_conditioned_baseline_published, unrolled_published"
)
DEVICES: Final = "cpu, cuda, auto"
UPDATES: Final = (
    "simultaneous, alternating, extragradient, optimistic, consensus, unrolled, implicit, sga, cgd, lookahead"
)
WATCHED: Final = "ring8, grid25, grid100, two_modes, bump, two_bumps, dirac, bilinear"
