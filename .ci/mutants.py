"""Deliberate faults: does a test fail on each? `python .ci/mutants.py --count 120 --seed 7`.

Each fault changes one place of one file below - a sign, a comparison, a constant, a minimum - in a copy of the tree,
and runs the tests that are there for that file. A fault that no test notices is printed: it wants a test, or a reason
in `REASONS`. Annotations, decorators and what is raised are left as they are: other tests hold the messages.
One fault takes some seconds, so this is not a part of `make test`.
"""

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAYOFFS = ["tests/gan_lab/payoffs"]
TARGETS: dict[str, list[str]] = {  # few tests that take little time: each fault runs them
    "planners/equations/certificates.py": [
        "tests/planners/equations/test_certifier.py",
        "tests/planners/kernels/test_proofs.py::test_the_certifier",
        "tests/planners/test_hazards.py",
    ],
    "planners/kernels/proofs.py": ["tests/planners/kernels/test_proofs.py"],
    "planners/sweeps/certified_values.py": [
        "tests/planners/sweeps/test_certified_values.py",
        "tests/planners/sweeps/test_gauss_seidel.py::test_a_bad_start_costs_little",
    ],
    "planners/evaluation/regret.py": [
        "tests/planners/evaluation/test_regret_of_episodes.py",
        "tests/planners/evaluation/test_regret.py",
    ],
    "planners/evaluation/optimality.py": [
        "tests/planners/evaluation/test_optimality.py",
        "tests/planners/evaluation/test_regret.py",
        "tests/planners/iteration/test_refusals.py",
    ],
    "planners/methods/backward_induction.py": ["tests/planners/methods/test_backward_induction.py"],
    "planners/methods/policy_iteration.py": [
        "tests/planners/methods/test_policy_iteration.py",
        "tests/planners/test_hazards.py",
    ],
    "gridworld_env/dynamics/rules_to_tables.py": ["tests/gridworld_env/dynamics"],
    "gridworld_env/dynamics/successors.py": ["tests/gridworld_env/dynamics"],
    "gridworld_env/vector_env.py": ["tests/gridworld_env/env/test_vector_env.py"],
    "gan_lab/truth.py": ["tests/gan_lab/test_truth.py"],
    "gan_lab/payoffs/penalties.py": PAYOFFS,
    "gan_lab/payoffs/losses.py": PAYOFFS,
    "gan_lab/games/sample_state.py": [
        "tests/gan_lab/games/test_sample_state.py",
        "tests/gan_lab/environments/test_environments.py",
        "tests/gan_lab/games/test_edges.py",
    ],
    "gan_lab/training/checkpoint.py": ["tests/gan_lab/training/test_loop.py", "tests/gan_lab/recipes/test_recipes.py"],
}
SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.And: ast.Or, ast.Or: ast.And, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
NAMES = {"min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum", "any": "all", "all": "any"}
# Faults that change nothing that is claimed: by file, line of text and what was changed there.
CERTIFICATES, PROOFS, SWEPT = (
    "planners/equations/certificates.py",
    "planners/kernels/proofs.py",
    "planners/sweeps/certified_values.py",
)
TWICE = "a state that is looked at twice proves nothing else"
MORE = "one attempt more is as good"
REASONS: dict[tuple[str, str, str], str] = {
    (PROOFS, "u = 2.0**-53 * roundings", "53 -> 54"): "half of the slack still covers what is measured",
    (PROOFS, "parts = np.empty((256, 3))", "3 -> 4"): "a column that nobody reads",
    (PROOFS, "for s in range(states * part // 256, states * (part + 1) // 256):", "Mult -> Div"): TWICE,
    (CERTIFICATES, "for _ in range(6):", "6 -> 7"): MORE,
    (CERTIFICATES, "if problem.discount < 1.0:", "1.0 -> 2.0"): "h = 1 is tried before other weights, and proven anew",
    (CERTIFICATES, "if problem.discount < 1.0:", "Lt -> LtE"): "h = 1 is tried before other weights, and proven anew",
    (CERTIFICATES, "rows[policy] = True", "no rows[policy] = True"): "weights that do not fit the policy prove nothing",
    (CERTIFICATES, "longer = margin[worst] < 0.5", "Lt -> LtE"): "any row that is longer may be taken",
    (CERTIFICATES, "longer = margin[worst] < 0.5", "0.5 -> 1.0"): "any row that is longer may be taken",
    (CERTIFICATES, "if not (np.isfinite(h).all() and (h > 0).all()):", "all -> any"): "margins of NaN prove nothing",
    (
        CERTIFICATES,
        "k = float(np.max(gained / np.where(gained >= 0, least[useful], most[useful]), initial=-np.inf))",
        "GtE -> Gt",
    ): "0 over any margin is 0",
    (CERTIFICATES, "if np.isfinite(k) and rest.any():", "And -> Or"): "an infinite k stays so; no row asks for nothing",
    (SWEPT, "self._numbers(0.0, 1.0)", "0.0 -> 1.0"): "no state has a weight there: it is called for `rows`",
    (SWEPT, "self._numbers(0.0, 1.0)", "1.0 -> 2.0"): "no state has a weight there: it is called for `rows`",
    (SWEPT, "return self._bounds(0.0, 0.0, 0.0, 0.0)", "0.0 -> 1.0"): "no state has a weight there",
    (
        "planners/methods/backward_induction.py",
        "error = problem.discount * error * (1.0 + 1e-9) + _backup_error(problem, values[step + 1])",
        "1e-09 -> 2e-09",
    ): "a bound that is a billionth wider",
    (
        "planners/evaluation/optimality.py",
        "asked = 1e-9 * unit if tolerance is None else check_tolerance(tolerance)",
        "1e-09 -> 2e-09",
    ): "what is asked is not what is claimed: the claim is checked two lines below",
    (
        "planners/evaluation/optimality.py",
        "asked = 1e-9 * unit if tolerance is None else check_tolerance(tolerance)",
        "Mult -> Div",
    ): "what is asked is not what is claimed: the claim is checked two lines below",
    (
        "planners/evaluation/optimality.py",
        "plan = solve(mdp, discount=discount, tolerance=asked / 2, throw=False)",
        "False -> True",
    ): "the same error, raised by the solver",
    (
        "planners/evaluation/optimality.py",
        "tolerance = 1e-9 * max(1.0, float(np.abs(plan.values[np.isfinite(plan.values)]).max(initial=0.0)))",
        "0.0 -> 1.0",
    ): "it is at least 1 in any case",
    (
        "planners/evaluation/optimality.py",
        "optimal = bool(regrets[worst] <= tolerance)",
        "LtE -> Lt",
    ): "a regret is known to rounding only",
    (
        "gan_lab/truth.py",
        "counted = np.where(q > 0, losses, 0.0)",
        "0.0 -> 1.0",
    ): "atoms without mass count for nothing",
    (
        "gan_lab/payoffs/losses.py",
        "return (scores.where(weights > 0, 0.0) * weights).sum()",
        "0.0 -> 1.0",
    ): "atoms without mass count for nothing",
    (
        "gan_lab/training/checkpoint.py",
        'number, field = key.removeprefix(f"{agent}.optimizer.").split(".", 1)',
        "1 -> 2",
    ): "no field of an optimizer has a dot in its name",
}


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


