# Two commands matter: `make run` and `make test`. Everything they need is set up on the way.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
TESTS ?=
ARGS ?=
# The whole suite uses two cores; what is picked by hand runs in one process, so that -x, -s and --pdb do what they say.
SPREAD := $(if $(TESTS)$(ARGS),,-n 2 --dist loadgroup --no-loadscope-reorder)
QUICK := $(if $(filter quick,$(ONLY)),-m "not slow and not browser",)

.DEFAULT_GOAL := help
.PHONY: help setup assets run test check format bench logs clean

help: ## What can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

setup: ## The Python environment from the pinned constraints (the other targets call it)
	@$(PYTHON) -I nexapp/local/bootstrap.py $(VENV)

assets: setup ## The pages' styles, scripts and icons from their npm packages
	@$(PY) -m nexapp.local.assets

run: setup ## Everything on embedded defaults, at http://127.0.0.1:5000; Ctrl-C stops it
	@exec $(PY) app.py

test: assets ## All tests; ONLY=quick leaves out browser and long ones, TESTS=path picks some
	@CHROMIUM="$${CHROMIUM:-$$($(if $(QUICK),true,$(PY) -m nexapp.local.browser))}" \
		$(PY) -m pytest $(SPREAD) $(QUICK) $(ARGS) $(TESTS)

check: setup ## Style, types, direction of imports, templates and assets
	@$(PY) -m nexapp.local.check

format: setup ## Put the code into the one format
	@$(BIN)/ruff check --fix-only --quiet . ; $(BIN)/ruff format .

bench: assets ## The measurements of bench/
	@$(PY) -m bench $(ARGS)

logs: ## Follow the logs of what runs
	@tail -n 20 -F $${NEXAPP_DATA_DIR:-.nexapp}/logs/*.log

clean: ## Remove everything built, the embedded database too
	@$(PYTHON) -I nexapp/local/clean.py
