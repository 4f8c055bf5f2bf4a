"""Arguments as other libraries call them are answered by what to write here."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import gan_lab
from gan_lab import games, updates, vae
from gan_lab.errors.argument_names import ELSEWHERE, ArgumentError, instead_of, names_of
from gan_lab.made_by import MadeBy
from gan_lab.players import Player

RESULTS = {  # what nobody makes by hand, and dataclasses, whose constructors are Python's
    "DiscriminatorShape", "DivergedError", "Failure", "GameError", "GeneratorShape", "Recipe", "Replay", "Run",
    "Scalars", "Schedule", "Spectrum", "Status", "Sweep", "Symptom", "Turn", "Verdict", "WiringError", "Bound",
    "LinearEncoder", "LinearVAE", "VAERun", "make_game", "Game", "NPlayerGame", "SampleGame", "StrategyGame", "Update",
}  # fmt: skip
PUBLIC: dict[str, Any] = {
    name: found
    for module in (gan_lab, games, updates, vae)
    for name in (getattr(module, "__all__", None) or dir(module))
    if callable(found := getattr(module, name)) and not inspect.ismodule(found) and name not in RESULTS
}
OPEN = {"load", "spectrum", "sweep", "beside_vae", "find_update"}  # which hand arguments on


def test_there_are_many() -> None:
    assert len(PUBLIC) > 40
    assert {"train", "env", "adam", "Generator", "ring", "Lookahead", "Optimistic", "NeuralVAE"} <= set(PUBLIC)


@pytest.mark.parametrize("name", sorted(set(PUBLIC) - OPEN))
def test_every_public_function_refuses_in_words(name: str) -> None:
    with pytest.raises(ArgumentError, match=r"\(\) has no argument 'qwxyz': it has "):
        PUBLIC[name](qwxyz=1)


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_other_names_lead_to_an_argument_that_is_there(name: str) -> None:
    made = PUBLIC[name]
    is_class = isinstance(made, type) and issubclass(made, MadeBy | Player)
    known = names_of(made.__init__ if is_class else made)
    for own in set(known) & set(ELSEWHERE):
        for other in set(ELSEWHERE[own].split()) - set(known):
            said = instead_of(other, known)
            assert said.startswith("it is ")
            assert all(part.removesuffix("=") in known for part in said.split()[2:-1:2]), said


NETWORK = torch.nn.Linear(2, 1)
Any_: Any = gan_lab  # whose arguments are wrong on purpose


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Any_.train(optimizer="adam"), r"train\(\) has no argument 'optimizer': each player .* gan_lab.adam\("),
        (lambda: Any_.train(lr=1e-3, n_critic=5), r"'lr': it is rate= here; .* 'n_critic': the update .*Alternating"),
        (lambda: Any_.train(epochs=3), r"'epochs': steps= is the number of updates"),
        (lambda: Any_.train(latent_dim=3), r"'latent_dim': the game has it.*with_\(noise_size=16\)"),
        (lambda: Any_.train(betas=(0, 0.9)), r"each player"),
        (lambda: Any_.train(weight_decay=0.1), r"torch.optim.AdamW"),
        (lambda: Any_.train(momentum=0.1), r"gan_lab.ascent"),
        (lambda: Any_.env(seed=3), r"'seed': give it to reset\(seed=...\)"),
        (lambda: Any_.env(n_critic=3), r"'n_critic': it is discriminator_steps= here"),
        (lambda: Any_.adam(lr=1e-3, b1=0.5), r"'lr': it is rate= here; .*'b1': it is betas= here"),
        (lambda: Any_.spectrum("dirac", lr=0.1), r"spectrum\(\) has no argument 'lr': it is rate= here"),
        (lambda: Any_.spectrum("dirac", k=5), r"the update 'alternating' .* 'k': it is discriminator_steps= here"),
        (lambda: Any_.spectrum("dirac", "lookahead", alpha=1), r"the update 'lookahead' .* 'alpha': it is share= here"),
        (lambda: Any_.spectrum("dirac", "optimistic", k=5), r"the update 'optimistic' has no argument 'k'"),
        (lambda: Any_.sweep({"rate": [1]}, n_jobs=2), r"'n_jobs': it is processes= here"),
        (lambda: Any_.sweep({"rate": [1]}, seed=2), r"'seed': it is seeds= here"),
        (lambda: Any_.beside_vae(lr=2), r"train\(\) has no argument 'lr': it is rate= here"),
        (lambda: Any_.load("no file", verbose=True), r"No such file|not a checkpoint"),
        (lambda: Any_.RECIPES["plain"].with_(lr=1), r"Recipe has no argument 'lr': it is generator_rate= or"),
        (lambda: Any_.games.MixtureGame([[1.0]], sigma=1), r"MixtureGame\(\) has no argument 'sigma': it is std= here"),
        (lambda: Any_.games.PointsGame(np.eye(9), z_dim=1), r"'z_dim': it is noise_size= here"),
        (lambda: Any_.updates.Extragradient(5), r"Extragradient\(\) has no arguments; found 5"),
        (lambda: Any_.updates.Consensus(gamma=5), r"'gamma': it is weight= here"),
        (lambda: Any_.Generator(NETWORK, lr=1), r"Generator\(\) has no argument 'lr': each player"),
        (lambda: Any_.vae.NeuralVAE(2, latent_dim=1), r"'latent_dim': it is latent_size= here"),
    ],
)  # fmt: skip
def test_what_people_write(call: Callable[[], Any], message: str) -> None:
    with pytest.raises((ArgumentError, OSError), match=message):
        call()


def test_what_is_advised_works() -> None:
    recipe = gan_lab.RECIPES["plain"].with_(noise_size=16)
    run = gan_lab.train("ring8", recipe=recipe, steps=1, looks=1, batch_size=4)
    assert next(run.generator.parameters()).shape[1] == 16
    make = lambda parameters: torch.optim.AdamW(parameters, 1e-3, maximize=True)  # noqa: E731 - as the sentence has it
    gan_lab.train("ring8", discriminator=gan_lab.Discriminator(NETWORK, make), steps=1, looks=1, batch_size=4)
