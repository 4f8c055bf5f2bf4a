"""Names of arguments that other libraries have: a function marked `takes_own_names` answers each by the name here."""

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import wraps
from inspect import Parameter, signature
from typing import Any, Final, ParamSpec, TypeVar

from gan_lab.errors import WiringError

P = ParamSpec("P")
T = TypeVar("T")
UNNAMED: Final = (Parameter.POSITIONAL_ONLY, Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)

RATES: Final = "lr learning_rate step_size eta rates"
# Our name: what others call it. A name in several lines is answered by those that the function has.
ELSEWHERE: Final = {
    "rate": RATES,
    "generator_rate": f"{RATES} g_lr lr_g lrG gen_lr lr_gen generator_lr lr_generator g_rate generator_learning_rate",
    "discriminator_rate": f"{RATES} d_lr lr_d lrD disc_lr lr_disc discriminator_lr lr_discriminator critic_lr "
    "lr_critic d_rate discriminator_learning_rate",
    "betas": "beta beta1 beta2 beta_1 beta_2 b1 b2",
    "updates": "num_updates n_updates",
    "steps": "num_steps n_steps max_steps train_steps total_steps iterations n_iterations num_iterations iters n_iters "
    "num_iters n_iter max_iter max_iterations num_updates n_updates nit niter total_timesteps",
    "batch_size": "batch bs batchsize batchSize n_batch minibatch minibatch_size train_batch_size",
    "seed": "random_state manual_seed random_seed rng generator_seed",
    "seeds": "seed num_seeds n_seeds repeats runs",
    "loss": "criterion loss_fn loss_function gan_loss gan_mode adversarial_loss objective loss_type",
    "penalty": "regularizer regularization regulariser gp gradient_penalty use_gp",
    "weight": "gamma lambda_ reg_params coefficient",
    "penalty_weight": "lambda_gp gp_weight gp_lambda r1_gamma gamma lambda_ lambda_r1 reg_weight penalty_coefficient",
    "share": "alpha slow_step",
    "discriminator_steps": "n_critic num_critic critic_iters critic_steps k d_steps n_disc disc_steps k_steps n_dis",
    "unrolled_steps": "k unrolling_steps unroll_steps steps",
    "inner_steps": "k steps la_steps every",
    "inner": "optimizer base base_optimizer rule",
    "generator": "G netG gen g_net generator_network gen_model",
    "discriminator": "D netD disc critic d_net discriminator_network netC",
    "network": "model net module nn",
    "optimizer": "optim opt optimiser",
    "update": "algorithm method rule optim update_rule",
    "progress": "verbose progress_bar progbar show_progress tqdm",
    "callbacks": "callback hooks on_epoch_end",
    "truth_every": "eval_every eval_freq eval_interval log_every log_interval log_freq evaluate_every sample_interval",
    "checkpoint": "checkpoint_path ckpt save_path checkpoint_dir output_dir outdir out save_dir",
    "resume": "resume_from ckpt_path load_from from_checkpoint restore resume_from_checkpoint",
    "game": "dataset data env problem dataloader data_loader train_loader X",
    "metrics": "metric measures",
    "noise_size": "latent_dim latent_size z_dim dim_z nz noise_dim latent_dimension zdim",
    "latent_size": "latent_dim z_dim dim_z nz latent_dimension noise_size",
    "hidden": "hidden_size hidden_sizes hidden_dim hidden_dims hidden_layers layers width",
    "averaging": "ema ema_decay polyak ema_beta",
    "modes": "n_modes num_modes n_components centers k",
    "std": "sigma scale stddev standard_deviation",
    "means": "centers centres mu modes",
    "weights": "probs probabilities p",
    "p": "probs probabilities pmf distribution",
    "device": "gpu use_gpu cuda use_cuda",
    "threads": "num_threads n_threads",
    "processes": "n_jobs num_workers workers jobs",
    "out": "output output_dir folder path",
    "render_mode": "render",
    "max_cycles": "max_episode_steps max_steps horizon steps",
    "held_out": "test_size validation_split test_fraction",
    "samples": "num_samples n_samples",
}
PLAYERS: Final = (
    "each player and each VAE has its own optimizer: Generator(network, gan_lab.adam(1e-3, betas=(0.0, 0.99)))"
)
OPTIMIZER: Final = (
    "take an optimizer of PyTorch: "
    "Generator(network, lambda parameters: torch.optim.AdamW(parameters, 1e-3, maximize=True))"
)
NETWORKS: Final = "the networks are those of players that you make: Generator(network, gan_lab.adam(1e-3))"
NOISE: Final = (
    "the game has it, as in PointsGame(points, noise_size=16), or recipe=gan_lab.RECIPES['plain'].with_(noise_size=16)"
)
# Where the function has no such argument at all: who has it.
OTHERWHERE: Final = {
    **dict.fromkeys(("optimizer", "betas", "optimizer_g", "optimizer_d", "opt_g", "opt_d"), PLAYERS),
    **dict.fromkeys(("weight_decay", "eps", "amsgrad", "nesterov", "dampening"), OPTIMIZER),
    "momentum": "plain ascent has it: Generator(network, gan_lab.ascent(1e-3, momentum=0.9))",
    **dict.fromkeys(("hidden", "network", "activation", "ngf", "ndf", "depth"), NETWORKS),
    "noise_size": NOISE,
    "epochs": "steps= is the number of updates; with n samples an epoch is n / batch_size of them",
    "discriminator_steps": "the update rule has it: update=gan_lab.updates.Alternating(5)",
    "unrolled_steps": "the update rule has it: update=gan_lab.updates.Unrolled(5)",
    "update": "an environment is played by whoever acts in it; gan_lab.train has update=",
    "averaging": "the recipe has it: recipe=gan_lab.RECIPES['plain'].with_(averaging=0.999)",
    "rate": PLAYERS,
    "generator_rate": PLAYERS,
    "discriminator_rate": PLAYERS,
    "seed": "give it to reset(seed=...), or to gan_lab.train(seed=...)",
}
ALIASES: Final = {"num_epochs": "epochs", "n_epochs": "epochs", "epoch": "epochs", "max_epochs": "epochs"}


