"""Known methods as recipes: in this package's networks, so that only the method differs; and as they were published.

In the first group networks, noise, batch and number of updates are the same for all; loss, penalty, update and momenta
are the method's. The second group has the networks, noise, rates and batch of the papers' code too, and its numbers of
updates, which take 20 minutes to 3 hours of a core: `steps` of `train` and `gan-lab bench` are for fewer.

What differs from the published code: data are drawn afresh, where PacGAN and the self-conditioned GAN go through
100,000 fixed points; PacGAN's batch normalisation sees the m samples of a pack apart, here all together; it updates
both players at once, as here, but from the same batch. VEEGAN's page gives no networks, and the self-conditioned GAN's
clusters are not built, so that neither can be run as published.
"""

from typing import Final

from gan_lab.recipes.published_shapes import BatchNormGenerator, MaxoutDiscriminator, TanhDiscriminator, TanhGenerator
from gan_lab.recipes.recipe import Recipe
from gan_lab.recipes.schedule import Schedule
from gan_lab.updates import Alternating, Unrolled

ADVERSARIAL: Final = Recipe(
    "The game as it was first played: V(D, G) and its negative (Goodfellow et al. 2014).",
    loss="minimax", penalty=None, betas=(0.5, 0.999), averaging=None,
)  # fmt: skip
PACGAN: Final = Recipe(
    "Packs of four, with PacGAN's networks, noise, rate and batch (Lin et al. 2018 and its code).",
    loss="non_saturating", penalty=None, betas=(0.8, 0.999), update="simultaneous",
    generator_rate=Schedule(1e-4), discriminator_rate=Schedule(1e-4), batch_size=100, steps=400_000, averaging=None,
    generator=BatchNormGenerator(), discriminator=MaxoutDiscriminator(), packing=4, noise_size=2,
)  # fmt: skip

KNOWN: Final[dict[str, Recipe]] = {
    "minimax": ADVERSARIAL,
    "non_saturating": ADVERSARIAL.with_(
        about="The generator climbs E log D(G(z)) instead (Goodfellow et al. 2014, section 3).", loss="non_saturating"
    ),
    "wgan_gp": ADVERSARIAL.with_(
        about="Five steps of a critic with a gradient penalty of .1, as in its code for toys (Gulrajani et al. 2017).",
        loss="wasserstein", penalty="gradient_penalty", penalty_weight=Schedule(0.1), betas=(0.5, 0.9),
        update=Alternating(5),
    ),
    "pacgan4": ADVERSARIAL.with_(
        about="The discriminator judges packs of four samples (Lin et al. 2018).", loss="non_saturating", packing=4
    ),
    "unrolled5": ADVERSARIAL.with_(
        about="The generator looks five steps of the discriminator ahead (Metz et al. 2017).", update=Unrolled(5)
    ),
    "r3gan": ADVERSARIAL.with_(
        about="Relativistic loss, R1 and R2 at every update, their weight from 1 to .1 (Huang et al. 2024).",
        loss="relativistic", penalty="r1r2", penalty_weight=Schedule(1.0, 0.1), betas=(0.0, 0.99), averaging=0.999,
    ),
}  # fmt: skip
AS_PUBLISHED: Final[dict[str, Recipe]] = {
    "pacgan_published": PACGAN,
    "gan_published": PACGAN.with_(
        about="The GAN that PacGAN was compared with: the same, one sample at a time (Lin et al. 2018).", packing=1
    ),
    "self_conditioned_baseline_published": PACGAN.with_(
        about="The networks of the self-conditioned GAN without its clusters (Liu et al. 2020 and its code).",
        update="alternating", generator=BatchNormGenerator(weight_std=None, momentum=0.1, bias=True),
        discriminator=MaxoutDiscriminator(weight_std=None), packing=1, steps=100_000,
    ),
    "unrolled_published": ADVERSARIAL.with_(
        about="Five steps ahead, with the networks, noise, rates and batch of the notebook (Metz et al. 2017).",
        generator_rate=Schedule(1e-3), discriminator_rate=Schedule(1e-4), update=Unrolled(5), batch_size=512,
        steps=25_000, generator=TanhGenerator(), discriminator=TanhDiscriminator(), noise_size=256,
    ),
}  # fmt: skip
