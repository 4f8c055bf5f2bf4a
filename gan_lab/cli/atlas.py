"""The command `gan-lab atlas`: the known failures, and one of them beside its cure."""

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
    name: Annotated[str | None, typer.Argument(help="Its first word will do.", show_default=False)] = None,
    seed: Annotated[int, typer.Option(help="The same seed, the same runs.")] = 0,
    seeds: Annotated[int, typer.Option(help="Count over so many seeds, from --seed on.")] = 1,
) -> None:
    """The ways in which GAN training fails; with a name, the run that fails beside the run that does not.

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
    """The failure of a name, or of the words that it begins with.

    Raises:
        WiringError: There is none; with the nearest names.

    >>> find_failure("mode").name
    'mode collapse'
    """
    from gan_lab.studies.failure_atlas import ATLAS

    begun = [failure for key, failure in ATLAS.items() if key.startswith(name.lower())]
    return begun[0] if name and len(begun) == 1 else choose(name, ATLAS, "failure")


def _list(out: Console) -> None:
    from gan_lab.studies.failure_atlas import ATLAS

    table = Table("name", "what one sees", "why")
    longest = max(len(word) for failure in ATLAS.values() for word in failure.cure.split())
    table.add_column("what mends it", width=longest)  # the others give way: names of options are not cut
    for failure in ATLAS.values():
        table.add_row(failure.name, failure.complaint, failure.cause, failure.cure)
    out.print(table)
    out.print("gan-lab atlas NAME runs one of them beside its cure.")


def _beside(out: Console, failure: "Failure", seed: int) -> bool:
    """Both reports, and whether the symptom is in the one and not in the other."""
    failing, mended = failure.failing(seed), failure.mended(seed)
    table = Table("failing", f"mended: {failure.cure}", title=failure.name)
    table.add_row(_escaped(failing), _escaped(mended))
    out.print(table)
    seen, gone = failure.shown_by(failing), not failure.shown_by(mended)
    words = {True: "seen", False: "not seen"}
    out.print(f"{failure.name}: {words[seen]} in the failing run, {words[not gone]} in the mended one.")
    return seen and gone


def _count(out: Console, failure: "Failure", seeds: range) -> bool:
    """In how many runs of each kind the symptom is."""
    failing, mended = (sum(failure.shown_by(run(seed)) for seed in seeds) for run in (failure.failing, failure.mended))
    out.print(
        f"{failure.name}: seen in {failing} of {len(seeds)} failing runs, in {mended} of {len(seeds)} mended ones."
    )
    return failing == len(seeds) and mended == 0


def _escaped(run: "Run") -> str:
    return run.report().replace("[", r"\[")
