# What a person types. `make` alone lists it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help venv demo up test check soak clean lock

VENV := .venv
PYTHON := $(VENV)/bin/python
USER_STAMP := $(VENV)/.installed
DEV_STAMP := $(VENV)/.installed-dev
LOCKED := requirements.lock pyproject.toml
# Tests run far from UTC and from each other's order, so that neither can be relied on; they start hundreds of
# processes, which shall not compile Waybill again each time, whatever the shell says.
TEST_ENV := TZ=Pacific/Chatham PYTHONDONTWRITEBYTECODE=

help: ## List what there is to type
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: $(USER_STAMP) ## Make .venv with exactly the locked versions

demo: $(USER_STAMP) ## Carry a made-up shop's conversions to a local platform, once, and account for them
	@$(PYTHON) -W ignore -m waybill.airflow.demo

up: $(USER_STAMP) ## The same as a living system, with Airflow's UI, until Ctrl-C
	@$(PYTHON) -W ignore -m waybill.airflow.up

test: $(DEV_STAMP) ## Everything that CI checks
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/sqlfluff lint --processes 0 dbt_project
	$(VENV)/bin/yamllint --strict .
	$(TEST_ENV) $(PYTHON) -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

check: $(DEV_STAMP) ## The quick part of it: format, lint, types, unit tests
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(TEST_ENV) $(PYTHON) -m pytest tests/unit

MINUTES ?= 30
soak: $(DEV_STAMP) ## Seeded faults and kills on this machine for MINUTES=30, and whether the promise held
	@PYTHONPATH=tests:tests/integration/delivery $(PYTHON) -W ignore tests/faults/soak.py --minutes $(MINUTES)

lock: ## Resolve requirements.lock again from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
		--no-emit-index-url --no-annotate --no-header --quiet --output-file requirements.lock

clean: ## Remove the environment, caches and the sample home ./data
	rm -rf $(VENV) data .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dbt_project/target dbt_project/logs

# ---- the environment ------------------------------------------------------------------------------------------
# uv where there is one, else venv and pip. Nothing is done while lock and pyproject are older than the stamp.

$(PYTHON):
	@python="$$(.ci/find-python)"; \
	echo "Making $(VENV) with $$python"; \
	if command -v uv > /dev/null; then uv venv --quiet --allow-existing --python "$$python" $(VENV); \
	else "$$python" -m venv $(VENV); fi

$(USER_STAMP): $(LOCKED) | $(PYTHON)
	@$(call install,-e .)

$(DEV_STAMP): $(LOCKED) | $(PYTHON)
	@$(call install,-e .[dev])
	@touch $(USER_STAMP)

define install
	echo "Installing the locked versions into $(VENV) (about 800 MB the first time) ..."; \
	if command -v uv > /dev/null; then uv pip install --quiet --compile-bytecode --python $(PYTHON) -c requirements.lock $(1); \
	else $(PYTHON) -m pip install --quiet --disable-pip-version-check -c requirements.lock $(1); fi; \
	touch $@
endef
