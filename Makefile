# Everything a person does with Partner Desk, one word each. `make` alone lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8080
SHEETS_PORT ?= 8787
DESK_DATA ?= desk-data
# The default of Runtime in template.yaml: byte-code is made by the very version that runs it.
RUNTIME := python3.13

.PHONY: help install run check test e2e data lock package clean

help: ## list these commands
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

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
	@exec $(BIN)/desk --data "$(DESK_DATA)" run --port "$(PORT)" --sheets-port "$(SHEETS_PORT)" --demo

check: $(VENV)/.dev ## lint, types, architecture, dead code, template, docs
	$(BIN)/python .ci/locks.py
	$(BIN)/python .ci/make_data.py --check
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/codespell
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/vulture
	$(BIN)/python -m console.reference --check
	$(BIN)/cfn-lint template.yaml

# The business is covered whole; 3.13 is tested where one runs, and the run says when not.
test: $(VENV)/.dev ## every test but the browser's, on 2 cores
	$(BIN)/pytest -n 2 --cov --cov-report=
	$(BIN)/coverage report --skip-covered --fail-under=100 --include='layers/core/partnerdesk/domain/*,layers/core/partnerdesk/usecases/*'
	$(BIN)/coverage report --skip-covered
	@if python3.13 -c '' 2>/dev/null; then $(MAKE) --no-print-directory test-313; \
	  else echo "Python 3.13 does not run here: tested on this Python alone."; fi

.PHONY: test-313
test-313:
	$(MAKE) --no-print-directory PYTHON=python3.13 VENV=.venv-313 .venv-313/.dev
	.venv-313/bin/pytest -n 2

e2e: $(VENV)/.dev ## stories and pages in a real browser (needs chromium)
	$(BIN)/pytest -m "e2e and not aws"

data: $(VENV)/.dev ## write countries, holidays and mail domains again
	$(BIN)/python .ci/make_data.py

lock: $(VENV)/.dev ## write the lock files again; LOCK_FLAGS=--upgrade takes newer versions
	$(BIN)/python .ci/locks.py --write $(LOCK_FLAGS)

package: $(VENV)/.dev ## build what AWS runs (needs the SAM CLI, and python3.13 or Docker)
	@command -v sam >/dev/null || { echo "make package needs the AWS SAM CLI: https://docs.aws.amazon.com/serverless-application-model/"; exit 1; }
	$(BIN)/cfn-lint template.yaml
	sam build --template-file template.yaml $(SAM_FLAGS)
	@if $(RUNTIME) -c '' 2>/dev/null; then $(RUNTIME) .ci/package.py .aws-sam/build $(RUNTIME); \
	  else $(BIN)/python .ci/package.py .aws-sam/build $(RUNTIME); fi

clean: ## remove what was installed and built; your data stays
	rm -rf .venv .venv-313 build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.*
