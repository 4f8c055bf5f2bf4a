# One environment, .venv, made on first use and reused while pyproject.toml and constraints.txt are unchanged.
# `make demo` installs what the demo needs; the other targets add the development tools to it.

PYTHON ?= python3
# Extra arguments for pytest, as in: make test ARGS="-k lecture --seed 1234"
ARGS ?=
# Which tests `make test` runs: short, long (those with that marker) or all.
TESTS ?= short
MARKED_short := -m 'not long'
MARKED_long := -m long
MARKED_all :=
$(if $(filter $(TESTS),short long all),,$(error TESTS is $(TESTS); expected short, long or all))

VENV := .venv
VENV_PYTHON := $(VENV)/bin/python
INSTALL := $(VENV_PYTHON) -m pip install --quiet --disable-pip-version-check -c constraints.txt
DEMO_STAMP := $(VENV)/.installed-demo
TOOLS_STAMP := $(VENV)/.installed-tools
PEERS := .venv-peers
PEERS_STAMP := $(PEERS)/.installed

# SDL's dummy driver: rendering is tested without a display. One thread of PyTorch a worker: its threads and Numba's get
# in each other's way in one process, ten times and more.
# Bytecode is kept even where the shell forbids it: every process that a test starts imports the packages.
PYTEST := PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 SDL_VIDEODRIVER=dummy SDL_AUDIODRIVER=dummy $(VENV_PYTHON) -m pytest

.DEFAULT_GOAL := help
.PHONY: help demo test test-long test-thorough test-lowest test-newest lint bench bench-peers figures papers docs release clean

help:
	@echo "make demo    solve the lecture's gridworld, print values, policy and certificate, play an episode"
	@echo "make test    run the short tests, in less than four minutes (ARGS=... goes to pytest)"
	@echo "make test-long    run the others: those marked long; make test TESTS=all runs both"
	@echo "make test-thorough    run both, with four times as many random examples"
	@echo "make test-lowest, make test-newest    run both with the lowest versions allowed, and with the newest of all"
	@echo "make lint    ruff check, ruff format --check, pyright, import contracts"
	@echo "make bench   run the benchmarks and write benchmarks/README.md"
	@echo "make bench-peers   install the other planners in .venv-peers, and write benchmarks/beside_peers.md"
	@echo "make figures draw the figures of Sutton and Barto's book beside what is exact, in out/book"
	@echo "make papers  compute published results on GANs again, and write docs/papers.md"
	@echo "make docs    build the documentation in site/, and run every Python block of README.md and docs/"
	@echo "make release build, check and install what would be uploaded"
	@echo "make clean   remove .venv, caches and build products"

demo: $(DEMO_STAMP)
	$(VENV_PYTHON) -m gridworld_env.demo

test: $(TOOLS_STAMP)
	$(PYTEST) -n 2 --dist=worksteal $(MARKED_$(TESTS)) $(ARGS)

test-long:
	$(MAKE) test TESTS=long

test-thorough:
	GRIDWORLD_THOROUGH=1 $(MAKE) test TESTS=all

# Environments of their own, made anew each time. PyTorch stays at the version of constraints.txt in both.
test-lowest: OTHER := .venv-lowest
test-newest: OTHER := .venv-newest
test-lowest test-newest:
	$(PYTHON) -m venv --clear $(OTHER)
	$(PYTHON) .ci/lowest.py > $(OTHER)/lowest.txt
	grep '^torch==' constraints.txt > $(OTHER)/newest.txt
	$(OTHER)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(OTHER)/bin/python -m pip install --quiet -c $(OTHER)/$(patsubst test-%,%,$@).txt --editable '.[all]' --group test --group docs
	$(subst $(VENV_PYTHON),$(OTHER)/bin/python,$(PYTEST)) -n 2 --dist=worksteal $(ARGS)

# The variable keeps pyright, whose version is pinned, from asking the network for a newer one.
lint: $(TOOLS_STAMP)
	$(VENV_PYTHON) -m ruff check .
	$(VENV_PYTHON) -m ruff format --check .
	PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(VENV_PYTHON) -m pyright
	$(VENV)/bin/lint-imports --no-logo

bench: $(TOOLS_STAMP)
	$(VENV_PYTHON) benchmarks/run.py

# The peers have an environment of their own, with the versions of benchmarks/requirements.txt.
bench-peers: $(TOOLS_STAMP) $(PEERS_STAMP)
	BENCH_PYTHON=$(PEERS)/bin/python OMP_NUM_THREADS=1 $(VENV_PYTHON) benchmarks/beside_peers.py $(ARGS)

$(PEERS_STAMP): benchmarks/requirements.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt
	@touch $@

figures: $(TOOLS_STAMP)
	$(VENV_PYTHON) examples/sutton_barto/all_figures.py --out out/book

papers: $(TOOLS_STAMP)
	OMP_NUM_THREADS=1 $(VENV_PYTHON) examples/papers/all_papers.py --page docs/papers.md

# The variable silences mkdocs-material's news of another generator.
docs: $(TOOLS_STAMP)
	NO_MKDOCS_2_WARNING=1 $(VENV_PYTHON) -m mkdocs build --quiet --strict
	$(PYTEST) tests/test_readme.py tests/test_docs.py $(ARGS)

release: $(TOOLS_STAMP)
	$(INSTALL) --group release
	.ci/release $(abspath $(VENV_PYTHON))

clean:
	rm -rf $(VENV) $(PEERS) .venv-lowest .venv-newest build dist site out .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(DEMO_STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Choose another: make PYTHON=python3.12 ...")'
	@echo "Installing into $(VENV), which takes a minute or two the first time"
	@$(PYTHON) -m venv $(VENV)
	@$(INSTALL) --upgrade pip
	@$(INSTALL) --build-constraint constraints.txt --editable '.[render]'
	@touch $@

$(TOOLS_STAMP): $(DEMO_STAMP)
	@echo "Installing the test and lint tools into $(VENV)"
	@$(INSTALL) --build-constraint constraints.txt --editable '.[all]' --group test --group lint --group docs
	@touch $@
