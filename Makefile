# The commands of everyday work. `make help` lists them; `make -C <folder>` works from everywhere.

SHELL := /bin/bash
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
JOBS ?= auto
ARGS ?=
# The Python to make the environment with; the first that is new enough, unless given.
PYTHON ?=

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help run test bench lint install install-dev install-bench clean

help: ## List these commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24

run: $(VENV)/.installed ## Judge the reference implementation on all its backends (ARGS="--budget smoke")
	@$(BIN)/letitcrash run reference $(ARGS)

test: $(VENV)/.installed-dev ## Run all tests with branch coverage (ARGS="-k monitor", JOBS=2)
	@rm -f .coverage .coverage.*
	@status=0; \
	$(BIN)/coverage run -m pytest -n $(JOBS) $(ARGS) || status=$$?; \
	$(BIN)/coverage combine --quiet && $(BIN)/coverage report; \
	exit $$status

bench: $(VENV)/.installed-bench ## Measure suite and reference against floors and peers (ARGS="--quick")
	@$(BIN)/python -m bench $(ARGS)

lint: ## Check format, style, imports and types
	@.ci/run format lint imports types

install: $(VENV)/.installed ## Install the project into .venv

install-dev: $(VENV)/.installed-dev ## ... with the tools of development

install-bench: $(VENV)/.installed-bench ## ... with the peers that the benchmarks compare with

clean: ## Remove the environment and everything that was generated
	rm -rf $(VENV) dist build htmlcov .coverage .coverage.* .hypothesis .letitcrash
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# -- the environment --------------------------------------------------------------------------------------------------
# Each stamp is newer than what it was made from, so that a second call installs nothing and needs no network.

$(BIN)/python:
	@.ci/venv $(VENV) $(PYTHON)

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	@echo "Installing letitcrash into $(VENV)"
	@$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml $(VENV)/.installed
	@echo "Installing the tools of development into $(VENV)"
	@$(call install_group,dev)
	@touch $@

$(VENV)/.installed-bench: pyproject.toml $(VENV)/.installed
	@echo "Installing the peers of the benchmarks into $(VENV)"
	@$(call install_group,bench)
	@touch $@

# Installs a dependency group of pyproject.toml; done by hand because pip knows groups only since 25.1.
define install_group
set -o pipefail; \
$(BIN)/python -c 'import sys, tomllib; \
print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"][sys.argv[1]], sep="\n")' $(1) \
| $(BIN)/python -m pip install --quiet --requirement /dev/stdin
endef
