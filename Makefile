# `make help` lists what there is; every target sets up .venv first where it needs it.
PYTHON ?= python3
CORES ?= $(shell getconf _NPROCESSORS_ONLN)
GPUS ?= $(shell nvidia-smi --list-gpus 2>/dev/null | grep --count .)
BIN := .venv/bin
# A process takes a GB of memory. One scope to one process: its tests share what is made for them.
PARALLEL := --numprocesses $(CORES) --maxprocesses 8 --dist loadscope --no-loadscope-reorder

$(if $(CONFIG),$(if $(wildcard $(CONFIG)),,$(error CONFIG=$(CONFIG) does not exist: correct its name, or write it first)))

.DEFAULT_GOAL := help
.PHONY: help report published status answer selfcheck notebook test test-fast test-slurm lint format setup clean

help: ## list the targets
	@grep --extended-regexp '^[a-z-]+:.* ## ' $(MAKEFILE_LIST) | sed 's/:.* ## /\t/' | expand --tabs=14

report: setup ## run the benchmark of config/config.yaml (another: CONFIG=FILE), write report/report.md
	$(BIN)/snakemake --cores $(CORES) $(if $(CONFIG),--configfile $(CONFIG)) $(if $(filter-out 0 1,$(GPUS)),--resources gpu=$(GPUS)) -- all

published: setup ## render the published reports from the committed tables, without training
	@test -d results/benchmark || { echo "error: no tables in results/benchmark: benchmarks/publish.sh CONFIG makes them" >&2; exit 2; }
	@for tables in $$(find results/benchmark -name origins.json -exec dirname {} +); do \
	  $(BIN)/python -m vae render $$tables report/$${tables#results/} || exit 1; done

status: setup ## show how far a run has come
	@$(BIN)/python -m vae status $(if $(CONFIG),--config $(CONFIG))

answer: setup ## print the best β of a finished run
	@$(BIN)/python -m vae best-beta

selfcheck: setup ## check the instrument against closed forms
	$(BIN)/python -m vae selfcheck

notebook: setup ## open notebooks/one_vae.ipynb, which builds one VAE step by step
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-build-isolation -e '.[notebook]'
	$(BIN)/jupyter lab notebooks/one_vae.ipynb

test: setup ## run all tests
	$(BIN)/python -m pytest $(PARALLEL)

test-fast: setup ## run all tests but the long ones
	$(BIN)/python -m pytest $(PARALLEL) -m "not slow"

test-slurm: setup ## as root on Debian or Ubuntu: install Slurm, run a tiny grid through it
	$(BIN)/python -m pip install --disable-pip-version-check --quiet -r requirements-slurm.txt
	tests/slurm/run.sh $(BIN)/python

lint: setup ## check how the code and the workflow are written
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check workflow
	$(BIN)/snakemake --lint

format: setup ## bring code and workflow into that form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt workflow

setup: .venv/installed ## install everything into .venv

# The stamp is written last: an interrupted installation starts again.
.venv/installed: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "error: $(PYTHON) is older than Python 3.11: name a newer one, as in 'make PYTHON=python3.12 $(MAKECMDGOALS)'" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check --quiet -r requirements.txt
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e .
	touch $@

clean: ## remove .venv
	rm -rf .venv
