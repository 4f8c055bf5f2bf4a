"""Plan on a model from the command line, by one process or by many.

    python -m planners MODEL --discount 0.99 --out DIR
    torchrun --nproc-per-node=4 -m planners MODEL --discount 0.99 --out DIR

Exit codes: 0 done, 1 a process was lost (torchrun's --max-restarts starts the job again), 2 bad input, 3 the tolerance
was not reached, 130 interrupted. torchrun itself ends with 1 where a process did not end with 0, and starts any such
job again; a job that ended with 2, 3 or 130 then ends at once with the same code, and prints nothing again.
"""

import argparse
import importlib
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any, Final

from planners.distributed import Foreseen, ModelSource, Source, foresee, process_group, solve_in_parts
from planners.distributed.joining import joined
from planners.errors import InvalidOptionError, LostProcessError, PlannerError
from planners.models.tabular import TabularMDP
from planners.options import BY_DEFAULT
from planners.plans.plan import NotConvergedError, Plan, Status
from planners.plans.plan_folder import is_finished

LOST: Final = 1
FOR_GOOD: Final = (2, 3, 130)  # exit codes of what ends in the same way when it is started again
MODELS: Final = """MODEL is one of
  a map file     .map and .txt are read in slices, .json and images whole; with the options of `gridworld plan`, such
                 as --slip 0.2 --goal 3,4; or the name of a map
  a .csv file    of transitions, as TabularMDP.from_csv reads it
  module:name    a function that is called with all further options, --size 100 as size=100, and returns a
                 planners.distributed.Rows, a model or an environment; or such an object itself
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Plan as the arguments say; the exit code."""
    options, rest = _parser().parse_known_args(arguments)
    many = "WORLD_SIZE" in os.environ and "RANK" in os.environ
    if not many:
        return _run(options, rest, many=False, first=True)
    before = _code_before()
    if before is not None:
        return before
    code = _run(options, rest, many=True, first=os.environ["RANK"] == "0")
    if code in FOR_GOOD:
        with suppress(OSError):
            _ended().write_text(str(code), encoding="ascii")
    return code


def _code_before() -> int | None:
    """The exit code of the attempt before, where torchrun starts again what would only end in the same way."""
    with suppress(OSError, ValueError):
        if os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") != "0":
            return int(_ended().read_text(encoding="ascii"))
        if os.environ.get("LOCAL_RANK", "0") == "0":
            _ended().unlink(missing_ok=True)  # of another torchrun that had the same number
    return None


def _ended() -> Path:
    """The file that tells the next attempt of this torchrun, whose children all attempts are, how this one ended."""
    return Path(
        tempfile.gettempdir(), f"gridworld-lab-{os.getuid() if hasattr(os, 'getuid') else 0}-{os.getppid()}-ended"
    )


