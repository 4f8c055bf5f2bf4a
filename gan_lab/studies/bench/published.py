"""Figures that papers print for mixtures, each with its protocol: not measured here."""

from typing import Final, NamedTuple


class Published(NamedTuple):
    """A line of a paper's table.

    Attributes:
        method: As the paper calls it.
        game: "ring8" or "grid25".
        modes: Modes found.
        high_quality: Share of good samples, in percent.
        reverse_kl: Of the shares; None: not printed.
        protocol: Name of the protocol.
        source: Paper and table.
    """

    method: str
    game: str
    modes: float
    high_quality: float
    reverse_kl: float | None
    protocol: str
    source: str


VEEGAN, PACGAN = "Srivastava et al. 2017, table 1", "Lin et al. 2018, table 1"
SELF_CONDITIONED = "Liu et al. 2020, second-hand: compare with the paper before quoting"  # its code prints no table
PUBLISHED: Final = (
    Published("GAN", "ring8", 1.0, 99.3, None, "veegan", VEEGAN),
    Published("GAN", "grid25", 3.3, 0.5, None, "veegan", VEEGAN),
    Published("ALI", "ring8", 2.8, 0.13, None, "veegan", VEEGAN),
    Published("ALI", "grid25", 15.8, 1.6, None, "veegan", VEEGAN),
    Published("Unrolled GAN", "ring8", 7.6, 35.6, None, "veegan", VEEGAN),
    Published("Unrolled GAN", "grid25", 23.6, 16.0, None, "veegan", VEEGAN),
    Published("VEEGAN", "ring8", 8.0, 52.9, None, "veegan", VEEGAN),
    Published("VEEGAN", "grid25", 24.6, 40.0, None, "veegan", VEEGAN),
    Published("GAN", "ring8", 6.3, 98.2, 0.45, "pacgan", PACGAN),
    Published("GAN", "grid25", 17.3, 94.8, 0.70, "pacgan", PACGAN),
    Published("PacGAN2", "ring8", 7.9, 95.6, 0.07, "pacgan", PACGAN),
    Published("PacGAN2", "grid25", 23.8, 91.3, 0.13, "pacgan", PACGAN),
    Published("PacGAN4", "ring8", 7.8, 95.9, 0.07, "pacgan", PACGAN),
    Published("PacGAN4", "grid25", 24.8, 93.6, 0.04, "pacgan", PACGAN),
    Published("Self-conditioned GAN", "ring8", 8.0, 99.5, 0.0014, "self_conditioned", SELF_CONDITIONED),
    Published("Self-conditioned GAN", "grid25", 25.0, 99.5, 0.0063, "self_conditioned", SELF_CONDITIONED),
)
