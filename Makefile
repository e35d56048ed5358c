# Works with GNU make 3.81, which macOS still ships. Every target makes .venv as needed.

# The Python to make .venv with; empty: the first one of at least 3.11 that works.
PYTHON ?=
# Passed to pytest, for example: make test PYTEST_ARGS="-x tests/test_postgresql.py"
PYTEST_ARGS ?= -n auto --dist worksteal

VENV := .venv
BIN := $(VENV)/bin
# One stamp for each thing done, inside the folder so that they vanish together.
MADE := $(VENV)/.made
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev

# What the lock files hold: for every Python from 3.11 on and every platform, and the hash of each file.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock" pyproject.toml
INSTALL = $(BIN)/python -m pip install --quiet
# Without isolation the backend is the locked one.
INSTALL_CMS = $(INSTALL) --no-deps --no-build-isolation --editable .

# The tests start hundreds of processes, and each would compile every module again.
unexport PYTHONDONTWRITEBYTECODE

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
# Somebody's pip.conf may ask for --user, which fails inside a virtual environment.
export PIP_USER := 0

.DEFAULT_GOAL := help
# Two pips in one environment would break it, and reports of checks would mix.
.NOTPARALLEL:
.PHONY: help demo quick test test-slow check bench fuzz openapi lock clean

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-9s  %s\n", $$1, $$2 }' Makefile

demo: $(INSTALLED) ## serve a small sample site (PORT=8001 for another port)
	@$(BIN)/cms demo $(if $(PORT),--port $(PORT))

quick: check ## run all checks and the tests that find nearly every mistake, in two minutes
	@echo "Running a selection of the tests …"
	@$(BIN)/python -m pytest --quick $(PYTEST_ARGS)

test: check ## run all checks and the test suite
	@echo "Running the tests …"
	@$(BIN)/python -m pytest -m "not slow" $(PYTEST_ARGS)

test-slow: $(INSTALLED_DEV) ## run what takes long, and the suite with the newest and lowest libraries (VERSIONS_ARGS="--only lowest")
	@echo "Running the slow tests …"
	@$(BIN)/python -m pytest -m slow $(PYTEST_ARGS)
	@$(BIN)/python -m tests.versions $(VERSIONS_ARGS)

check: $(INSTALLED_DEV) ## check style, types, the layers of imports and that the contract holds
	@echo "Checking style, types, imports and the contract …"
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy cms tests
	@$(BIN)/lint-imports
	@$(BIN)/python -m tests.contract

bench: $(INSTALLED_DEV) ## measure speed (BENCH_ARGS="--articles 10000,1000000 --sites var/bench")
	@$(BIN)/python -m tests.benchmarks $(BENCH_ARGS)

fuzz: $(INSTALLED_DEV) ## try the service for long against its contract (FUZZ_ARGS="--database postgresql")
	@$(BIN)/python -m tests.judges.fuzzing $(FUZZ_ARGS)

openapi: $(INSTALLED_DEV) ## write openapi/ (the document, its types, v1.http) and the tables in the guides
	@$(BIN)/cms openapi
	@$(BIN)/python -m tests.judges.typescript
	@$(BIN)/python -m tests.guide_tables

lock: $(MADE) ## write requirements.txt and requirements-dev.txt (LOCK_ARGS=--upgrade for newer versions)
	@test -x $(BIN)/uv || $(INSTALL) uv
	@$(COMPILE) --extra dev --group build $(LOCK_ARGS) --output-file requirements-dev.txt
	@$(COMPILE) --group build --constraints requirements-dev.txt $(LOCK_ARGS) --output-file requirements.txt

clean: ## remove .venv and caches, but not the data in var/
	@rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache tests/judges/node_modules
	@find . -name .git -prune -o -type d -name __pycache__ -prune -exec rm -rf {} +

$(INSTALLED): pyproject.toml cms/version.py requirements.txt | $(MADE)
	@echo "Installing the CMS in $(VENV) …"
	@$(INSTALL) --require-hashes --only-binary :all: --requirement requirements.txt
	@$(INSTALL_CMS)
	@touch $@

$(INSTALLED_DEV): pyproject.toml cms/version.py requirements-dev.txt | $(MADE)
	@echo "Installing the CMS and its development tools in $(VENV) …"
	@$(INSTALL) --require-hashes --only-binary :all: --requirement requirements-dev.txt
	@$(INSTALL_CMS)
	@touch $(INSTALLED) $@

# A candidate has to be run to know: pyenv leaves commands on the PATH that only fail, and Debian splits off ensurepip.
$(MADE):
	@enough='import sys; sys.exit(sys.version_info < (3, 11))'; \
	if $(BIN)/python -c "import pip; $$enough" 2>/dev/null; then touch $@; exit 0; fi; \
	incomplete=; \
	for python in $(if $(PYTHON),"$(PYTHON)",python3.14 python3.13 python3.12 python3.11 python3 python); do \
		"$$python" -c "$$enough" >/dev/null 2>&1 || continue; \
		if ! "$$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then \
			incomplete="$${incomplete:-$$python}"; \
			continue; \
		fi; \
		echo "Making a virtual environment in $(VENV) with $$("$$python" --version) …"; \
		"$$python" -m venv --clear $(VENV) && touch $@; \
		exit; \
	done; \
	if [ -n "$$incomplete" ]; then \
		echo "$$incomplete cannot make virtual environments: install its venv package (Debian, Ubuntu: apt-get install python3-venv)." >&2; \
	else \
		echo "No Python 3.11 or newer found: install one, or name it: make PYTHON=/path/to/python3" >&2; \
	fi; \
	exit 1
