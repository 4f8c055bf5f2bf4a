"""What a user installs: the wheel's content, its dependencies in an empty environment, and what an import costs."""

import importlib.metadata
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from gan_lab.watch.page import write as game
from gridworld_env.explorer.page import write as explorer
from tests.oracles.once import once

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("gan_lab", "gridworld_env", "planners")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
HEAVY = ("torch", "pygame", "numba", "typer", "rich", "matplotlib", "PIL", "scipy.optimize", "scipy.ndimage")


def test_wheel_holds_the_three_packages_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    metadata = {name for name in names if name.split("/")[0].endswith(".dist-info")}
    assert {name.split("/")[0] for name in names - metadata} == set(PACKAGES)
    sources = {path.relative_to(ROOT).as_posix() for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    assert {name for name in names if name.endswith(".py")} == sources
    assert {*(f"{package}/py.typed" for package in PACKAGES), "planners/__init__.pyi"} <= names
    pages = {"gridworld_env/explorer/page": explorer.SCRIPTS, "gan_lab/watch/page": game.SCRIPTS}
    parts = {
        f"{at}/{part}"
        for at, scripts in pages.items()
        for part in ("page.html", "style.css", *map("{}.js".format, scripts))
    }
    shared = {f"gridworld_env/ui/pages/{part}" for part in ("replay.html", "panel.css", "panel.js")}
    assert shared | parts <= names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in metadata)