def takes_own_names(function: Callable[P, T]) -> Callable[P, T]:
    """The function, which says of an argument that it does not have what to write instead.

    One that hands further names on, by `**options`, refuses those alone whose first meaning is one of its own.

    >>> @takes_own_names
    ... def climb(rate=0.1, steps=10):
    ...     return rate * steps
    >>> climb(learning_rate=0.1)
    Traceback (most recent call last):
        ...
    gan_lab.errors.argument_names.ArgumentError: climb() has no argument 'learning_rate': it is rate= here
    """
    known, is_open = names_of(function), takes_any(function)
    place = function.__qualname__.removesuffix(".__init__")

    @wraps(function)
    def checked(*arguments: P.args, **keywords: P.kwargs) -> T:
        strange = [name for name in keywords if name not in known]
        if is_open:
            strange = [name for name in strange if own_names(name)[:1] and own_names(name)[0] in known]
        if strange:
            raise refusal(f"{place}()", strange, known)
        return function(*arguments, **keywords)

    return checked


class ArgumentError(WiringError, TypeError):
    """An argument that a function does not have."""


def refusal(place: str, strange: Iterable[str], known: Iterable[str]) -> ArgumentError:
    """The error that says of each strange name what to write instead."""
    known = list(known)
    return ArgumentError("; ".join(f"{place} has no argument {name!r}: {instead_of(name, known)}" for name in strange))


def instead_of(name: str, known: Iterable[str]) -> str:
    """What to write in place of a name: one of the known ones, or who else has it.

    >>> instead_of("n_critic", ["game", "discriminator_steps"])
    'it is discriminator_steps= here'
    >>> instead_of("n_critic", ["game", "rate"])
    'the update rule has it: update=gan_lab.updates.Alternating(5)'
    """
    known = list(known)
    if here := [own for own in own_names(name) if own in known]:
        here = here[:1] if here[0] == "rate" else here  # that of both players
        return f"it is {' or '.join(f'{own}=' for own in here)} here"
    for own in (ALIASES.get(name, name), *own_names(name)):
        if own in OTHERWHERE:
            return OTHERWHERE[own]
    near = get_close_matches(name, known, 1, 0.6)
    return f"did you mean {near[0]}=?" if near else f"it has {', '.join(known) or 'none'}"


def own_names(name: str) -> list[str]:
    """Our names for what others call by this name."""
    return [own for own, others in ELSEWHERE.items() if name in others.split()]


def names_of(function: Callable[..., Any]) -> list[str]:
    """The names that a function's arguments can be given by."""
    if function is object.__init__:
        return []
    found = signature(function).parameters.items()
    return [name for name, part in found if part.kind not in UNNAMED and name != "self"]


def takes_any(function: Callable[..., Any]) -> bool:
    """Whether it takes further names, to hand them on."""
    return any(part.kind is Parameter.VAR_KEYWORD for part in signature(function).parameters.values())
