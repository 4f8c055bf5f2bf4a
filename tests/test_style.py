"""The size and naming rules of CONTRIBUTING.md, held over every file of the three packages."""

import ast
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("gan_lab", "gridworld_env", "planners")
MAX_FILE_LINES = 400  # a stop; 250 are a smell, see CONTRIBUTING.md
MAX_FUNCTION_LINES = 40
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}

SOURCES = sorted(path.relative_to(ROOT).as_posix() for package in PACKAGES for path in (ROOT / package).rglob("*.py"))

Function = ast.FunctionDef | ast.AsyncFunctionDef


@pytest.mark.parametrize("source", SOURCES)
def test_file_is_short(source: str) -> None:
    lines = len((ROOT / source).read_text(encoding="utf-8").splitlines())
    assert lines <= MAX_FILE_LINES, f"{source} has {lines} lines, at most {MAX_FILE_LINES}: split it by noun"


@pytest.mark.parametrize("source", SOURCES)
def test_functions_are_short(source: str) -> None:
    tree = ast.parse((ROOT / source).read_text(encoding="utf-8"), filename=source)
    too_long = [
        f"{source}:{function.lineno} {function.name} has {lines} lines, at most {MAX_FUNCTION_LINES}"
        for function in functions(tree)
        if (lines := code_lines(function)) > MAX_FUNCTION_LINES
    ]
    assert not too_long, "\n".join(too_long)


def test_modules_are_named_after_what_they_hold() -> None:
    vague = [
        source for source in SOURCES if {part.strip("_") for part in Path(source).with_suffix("").parts} & VAGUE_NAMES
    ]
    assert not vague, f"names that say nothing: {vague}"


def test_a_docstring_does_not_count() -> None:
    source = 'def add(a, b):\n    """One.\n\n    Three.\n    """\n    # a comment counts\n    return a + b\n'
    assert [code_lines(function) for function in functions(ast.parse(source))] == [3]


def functions(tree: ast.Module) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def code_lines(function: Function) -> int:
    """Lines from `def` to the end, without the docstring's; those of nested functions included."""
    assert function.end_lineno is not None
    lines = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function, clean=False) is not None:
        docstring = function.body[0]
        assert docstring.end_lineno is not None
        lines -= docstring.end_lineno - docstring.lineno + 1
    return lines


def test_reasons_of_mutants_are_of_lines_that_are_there() -> None:
    """A reason for a line that has changed excuses nothing, and is forgotten."""
    reasons = runpy.run_path(str(ROOT / ".ci" / "mutant_reasons.py"))["REASONS"]
    for file, text, what in reasons:
        lines = {line.strip() for line in (ROOT / file).read_text(encoding="utf-8").splitlines()}
        assert text in lines, f"{file} no longer has the line {text!r} (fault {what})"