def chosen(count: int, seed: int) -> list[tuple[str, int, str, str]]:
    """As many faults of each file as of the others, drawn by the seed."""
    rng, found = random.Random(seed), []
    for number, file in enumerate(TARGETS):
        every = list(faults((ROOT / file).read_text(encoding="utf-8")))
        share = count // len(TARGETS) + (number < count % len(TARGETS))
        found += [(file, *fault) for fault in rng.sample(every, min(share, len(every)))]
    rng.shuffle(found)
    return found


def survives(tree: Path, file: str, changed: str, timeout: float) -> bool:
    """Whether all the file's tests pass with the fault."""
    whole = (tree / file).read_text(encoding="utf-8")
    (tree / file).write_text(changed, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *TARGETS[file], file]
    try:
        done = subprocess.run(command, cwd=tree, env=environment(tree), capture_output=True, timeout=timeout)
        return done.returncode == 0
    except subprocess.TimeoutExpired:
        return False  # it hangs, which is noticed
    finally:
        (tree / file).write_text(whole, encoding="utf-8")


def environment(tree: Path) -> dict[str, str]:
    """One thread, no display, and the packages of the copy."""
    more = {"OMP_NUM_THREADS": "1", "SDL_VIDEODRIVER": "dummy", "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    return os.environ | more


def main() -> int:
    """Try faults; the exit code is 1 if one survives without a reason."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=120)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", default="", help="files whose path contains this")
    parser.add_argument("--timeout", type=float, default=300.0, help="seconds after which a fault counts as noticed")
    arguments = parser.parse_args()
    for file in [file for file in TARGETS if arguments.only not in file]:
        del TARGETS[file]
    left = tried = 0
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder, "tree")
        shutil.copytree(
            ROOT, tree, ignore=shutil.ignore_patterns(".venv*", ".git", "__pycache__", "site", ".hypothesis")
        )
        for file, line, what, changed in chosen(arguments.count, arguments.seed):
            began, text = time.perf_counter(), (ROOT / file).read_text(encoding="utf-8").splitlines()[line - 1].strip()
            alive = survives(tree, file, changed, arguments.timeout)
            reason = REASONS.get((file, text, what))
            tried += 1
            left += alive and reason is None
            word = "noticed " if not alive else "SURVIVES" if reason is None else "excused "
            print(f"{word} {file}:{line} {what}: {text[:90]} ({time.perf_counter() - began:.0f} s)", flush=True)
    print(f"{tried} faults tried, {left} survive without a reason")
    return int(left > 0)


if __name__ == "__main__":
    sys.exit(main())
