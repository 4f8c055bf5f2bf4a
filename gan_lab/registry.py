"""The ids of the games: `gymnasium.make("gan_lab/Generator-v0")`, `pettingzoo.make("aec", "gan_lab/GAN-v0")`."""

import gymnasium
import pettingzoo

GENERATOR_ID, GAME_ID = "gan_lab/Generator-v0", "gan_lab/GAN-v0"
STEPS, CYCLES = 100, 1000  # after which an episode of each is cut off
_FOLDER = "gan_lab.environments"


def register_ids() -> None:
    """Register once, however often the package is imported."""
    if GENERATOR_ID not in gymnasium.registry:
        gymnasium.register(GENERATOR_ID, "gan_lab.generator_env:GeneratorEnv", max_episode_steps=STEPS)
    if GAME_ID not in pettingzoo.aec_registry:
        pettingzoo.register("aec", GAME_ID, f"{_FOLDER}.alternating_env:AlternatingEnv", max_cycles=CYCLES)
    if GAME_ID not in pettingzoo.parallel_registry:
        pettingzoo.register("parallel", GAME_ID, f"{_FOLDER}.simultaneous_env:SimultaneousEnv", max_cycles=CYCLES)
