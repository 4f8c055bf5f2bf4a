"""The public names of `gan_lab`, which its `__init__` takes from here on the first use of one."""

from gan_lab import games, truth, updates, vae
from gan_lab.diagnosis.symptoms import Symptom
from gan_lab.environments.alternating_env import AlternatingEnv
from gan_lab.environments.simultaneous_env import SimultaneousEnv
from gan_lab.errors import DivergedError, GameError, WiringError
from gan_lab.generator_env import GeneratorEnv
from gan_lab.payoffs.turns import Turn, turn_loss, turn_penalty
from gan_lab.players import Discriminator, Generator, Seat, Strategist, Verdict, adam, ascent
from gan_lab.recipes.choose import RECIPES, mixture_recipe
from gan_lab.recipes.recipe import DiscriminatorShape, GeneratorShape, Recipe
from gan_lab.recipes.schedule import Schedule
from gan_lab.replays.replay import Replay
from gan_lab.studies.failure_atlas import ATLAS, Failure
from gan_lab.studies.plots import plot
from gan_lab.studies.sweep import Sweep, sweep
from gan_lab.studies.vae_comparison import beside_vae
from gan_lab.training.loop import load, train
from gan_lab.training.run import Run, Status
from gan_lab.training.sample_grid import SampleGrid
from gan_lab.training.scalars import Scalars
from gan_lab.updates.spectrum import Spectrum, spectrum
from gan_lab.vae.training import train_vae

env = AlternatingEnv  # PettingZoo's names for the two forms of a game
parallel_env = SimultaneousEnv

__all__ = [
    "ATLAS",
    "RECIPES",
    "Discriminator",
    "DiscriminatorShape",
    "DivergedError",
    "Failure",
    "GameError",
    "Generator",
    "GeneratorEnv",
    "GeneratorShape",
    "Recipe",
    "Replay",
    "Run",
    "SampleGrid",
    "Scalars",
    "Schedule",
    "Seat",
    "Spectrum",
    "Status",
    "Strategist",
    "Sweep",
    "Symptom",
    "Turn",
    "Verdict",
    "WiringError",
    "adam",
    "ascent",
    "beside_vae",
    "env",
    "games",
    "load",
    "mixture_recipe",
    "parallel_env",
    "plot",
    "spectrum",
    "sweep",
    "train",
    "train_vae",
    "truth",
    "turn_loss",
    "turn_penalty",
    "updates",
    "vae",
]
