.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
MARKED ?= not prove and not shared
# One more than there are cores: some tests wait for a server, a tick or a lock.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

.PHONY: help refresh test prove lint ui bench bench-peers lock clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

refresh: .venv/.ready  ## build or refresh the warehouse from etl.toml (the sample site at first)
	@$(BIN)/etl refresh

# Where bytecode may not be written, each of the workers and of the processes they start compiles all the code again.
test: .venv/.ready  ## run the tests, with a small twin of every proof (about eight minutes on two cores)
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal -m "$(MARKED)"

prove: .venv/.ready  ## run the proofs at full size (hours; ONLY=laws for one section, AGAIN=1 for those that passed too)
	@$(BIN)/python tests/prove.py $(ONLY) $(if $(AGAIN),--again)

lint: .venv/.ready  ## ruff, the type checker and the check of the Dagster definitions
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/dg check defs

.PHONY: docs
docs: .venv/.ready  ## write docs/checks.md and docs/dictionary.md from the checks and comments of the code
	@$(BIN)/python docs/make_checks.py
	@$(BIN)/python docs/make_dictionary.py

ui: .venv/.ready  ## open Dagster: runs, schedule, lineage
	@$(BIN)/etl ui

bench: .venv/.ready  ## measure anew and write benchmarks/RESULTS.md (half an hour; ALL=1 for a million posts and other programs, too)
	@$(BIN)/python -m benchmarks.run $(if $(ALL),--all)

bench-peers: .venv/.ready  ## install the programs that benchmarks compare with, below benchmarks/.peers
	@$(BIN)/python -m benchmarks.peers

lock:  ## choose dependency versions anew (needs uv)
	uv pip compile --quiet --universal --upgrade --generate-hashes --no-emit-index-url --no-header --no-strip-extras \
		--group dev pyproject.toml --output-file requirements.lock

clean:  ## remove everything that was built, the warehouse included
	rm -rf .venv warehouse/.work warehouse/.dagster warehouse/*.duckdb warehouse/*.duckdb.wal warehouse/report.html

.venv/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ": make PYTHON=python3.12 ...")'
	@echo "Setting up .venv (once: one to two minutes, 1.1 GB) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
