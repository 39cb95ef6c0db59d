# make report: set up and run the benchmark.  make test, make lint: set up and check the code.
PYTHON ?= python3
CORES ?= $(shell getconf _NPROCESSORS_ONLN)
GPUS ?= $(shell nvidia-smi --list-gpus 2>/dev/null | grep --count .)
BIN := .venv/bin

.PHONY: report test test-slurm lint setup clean

report: setup
	$(BIN)/snakemake --cores $(CORES) $(if $(filter-out 0 1,$(GPUS)),--resources gpu=$(GPUS)) -- all

test: setup
	$(BIN)/python -m pytest

# As root on Debian or Ubuntu: installs Slurm, runs a tiny grid through it.
test-slurm: setup
	$(BIN)/python -m pip install --disable-pip-version-check --quiet -r requirements-slurm.txt
	tests/slurm/run.sh $(BIN)/python

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check workflow
	$(BIN)/snakemake --lint

setup: .venv/installed

# The stamp is written last: an interrupted installation starts again.
.venv/installed: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "error: $(PYTHON) is older than Python 3.11: name a newer one, as in 'make PYTHON=python3.12 $(MAKECMDGOALS)'" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check --quiet -r requirements.txt
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e .
	touch $@

clean:
	rm -rf .venv
