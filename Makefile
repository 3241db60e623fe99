# `make` alone lists the targets. Each sets up what it needs in .venv, once.
PYTHON ?= python3

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help install demo test check slow docs fuzz mutants bench lava-suite reproduce reports clean

export PIP_DISABLE_PIP_VERSION_CHECK = 1
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --constraint constraints.txt
SET_UP_FILES := setup.cfg pyproject.toml constraints.txt Makefile

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

install: .venv/.installed ## all engines and tools in .venv; the other targets do it by themselves

demo: .venv/.demo-installed ## the whole way on a small embedded data set
	$(BIN)/eqspike demo

test: .venv/.installed ## all tests but the slow ones
	$(BIN)/python -m pytest -q -n 2

check: .venv/.installed ## lint, format, types and the layering of the package
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

slow: .venv/.installed ## the slow tests
	$(BIN)/python -m pytest -q -m slow

docs: .venv/.docs-installed ## the documentation site, in docs/_build/html
	$(BIN)/python -m sphinx --fail-on-warning --keep-going -b html docs docs/_build/html

fuzz: .venv/.installed ## damaged and hostile inputs for every reader (make fuzz MINUTES=30)
	$(BIN)/python benchmarks/fuzz.py --minutes $(or $(MINUTES),5)

mutants: .venv/.installed ## change chosen modules in small ways: how many changes do tests notice? (an hour or more)
	OMP_NUM_THREADS=1 $(BIN)/python -m mutmut run
	$(BIN)/python -m mutmut results

bench: .venv/.installed ## speed of the engines
	$(BIN)/python benchmarks/fast_engine.py
	$(BIN)/python benchmarks/counting_cost.py
	$(BIN)/python benchmarks/brian2_engine.py
	$(BIN)/python benchmarks/lava_graphs.py

lava-suite: .venv/.installed ## the tests that come with Lava, on this Python (a few minutes)
	$(BIN)/python -m eqspike.engines.lava.own_tests

reproduce: .venv/.installed ## papers' tables within an hour (make reproduce MINUTES=600), then docs/results.md
	$(BIN)/eqspike reproduce all --force --budget $(or $(MINUTES),60)
	$(BIN)/python -m eqspike.reports.results reproductions docs/results.md

reports: .venv/.demo-installed ## write energy_reports/, docs/chips.md and docs/results.md anew
	$(BIN)/python -m eqspike.reports.regenerate energy_reports
	$(BIN)/python -m eqspike.reports.catalogue docs/chips.md
	$(BIN)/python -m eqspike.reports.results reproductions docs/results.md

clean: ## remove caches and build products; .venv and runs stay
	rm -rf mutants build dist docs/_build docs/reference/generated *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find eqspike tests benchmarks -type d -name __pycache__ -exec rm -rf {} +

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' || \
	  { echo "constraints.txt is for Python 3.11 and 3.12, not $$($(PYTHON) --version);" \
	    "name one: make PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv --clear .venv

.venv/.demo-installed: $(SET_UP_FILES) | $(BIN)/pip
	@echo "Installing eqspike and what the demo needs in .venv: 0.4 GB, about a minute, once"
	$(INSTALL) --editable '.[plots]'
	@touch $@

# Lava's own metadata refuse Python 3.11 and later, on which it runs: hence the second line.
.venv/.installed: $(SET_UP_FILES) | $(BIN)/pip
	@echo "Installing eqspike, all its engines and the tools in .venv: a few minutes, once. 1.8 GB with torch for" \
	  "processors, several more with the CUDA libraries of plain torch on Linux; docs/install.md says how to choose"
	$(INSTALL) --editable '.[all]'
	$(INSTALL) --no-deps --ignore-requires-python lava-nc
	@touch .venv/.demo-installed $@

.venv/.docs-installed: .venv/.installed $(SET_UP_FILES)
	@echo "Installing what builds the site in .venv: some seconds, once"
	$(INSTALL) --editable '.[docs]'
	@touch $@
