"""GAN training as a two-player game, each learned quantity beside its exact value.

env = gan_lab.env("ring8")              discriminator_0 moves k times, then generator_0 (Algorithm 1)
env = gan_lab.parallel_env("ring8")     both move at once
"""

import sys
from importlib.util import find_spec
from pathlib import Path

if _missing := [name for name in ("torch", "pettingzoo", "safetensors") if find_spec(name) is None]:
    _text = f"gan_lab needs {' and '.join(_missing)}, not installed here: pip install {' '.join(_missing)}"
    if Path(sys.argv[0]).stem == "gan-lab":  # the command says so in a line
        sys.exit(_text)
    raise ModuleNotFoundError(_text, name=_missing[0])

from gan_lab import games, truth, updates, vae
from gan_lab.diagnosis.symptoms import Symptom
from gan_lab.environments.alternating_env import AlternatingEnv
from gan_lab.environments.simultaneous_env import SimultaneousEnv
from gan_lab.errors import DivergedError, GameError, WiringError
from gan_lab.generator_env import GeneratorEnv
from gan_lab.metrics import mode_fits
from gan_lab.players import Discriminator, Generator, Strategist, Verdict, adam, ascent
from gan_lab.recipes.choose import RECIPES, mixture_recipe
from gan_lab.recipes.recipe import DiscriminatorShape, GeneratorShape, Recipe
from gan_lab.recipes.schedule import Schedule
from gan_lab.registry import register_ids
from gan_lab.replays.replay import Replay
from gan_lab.studies import lecture
from gan_lab.studies.failure_atlas import ATLAS, Failure
from gan_lab.studies.vae_comparison import beside_vae
from gan_lab.training.loop import train
from gan_lab.training.run import Run, Status
from gan_lab.updates.spectrum import Spectrum, spectrum
from gan_lab.vae.training import train_vae

register_ids()

# Short names of two modules that people import from: `from gan_lab.lecture import mirror_descent`.
sys.modules |= {"gan_lab.lecture": lecture, "gan_lab.mode_fits": mode_fits}

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
    "Schedule",
    "Spectrum",
    "Status",
    "Strategist",
    "Symptom",
    "Verdict",
    "WiringError",
    "adam",
    "ascent",
    "beside_vae",
    "env",
    "games",
    "mixture_recipe",
    "parallel_env",
    "spectrum",
    "train",
    "train_vae",
    "truth",
    "updates",
    "vae",
]
