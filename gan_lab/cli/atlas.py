"""The command `gan-lab atlas`: list the known failures, or run one of them beside its cure."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from gan_lab.cli.exit_codes import exit_codes
from gan_lab.errors import choose, whole_number

if TYPE_CHECKING:
    from gan_lab.studies.failure_atlas import Failure
    from gan_lab.training.run import Run


def atlas(
    name: Annotated[
        str | None, typer.Argument(help="Name of a failure; its first word is enough.", show_default=False)
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same runs.")] = 0,
    seeds: Annotated[int, typer.Option(help="Number of seeds to count over, from --seed on.")] = 1,
) -> None:
    """List the known failures of GAN training; with a name, show a failing run beside its mended run.

    Exit code 1: the symptom was not seen in the failing run, or was seen in the mended one.
    """
    out = Console(highlight=False)
    if name is None:
        _list(out)
        return
    with exit_codes():
        failure = find_failure(name)
        whole_number("seed", seed, 0)
        whole_number("seeds", seeds, 1)
    passed = _beside(out, failure, seed) if seeds == 1 else _count(out, failure, range(seed, seed + seeds))
    raise typer.Exit(0 if passed else 1)


def find_failure(name: str) -> "Failure":
    """Find a failure by its name or by the first words of its name.

    Raises:
        WiringError: There is no such failure; the message has the nearest names.

    >>> find_failure("mode").name
    'mode collapse'
    """
    from gan_lab.studies.failure_atlas import ATLAS

    begun = [failure for key, failure in ATLAS.items() if key.startswith(name.lower())]
    return begun[0] if name and len(begun) == 1 else choose(name, ATLAS, "failure")


def _list(out: Console) -> None:
    from gan_lab.studies.failure_atlas import ATLAS

    table = Table("name", "what you see", "cause")
    longest = max(len(word) for failure in ATLAS.values() for word in failure.cure.split())
    table.add_column("cure", width=longest)  # the others give way: names of options are not cut
    for failure in ATLAS.values():
        table.add_row(failure.name, failure.complaint, failure.cause, failure.cure)
    out.print(table)
    out.print("gan-lab atlas NAME runs one of them beside its cure.")


def _beside(out: Console, failure: "Failure", seed: int) -> bool:
    """Print both reports; returns whether only the failing run shows the symptom."""
    failing, mended = failure.failing(seed), failure.mended(seed)
    table = Table("failing", f"mended: {failure.cure}", title=failure.name)
    table.add_row(_escaped(failing), _escaped(mended))
    out.print(table)
    seen, gone = failure.shown_by(failing), not failure.shown_by(mended)
    words = {True: "seen", False: "not seen"}
    out.print(f"{failure.name}: {words[seen]} in the failing run, {words[not gone]} in the mended one.")
    return seen and gone


def _count(out: Console, failure: "Failure", seeds: range) -> bool:
    """Count the runs of each kind that show the symptom."""
    failing, mended = (sum(failure.shown_by(run(seed)) for seed in seeds) for run in (failure.failing, failure.mended))
    out.print(
        f"{failure.name}: seen in {failing} of {len(seeds)} failing runs, in {mended} of {len(seeds)} mended ones."
    )
    return failing == len(seeds) and mended == 0


def _escaped(run: "Run") -> str:
    return run.report().replace("[", r"\[")
