# Two commands matter: `make up` and `make test`.
SHELL := /bin/bash
VENV := .venv
export DIALUP_HOME ?= $(CURDIR)/.dialup
# bytecode makes every start a second faster
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help up images test check bench pictures clean

help: ## Show this
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: ## Install what is missing and start a whole server here (PORT=…, DIALUP_HOME=…)
	@scripts/install run
	@exec $(VENV)/bin/dialup up

images: ## Build what containers are made of, before the first `make up` (Docker, root)
	@scripts/install run
	@$(VENV)/bin/dialup images build

test: ## Run everything: style, types, tests, browser
	@scripts/install test
	@scripts/test

check: ## Style and types only
	@scripts/install test
	@scripts/check

bench: ## Measure it all and write docs/benchmarks.md (ROUNDS=5, ONLY=hub_start,gogc)
	@scripts/install test
	@$(VENV)/bin/python -m benchmarks $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(ONLY),--only $(ONLY))

pictures: ## Make the documentation's pictures from the real product
	@scripts/install test
	@$(VENV)/bin/python scripts/pictures.py

clean: ## Remove what make made, but not your data (DIALUP_HOME)
	@rm -rf $(VENV) dialup_ext/labextension labextension/lib labextension/node_modules artefacts
