# Every target is one line of what it does; `make help` prints them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
BIN := .venv/bin
UV := $(BIN)/uv
ONCE ?=
MAP ?=
SERVICES := compliance dispatch planner tracking
NEEDS := meshkit/pyproject.toml $(SERVICES:%=services/%/pyproject.toml) clients/cli/pyproject.toml clients/day/pyproject.toml clients/web/server/pyproject.toml deploy/pyproject.toml
PROTOS := $(shell find protos -name '*.proto' -not -path '*/gen*') protos/hatch_build.py protos/pyproject.toml

.PHONY: help run test check fmt env lock protos breaking bench k8s soak clean

help:  ## this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

run: env  ## play a working day in a real city (ONCE=1: whole day at full speed; MAP=FILE.osm.pbf: your city)
	@$(BIN)/python -m clients.day $(if $(ONCE),--once) $(if $(MAP),--map "$(MAP)")

test: env  ## everything that must hold, with the time of each suite
	@$(BIN)/python -m tests.run all

check: env  ## format, types, layers, contracts, tidiness
	@$(BIN)/python -m tests.run check

fmt: env  ## format and sort imports
	$(BIN)/ruff format -q . && $(BIN)/ruff check -q --fix .

# A Debian without python3-venv cannot make environments; uv, fetched beside, can.
$(UV):
	@python3 -m venv .venv 2>/dev/null && $(BIN)/pip install -q --disable-pip-version-check uv==0.13.9 || \
	{ rm -rf .venv && python3 -m pip install -q --target .uv uv==0.13.9 && .uv/bin/uv venv -q .venv && \
	.uv/bin/uv pip install -q -p $(BIN)/python uv==0.13.9 && rm -rf .uv; } || \
	{ echo "neither venv nor pip works here: apt-get install python3-venv" >&2; rm -rf .venv .uv; exit 1; }

.venv/synced: $(UV) requirements-dev.lock
	@echo "installing the locked environment ..." && $(UV) pip sync -q requirements-dev.lock && touch $@

.venv/protos: .venv/synced $(PROTOS)
	@echo "compiling the contracts ..." && $(UV) pip install -q --no-deps --no-build-isolation -e protos && touch $@

# The command imports from the tree, as everything here does; an image sets PYTHONPATH instead.
$(BIN)/doorstep: .venv/synced
	@printf '#!/bin/sh\nPYTHONPATH=%s exec %s/$(BIN)/python -m clients.cli "$$@"\n' "$(CURDIR)" "$(CURDIR)" > $@ && chmod +x $@

env: .venv/protos $(BIN)/doorstep  ## the environment, exactly as locked, with the contracts compiled

protos: env  ## compile the contracts into protos/gen

lock: $(UV)  ## renew the hashed locks (no registry address is written)
	$(UV) pip compile -q --no-header --generate-hashes requirements-dev.in $(NEEDS) -o requirements-dev.lock
	for s in $(SERVICES); do $(UV) pip compile -q --no-header --generate-hashes -c requirements-dev.lock meshkit/pyproject.toml services/$$s/pyproject.toml -o services/$$s/requirements.lock || exit 1; done

k8s: env  ## render the cluster's manifests into deploy/k8s/generated, and check them
	$(BIN)/python -m deploy.k8s && $(BIN)/python -m pytest -q tests/deploy

bench: env  ## measure roads, the store, late deliveries and breaks on this machine (minutes)
	$(BIN)/python -m services.planner.adapters.roads.measure clients/day/city/helsinki.osm.pbf 100 500
	$(BIN)/python -m pytest -q -s -m bench meshkit services
	$(BIN)/python -m tests.benchmarks.events && $(BIN)/python -m tests.benchmarks.breaks

soak: env  ## the long tests
	$(BIN)/python -m pytest -q -m soak

clean:  ## forget the state of the local mesh (keeps the environment)
	rm -rf .doorstep