def _run(options: argparse.Namespace, rest: Sequence[str], *, many: bool, first: bool) -> int:
    """Plan, and say what came of it; the exit code."""
    try:
        with process_group(options.timeout) if many else nullcontext():
            plan = _plan(options, rest, many)
        if isinstance(plan, Foreseen):
            if first:
                print(plan, flush=True)
            return 0
        if first:
            print(_report(plan, options.out), flush=True)
        return 130 if plan.status is Status.INTERRUPTED else 0
    except KeyboardInterrupt:  # in a dry run, or a second time
        return 130
    except BrokenPipeError:  # whoever reads what is printed has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except NotConvergedError as error:
        if first:
            print(f"Not converged: {error}", file=sys.stderr)
        return 3
    except LostProcessError as error:
        if error.is_first:
            print(f"Error: {error}", file=sys.stderr)
        return LOST
    except (PlannerError, ValueError, OSError, ImportError) as error:
        if first:
            print(f"Error: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m planners",
        description=(__doc__ or "").split("\n\n")[0],
        epilog=MODELS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("model", metavar="MODEL", help="see below")
    add("--discount", type=float, default=0.9, help="at least 0 and below 1 (default: 0.9)")
    add("--tolerance", type=float, default=BY_DEFAULT, help="largest proven error of the values, in units of reward")
    add("--relative-tolerance", type=float, help="the same as a fraction of the largest |V| (default: 1e-6)")
    add("--out", type=Path, help="folder for the plan: planners.load_plan(DIR)")
    add("--parts", type=int, help="number of parts of the states (default: 64, or four a process, if more)")
    add("--checkpoint-every", type=int, default=0, help="sweeps between checkpoints in the folder (default: none)")
    add("--max-iterations", type=int, default=1_000_000, help="sweeps after which to give up")
    add("--timeout", type=float, default=600.0, help="seconds to wait for another process (default: 600)")
    add("--minimise", action="store_true", help="rewards are costs: minimise them")
    add("--progress", action="store_true", help="show a progress bar")
    add("--dry-run", action="store_true", help="estimate memory, disk and time, after 2 s; plan nothing")
    return parser


def _plan(options: argparse.Namespace, rest: Sequence[str], many: bool) -> Plan | Foreseen:
    named = vars(options).copy()
    name, dry = named.pop("model"), named.pop("dry_run")
    with joined(many, options.timeout) as processes:
        model = processes.together(lambda: open_model(name, _further(rest)), f"opening {name}")
    if dry:
        shared = {option: given for option, given in named.items() if option not in ("max_iterations", "progress")}
        return foresee(model, distributed=many, **shared)
    return solve_in_parts(model, distributed=many, **named)


def _further(rest: Sequence[str]) -> dict[str, Any]:
    """Options that the model's reader takes: --NAME VALUE, numbers as numbers."""
    if len(rest) % 2 or any(not name.startswith("--") for name in rest[::2]):
        raise InvalidOptionError(f"cannot read the options {' '.join(rest)}; expected pairs such as --slip 0.2")
    return {name[2:].replace("-", "_"): _value(text) for name, text in zip(rest[::2], rest[1::2], strict=True)}


def _value(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(text, text)


def open_model(name: str, further: dict[str, Any]) -> Source:
    """The model that the command names; see `MODELS`.

    Raises:
        InvalidOptionError: There is no such module or name in it, or it does not take the further options.
    """
    if name.lower().endswith(".csv"):
        return ModelSource(_called(TabularMDP.from_csv, name, {"path": name, **further}))
    if ":" in name and not Path(name).exists():
        module, _, member = name.partition(":")
        try:
            found = getattr(importlib.import_module(module), member)
        except (ModuleNotFoundError, AttributeError) as error:
            raise InvalidOptionError(f"there is no {name}: {error}; expected module:name") from error
        model = _called(found, name, further) if callable(found) and not isinstance(found, Source) else found
        return model if isinstance(model, Source) else ModelSource(model)
    maps = importlib.import_module("gridworld_env.maps.slices")  # by name: planners knows nothing of maps
    return maps.open_map(name, **further)


def _called(function: Any, name: str, options: dict[str, Any]) -> Any:
    try:
        return function(**options)
    except TypeError as error:
        raise InvalidOptionError(f"{name} does not take these options: {error}") from error


def _report(plan: Plan, out: Path | None) -> str:
    """What is proven, in a few lines."""
    states = getattr(plan.model, "num_states", len(plan.values))
    lines = [
        f"{plan.method}: {plan.iterations} sweeps of {states} states at discount {plan.discount:.15g}",
        f"error bound  {plan.error_bound:.3g} (tolerance {plan.tolerance:.3g})",
        f"status       {plan.status.value}",
    ]
    if out is not None and (plan.converged or not is_finished(out)):
        lines.append(f"wrote {out}: planners.load_plan({str(out)!r})")
    return "\n".join(lines)


if __name__ == "__main__":
    code = main()
    if code == LOST:  # what is left of the connections could wait for the process that is gone
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
