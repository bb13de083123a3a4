# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

export PATH := $(CURDIR)/.venv/bin:$(PATH)
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.cache/collections
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup demo demo-down test check lint format unit integration sanity molecule bench production-schema build clean

# Majors of PostgreSQL for `make unit` and `make integration`; `make test` takes them all.
PG_MAJORS ?= 15,18
# What `make bench` measures: domainflow, large, or compare with its own names; see tests/bench/run.py
BENCH ?=
# More arguments for pytest: make unit ARGS="-k session -x"
ARGS ?=

help: ## this list
	@grep -hE '^[a-z%-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z%-]+):.*## /\1\t/' | expand -t 22

setup: ## the virtual environment and whatever the tests need
	@scripts/setup test

demo: ## deploy DomainFlow to a private cluster in .local/
	@scripts/demo

demo-down: ## stop and remove that cluster
	@scripts/demo-down

test: ## everything: lint, tests on all majors, sanity, packaging, molecule
	@scripts/setup test
	@scripts/run_tests all

check: ## the fast part for the working loop: lint and tests on PostgreSQL 15 and 18
	@scripts/setup test
	@scripts/run_tests check

lint: ## ruff, mypy, yamllint, ansible-lint, changelog
	@scripts/setup
	@scripts/run_tests lint

format: ## format the Python files
	@scripts/setup
	@ruff check --fix --exit-zero --quiet .
	@ruff format .

unit: ## tests/unit
	@scripts/setup test
	@PG_MAJORS=$(PG_MAJORS) pytest -n 2 --dist=worksteal tests/unit $(ARGS)

integration: ## tests/integration
	@scripts/setup test
	@PG_MAJORS=$(PG_MAJORS) pytest -n 2 --dist=worksteal tests/integration $(ARGS)

sanity: ## ansible-test sanity
	@scripts/setup test
	@scripts/run_tests sanity

molecule: ## every molecule scenario
	@scripts/setup test
	@scripts/run_tests molecule

molecule-%: ## one scenario
	@scripts/setup test
	@scripts/run_tests molecule=$*

bench: ## measure against psql; BENCH=large, BENCH=compare (other tools), BENCH="compare large"
	@scripts/setup test
	@python tests/bench/run.py $(BENCH)
	@$(if $(BENCH),true,python tests/bench/fleet.py)

production-schema: ## generate files/sql/production_schema_v3.sql from schema.sql and its data
	@scripts/setup
	@python scripts/production_schema

build: ## domainflow-database-VERSION.tar.gz
	@scripts/setup
	@ansible-galaxy collection build --force

clean: ## caches, the virtual environment, built files (not the demo: make demo-down)
	@rm -rf .venv .cache .ansible tests/output domainflow-database-*.tar.gz
	@find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
