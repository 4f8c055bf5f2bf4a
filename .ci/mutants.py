"""Deliberate faults: does a test fail on each? `python .ci/mutants.py --count 120 --seed 7`.

Each fault changes one place of one file below - a sign, a comparison, a constant, a minimum - in a copy of the tree,
and runs the tests that are there for that file. A fault that no test notices is printed: it wants a test, or a reason
in `mutant_reasons.py`. Annotations, decorators and what is raised are left as they are: other tests hold the messages.
One fault takes some seconds, so this is not a part of `make test`. The faults of `named_faults.py` are tried with
`--named`, and all those of some lines with `--only FILE --lines 61 83`.
"""

import argparse
import ast
import importlib
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from mutant_reasons import REASONS
from named_faults import NAMED

ROOT = Path(__file__).resolve().parents[1]
WAYS, ENDINGS = ["tests/planners/equations/test_ways_out.py"], ["tests/planners/iteration/test_endings.py"]
UNDISCOUNTED = "tests/planners/equations/test_undiscounted.py::test_"
DISCOUNT_1 = [
    UNDISCOUNTED + "what_is_infinite_is_named_and_the_rest_is_planned",
    UNDISCOUNTED + "the_sign_of_a_loop_is_that_of_its_stored_floats",
    UNDISCOUNTED + "ends_that_are_hardly_reached",
    UNDISCOUNTED + "a_row_that_leaves_with_less_than_a_rounding",
    UNDISCOUNTED + "by_hand",
    UNDISCOUNTED + "a_shaped_map_keeps_its_values",
    *ENDINGS,
    *WAYS,
]
LOOP = "tests/gan_lab/training/test_loop.py::test_"
PAYOFFS = ["tests/gan_lab/payoffs"]
TARGETS: dict[str, list[str]] = {  # few tests that take little time: each fault runs them
    "planners/evaluation/optimality.py": [
        "tests/planners/evaluation/test_optimality.py",
        "tests/planners/evaluation/test_regret.py",
        "tests/planners/iteration/test_refusals.py",
    ],
    "planners/methods/policy_iteration.py": [
        "tests/planners/methods/test_policy_iteration.py",
        "tests/planners/test_hazards.py::test_ties_do_not_make_policy_iteration_go_round",
        "tests/planners/equations/test_krylov.py::test_undiscounted",
    ],
    "gridworld_env/dynamics/successors.py": ["tests/gridworld_env/dynamics"],
    "gridworld_env/dynamics/rules_to_tables.py": ["tests/gridworld_env/dynamics"],
    "gan_lab/payoffs/losses.py": PAYOFFS,
    "gan_lab/payoffs/penalties.py": PAYOFFS,
    "gan_lab/truth.py": ["tests/gan_lab/test_truth.py"],
    "planners/sweeps/certified_values.py": [
        "tests/planners/sweeps/test_certified_values.py",
        "tests/planners/sweeps/test_gauss_seidel.py::test_a_bad_start_costs_little",
    ],
    "planners/methods/backward_induction.py": ["tests/planners/methods/test_backward_induction.py"],
    "planners/evaluation/regret.py": [
        "tests/planners/evaluation/test_regret_of_episodes.py",
        "tests/planners/evaluation/test_regret.py",
        "tests/planners/evaluation/test_regret_exact.py",
    ],
    "gan_lab/games/sample_state.py": [
        "tests/gan_lab/games/test_sample_state.py",
        "tests/gan_lab/environments/test_environments.py",
        "tests/gan_lab/games/test_edges.py",
    ],
    "planners/equations/mean_rewards.py": ["tests/planners/equations/test_mean_rewards.py"],
    "planners/equations/ways_out.py": WAYS,
    "gridworld_env/ground_truth.py": ["tests/gridworld_env/env/test_ground_truth.py"],
    "gridworld_env/dynamics/sampled_vector_env.py": ["tests/gridworld_env/env/test_vector_env.py"],
    "gridworld_env/dynamics/row_sampler.py": ["tests/gridworld_env/env/test_tabular.py"],
    "gridworld_env/grid/reward_laws.py": ["tests/gridworld_env/dynamics/test_reward_laws.py"],
    "gan_lab/training/checkpoint.py": [
        LOOP + "checkpoints_of_something_else",
        LOOP + "the_random_numbers_of_players_go_on_where_they_were",
        LOOP + "a_resumed_run_is_the_same",
    ],
    "planners/equations/undiscounted.py": DISCOUNT_1,
    "planners/equations/staying.py": DISCOUNT_1,
    "planners/equations/certificates.py": [
        "tests/planners/equations/test_certifier.py",
        "tests/planners/kernels/test_proofs.py::test_the_certifier",
        "tests/planners/test_hazards.py",
    ],
    "planners/kernels/proofs.py": ["tests/planners/kernels/test_proofs.py"],
}
SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.And: ast.Or, ast.Or: ast.And, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
LIBRARIES = (
    "numba",
    "scipy.sparse.linalg",
    "scipy.optimize",
    "scipy.special",
    "torch",
    "gymnasium",
    "safetensors.torch",
)
NAMES = {"min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum", "any": "all", "all": "any"}


