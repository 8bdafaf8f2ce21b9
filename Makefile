# Every command sets up what it needs by itself; `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.complete

.DEFAULT_GOAL := help
.PHONY: help setup demo up test check bench proofs requirements

help: ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

$(VENV)/.run: requirements.txt pyproject.toml
	@$(PYTHON) .ci/supported.py
	@echo "Setting up $(VENV) (packages with pinned hashes)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

setup: $(VENV)/.run ## Make .venv with the command newswatch in it

demo: setup ## Watch a newsroom of sample feeds: articles in, one alert per story out
	@$(BIN)/newswatch demo $(ARGS)

up: setup ## Start everything on this machine with your feeds and watchlists
	@$(BIN)/newswatch up

check: $(VENV)/.dev ## Formatting, lint, types, import contracts, spelling
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy .
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/codespell

test: check ## All checks, then all tests
	@$(BIN)/python -m pytest --numprocesses 3

bench: $(VENV)/.dev ## Benchmarks (quality, speed, growth); they print tables and fail on nothing
	@for each in $$(find tests/benchmarks -name 'bench_*.py' | sort); do echo "== $$each"; $(BIN)/python $$each || exit 1; done

proofs: $(VENV)/.dev ## The long form of every kill, outage and drill; writes docs/proofs/
	@NEWSWATCH_TEST_PROOFS=1 $(BIN)/python -m pytest -p no:randomly -s tests/system tests/contract/test_stream_kills.py \
		tests/contract/test_stream_rebalance.py tests/contract/test_kafka_away.py tests/contract/test_alerts_worker.py

requirements: ## Pin requirements anew, with hashes (needs the command uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --extra build pyproject.toml -o requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --extra build --extra dev pyproject.toml -c requirements.txt -o requirements-dev.txt
