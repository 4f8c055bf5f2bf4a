"""The ids of the games: `gymnasium.make("gan_lab/Generator-v0")`, `pettingzoo.make("aec", "gan_lab/GAN-v0")`."""

from typing import Any

import gymnasium
import pettingzoo

GENERATOR_ID, GAME_ID = "gan_lab/Generator-v0", "gan_lab/GAN-v0"
STEPS, CYCLES = 100, 1000  # after which an episode of each is cut off


def register_ids() -> None:
    """Register once, however often the package is imported."""
    if GENERATOR_ID not in gymnasium.registry:
        gymnasium.register(GENERATOR_ID, "gan_lab.generator_env:GeneratorEnv", max_episode_steps=STEPS)
    zoo: Any = pettingzoo
    if not hasattr(zoo, "register"):  # before PettingZoo 1.27
        return
    if GAME_ID not in zoo.aec_registry:
        zoo.register("aec", GAME_ID, "gan_lab.environments.alternating_env:AlternatingEnv", max_cycles=CYCLES)
    if GAME_ID not in zoo.parallel_registry:
        zoo.register("parallel", GAME_ID, "gan_lab.environments.simultaneous_env:SimultaneousEnv", max_cycles=CYCLES)