class Fault(ast.NodeTransformer):
    """Changes the place of one number; counts the places on the way."""

    def __init__(self, place: int) -> None:
        self.place, self.seen, self.line, self.text = place, -1, 0, ""

    def here(self, node: ast.AST, text: str) -> bool:
        self.seen += 1
        if self.seen == self.place:
            self.line, self.text = getattr(node, "lineno", 0), text
        return self.seen == self.place

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        other = SWAPS.get(type(node.op))
        if other is not None and self.here(node, f"{type(node.op).__name__} -> {other.__name__}"):
            node.op = other()  # pyright: ignore[reportAttributeAccessIssue]
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        other = SWAPS.get(type(node.ops[0]))
        if other is not None and self.here(node, f"{type(node.ops[0]).__name__} -> {other.__name__}"):
            node.ops[0] = other()  # pyright: ignore[reportCallIssue, reportArgumentType]
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        other = SWAPS[type(node.op)]
        if self.here(node, f"{type(node.op).__name__} -> {other.__name__}"):
            node.op = other()  # pyright: ignore[reportAttributeAccessIssue]
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.USub | ast.Not | ast.Invert) and self.here(node, f"no {type(node.op).__name__}"):
            return node.operand
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, bool):
            if self.here(node, f"{node.value} -> {not node.value}"):
                return ast.copy_location(ast.Constant(not node.value), node)
        elif isinstance(node.value, int | float):
            other = 2.0 * node.value if isinstance(node.value, float) and node.value else node.value + 1
            if self.here(node, f"{node.value} -> {other}"):
                return ast.copy_location(ast.Constant(other), node)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.value = self.visit(node.value) if node.value is not None else None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.args.defaults = [self.visit(default) for default in node.args.defaults]
        node.args.kw_defaults = [None if default is None else self.visit(default) for default in node.args.kw_defaults]
        node.body = [self.visit(statement) for statement in node.body]
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.body = [self.visit(statement) for statement in node.body]
        return node

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in NAMES and self.here(node, f"{node.id} -> {NAMES[node.id]}"):
            node.id = NAMES[node.id]
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if node.attr in NAMES and self.here(node, f"{node.attr} -> {NAMES[node.attr]}"):
            node.attr = NAMES[node.attr]
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        self.generic_visit(node)
        target = node.targets[0]
        if isinstance(target, ast.Subscript | ast.Attribute) and self.here(node, f"no {ast.unparse(node)[:60]}"):
            return ast.copy_location(ast.Pass(), node)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        return ast.copy_location(ast.Pass(), node) if self.here(node, f"no {ast.unparse(node)[:60]}") else node


def faults(source: str) -> Iterator[tuple[int, str, str]]:
    """(line, what, the whole source with it) of every fault of a file."""
    counter = Fault(-2)
    counter.visit(ast.parse(source))
    for place in range(counter.seen + 1):
        fault = Fault(place)
        changed = ast.unparse(ast.fix_missing_locations(fault.visit(ast.parse(source))))
        yield fault.line, fault.text, changed


def chosen(file: str, count: int, seed: int, lines: list[int]) -> list[tuple[int, str, str]]:
    """Faults of a file, drawn by the seed: as many as are its share of the count; or all those of some lines."""
    number, every = list(TARGETS).index(file), list(faults((ROOT / file).read_text(encoding="utf-8")))
    if lines:
        return [fault for fault in every if fault[0] in lines]
    share = count // len(TARGETS) + (number < count % len(TARGETS))
    return random.Random(f"{seed} {file}").sample(every, min(share, len(every)))


def passes(tree: Path, tests: list[str], timeout: float) -> bool:
    """Whether tests pass in a copy of the tree, in a process that has the libraries in memory already."""
    process = multiprocessing.get_context("fork").Process(target=_run, args=(tree, tests))
    process.start()
    process.join(timeout)
    if process.is_alive():  # it hangs, which is noticed
        process.kill()
        process.join()
    return process.exitcode == 0


