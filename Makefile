# Everything a person does with Partner Desk, one word each. `make` alone lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8080
SHEETS_PORT ?= 8787
DESK_DATA ?= desk-data

.PHONY: help install run check test e2e data lock clean

help: ## list these commands
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

# A stamp per lock: nothing is installed again until the lock or the project changes.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
	  || { echo "Partner Desk needs Python 3.11 to 3.13; say which with: make PYTHON=python3.13 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: local/requirements.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --require-hashes -r local/requirements.txt
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: tests/requirements.txt $(VENV)/.run
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --require-hashes -r tests/requirements.txt
	@touch $@

install: $(VENV)/.run ## create .venv and install what the desk needs

run: $(VENV)/.run ## start the desk with sample data (PORT, SHEETS_PORT, DESK_DATA)
	@exec $(BIN)/desk run --data "$(DESK_DATA)" --port "$(PORT)" --sheets-port "$(SHEETS_PORT)" --demo

lock: $(VENV)/.dev ## write the three lock files again, newest versions
	@for lock in "layers/core/requirements.txt" "local/requirements.txt --extra local --group build" \
	  "tests/requirements.txt --extra local --group build --group dev"; do set -- $$lock; file=$$1; shift; \
	  $(BIN)/uv pip compile pyproject.toml "$$@" --universal --python-version 3.11 --generate-hashes \
	    --no-header --no-annotate --no-emit-index-url --quiet $(LOCK_FLAGS) --output-file $$file; done