@pytest.mark.long
def test_wheel_works_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    """A real installation of the wheel's own dependencies, no extras, used from a directory that holds no source."""
    environment = tmp_path / "environment"
    run(sys.executable, "-m", "venv", "--without-pip", environment)
    python = environment / "bin" / "python"
    run(
        *(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--disable-pip-version-check"),
        *("--no-compile", "--constraint", ROOT / "constraints.txt", wheel),
    )
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    files = run(
        *(
            python,
            "-c",
            "import gridworld_env, planners, importlib.util as u;"
            "print(gridworld_env, planners, u.find_spec('gan_lab').name)",
        ),
        cwd=elsewhere,
    )
    assert files.count(str(environment)) == len(PACKAGES) - 1, files
    assert files.rstrip().endswith("gan_lab")
    without_torch = subprocess.run([python, "-c", "import gan_lab"], cwd=elsewhere, capture_output=True, text=True)
    assert "pip install torch" in without_torch.stderr
    assert re.search(r"\d\.\d", run(python, "-m", "gridworld_env.demo", "--first-step", cwd=elsewhere))
    assert "Usage" in run(environment / "bin" / "gridworld", "--help", cwd=elsewhere)


@pytest.mark.parametrize(
    ("modules", "absent"),
    [("planners", (*HEAVY, "gymnasium", "gridworld_env", "gan_lab")), ("planners, gridworld_env", (*HEAVY, "gan_lab"))],
)
def test_import_is_cheap(modules: str, absent: tuple[str, ...], tmp_path: Path) -> None:
    loaded = json.loads(
        run(sys.executable, "-c", f"import {modules}, json, sys; print(json.dumps(list(sys.modules)))", cwd=tmp_path)
    )
    assert not set(absent) & set(loaded)


@pytest.mark.parametrize("package", ["gan_lab", "gridworld_env"])
def test_a_command_that_only_helps_imports_nothing_of_the_work(package: str) -> None:
    """Nor does `--version`, nor the help of any of its commands."""
    code = f"""
import json, sys
from typer.testing import CliRunner
from {package}.cli import app
commands = [[one.name or one.callback.__name__.replace('_', '-')] for one in app.registered_commands]
for arguments in ([], ['--version'], *commands):
    result = CliRunner().invoke(app, arguments if '--version' in arguments else [*arguments, '--help'])
    assert result.exit_code == 0, (arguments, result.output)
print(json.dumps(list(sys.modules)))
"""
    loaded = json.loads(run(sys.executable, "-c", code, cwd=ROOT).splitlines()[-1])
    assert not {"torch", "numba", "scipy", "matplotlib", "pygame", "planners"} & set(loaded)


@pytest.mark.parametrize(("arguments", "code", "says"), [("train --help", 0, "Usage"), ("train", 1, "torch (3 GB")])
def test_gan_lab_without_its_libraries_helps_and_says_what_is_missing(arguments: str, code: int, says: str) -> None:
    source = f"""
import importlib.util, sys
find, missing = importlib.util.find_spec, ("torch", "pettingzoo", "safetensors")
importlib.util.find_spec = lambda name, *rest: None if name in missing else find(name, *rest)
sys.modules.update(dict.fromkeys(missing))
sys.argv = ["gan-lab", *{arguments.split()!r}]
from gan_lab.cli import app
app()
"""
    done = subprocess.run([sys.executable, "-c", source], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert says in (done.stdout + done.stderr).replace("torch pettingzoo safetensors", "torch")


@pytest.mark.long
@pytest.mark.parametrize("package", ["gan_lab", "gridworld_env"])
def test_public_names_are_imported_late_and_are_all_there(package: str) -> None:
    """Also by `*`, and a module alone: what it imports from the package must not import the public names half-way."""
    modules = {"gan_lab": "metrics.estimates, gan_lab.lecture", "gridworld_env": "maps.slices"}
    code = f"from {package} import *\nimport {package}.names as n, {package} as p\n\
print(all(globals()[k] is getattr(n, k) is getattr(p, k) for k in n.__all__), set(n.__all__) <= set(dir(p)))"
    assert run(sys.executable, "-c", code, cwd=ROOT) == "True True\n"
    assert run(sys.executable, "-c", f"import {package}.{modules[package]}", cwd=ROOT) == ""


def test_public_names_of_planners_are_those_of_its_stub_and_imported_late() -> None:
    """Functions named as their file are functions, whatever is imported first; rooms are found, other names are not."""
    code = "import sys, planners as p; late = {'planners.learning', 'planners.continuous', 'planners.evaluation'}\n\
print(late & set(sys.modules)); from planners import *\n\
print(len(p.__all__) > 100, all(globals()[k] is getattr(p, k) for k in p.__all__), set(p.__all__) <= set(dir(p)))\n\
print(p.learning.learn.__name__, callable(p.pareto), callable(p.solve), callable(p.solve_many), hasattr(p, 'no_name'))"
    expected = "set()\nTrue True True\nplanners.learning.learn True True True False\n"
    assert run(sys.executable, "-c", code, cwd=ROOT) == expected
    first = "import planners.learning.record, planners.pareto, planners as p; print(p.solve.__name__, p.pareto)"
    assert run(sys.executable, "-c", first, cwd=ROOT).startswith("solve <function pareto")


def test_installed_version_is_that_of_pyproject() -> None:
    assert importlib.metadata.version("gridworld-lab") == PROJECT["project"]["version"]


def test_constraints_pin_every_dependency_within_its_range() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.lower().split("==") for line in lines if line and not line.startswith("#"))
    groups = [
        PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"].values(),
        *PROJECT["dependency-groups"].values(),
    ]
    requirements = [Requirement(text) for group in groups for text in group]
    outside = [
        f"{requirement}: {pins.get(requirement.name.lower(), 'no pin')}"
        for requirement in requirements
        if requirement.name != "gridworld-lab"
        and (requirement.name.lower() not in pins or pins[requirement.name.lower()] not in requirement.specifier)
    ]
    assert not outside


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    (built,) = once(tmp_path_factory, "wheel", build_wheel).glob("*.whl")
    return built


def build_wheel(folder: Path) -> None:
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT)


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """Standard output of a command, run without the paths of this environment; its errors are shown when it fails."""
    hidden = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    result = subprocess.run([str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, f"{command} exited with {result.returncode}\n{result.stdout}\n{result.stderr}"
    return result.stdout