def _run(tree: Path, tests: list[str]) -> None:
    os.chdir(tree)
    sys.path.insert(0, str(tree))
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    code = pytest.main(["-q", "-x", "-p", "no:cacheprovider", "--seed", "7", "--hypothesis-seed", "7", *tests])
    os._exit(int(code))


def survives(tree: Path, file: str, changed: str, tests: list[str], timeout: float) -> bool:
    """Whether all the file's tests pass with the fault."""
    (tree / file).write_text(changed, encoding="utf-8")
    try:
        return passes(tree, tests, timeout)
    finally:
        shutil.copy2(ROOT / file, tree / file)  # with its time, so that what is compiled fits again


def prepare(tree: Path) -> None:
    """One thread, no display, the packages of the copy for processes that tests start, and the libraries in memory."""
    os.environ |= {"OMP_NUM_THREADS": "1", "SDL_VIDEODRIVER": "dummy", "PYTHONPATH": str(tree)}
    sys.dont_write_bytecode = True
    for library in LIBRARIES:
        importlib.import_module(library)


def passes_whole(tree: Path, tests: list[str], timeout: float) -> bool:
    """Whether tests pass without a fault, without which they tell nothing; compiles what they use."""
    began, whole = time.perf_counter(), passes(tree, tests, timeout)
    print(
        f"{'passes  ' if whole else 'FAILS   '} {tests[0]} without a fault ({time.perf_counter() - began:.0f} s)",
        flush=True,
    )
    return whole


def told(alive: bool, reason: str | None, what: str, began: float) -> int:
    """Print what became of a fault; 1 if it survives without a reason."""
    word = "noticed " if not alive else "SURVIVES" if reason is None else "excused "
    print(f"{word} {what} ({time.perf_counter() - began:.0f} s)", flush=True)
    return int(alive and reason is None)


def try_drawn(
    tree: Path, count: int, seed: int, lines: list[int], timeout: float, known_to_pass: bool
) -> tuple[int, int]:
    """Faults drawn by the seed: how many were tried, and how many survive without a reason."""
    left = tried = 0
    for file, few in TARGETS.items():
        tests = [*few, file]
        if not (known_to_pass or passes_whole(tree, tests, timeout)):
            left += 1
            continue
        for line, what, changed in chosen(file, count, seed, lines):
            began, text = time.perf_counter(), (ROOT / file).read_text(encoding="utf-8").splitlines()[line - 1].strip()
            alive = survives(tree, file, changed, tests, timeout)
            tried += 1
            left += told(alive, REASONS.get((file, text, what)), f"{file}:{line} {what}: {text[:90]}", began)
    return tried, left


def try_named(tree: Path, only: str, timeout: float) -> tuple[int, int]:
    """The faults of `named_faults`: how many were tried, and how many survive, or no longer fit the text."""
    whole = {tests: passes_whole(tree, [*tests], timeout) for tests in {tuple(fault.tests) for fault in NAMED}}
    left, tried = list(whole.values()).count(False), 0
    for fault in [fault for fault in NAMED if only in fault.file]:
        began, changed = time.perf_counter(), (ROOT / fault.file).read_text(encoding="utf-8")
        missing = [old for old in fault.changes if old not in changed]
        for old, new in fault.changes.items():
            changed = changed.replace(old, new)
        tried += 1
        alive = bool(missing) or survives(tree, fault.file, changed, fault.tests, timeout)
        what = f"{fault.file} {fault.what}" + (f": no text {missing}" if missing else "")
        left += told(alive, None, what, began)
    return tried, left


def main() -> int:
    """Try faults; the exit code is 1 if one survives without a reason."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=120)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", default="", help="files whose path contains this")
    parser.add_argument("--lines", type=int, nargs="*", default=[], help="all faults of these lines, not drawn ones")
    parser.add_argument("--known-to-pass", action="store_true", help="do not run the tests without a fault first")
    parser.add_argument("--named", action="store_true", help="the faults of named_faults.py instead of drawn ones")
    parser.add_argument("--timeout", type=float, default=300.0, help="seconds after which a fault counts as noticed")
    arguments = parser.parse_args()
    for file in [file for file in TARGETS if arguments.only not in file]:
        del TARGETS[file]
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder, "tree")
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(".venv*", ".git", "site", ".hypothesis"))
        prepare(tree)
        if arguments.named:
            tried, left = try_named(tree, arguments.only, arguments.timeout)
        else:
            tried, left = try_drawn(
                tree, arguments.count, arguments.seed, arguments.lines, arguments.timeout, arguments.known_to_pass
            )
    print(f"{tried} faults tried, {left} survive without a reason")
    return int(left > 0)


if __name__ == "__main__":
    sys.exit(main())
