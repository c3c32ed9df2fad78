# Two commands do everything: `make scenarios` and `make test`. See `make help`.
#   ARGS="-k nginx"       more arguments for pytest
#   KUBERNETES=1.34.4     exactly this Kubernetes version (else 1.37.2, or a released 1.37)
#   NODE_IMAGE=name       a kind node image to use as it is

ARGS ?=
KUBERNETES ?=
NODE_IMAGE ?=
export KUBERNETES NODE_IMAGE

# The newest Python from 3.11 on; PYTHON=/path/to/python names one.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$name" -c '$(NEW_ENOUGH)' 2>/dev/null && { echo "$$name"; exit; }; done; echo python3)
PYTEST := .venv/bin/pytest --hostnet-scenarios
SOURCES := pytest_hostnet bootstrap nodeimage

.PHONY: help scenarios test setup check clean clean-all
.DEFAULT_GOAL := help
.NOTPARALLEL:

help: ## show this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

scenarios: setup ## set everything up, then run the scenarios
	@$(PYTEST) $(ARGS)

test: setup check ## set everything up, check the code, run all tests and scenarios
	@$(PYTEST) tests scenarios $(ARGS)

setup: ## everything that the scenarios need, each part only where it is missing
	@$(PYTHON) -m bootstrap

check: .venv/.stamp ## style, types, layers and workflows
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy --strict $(SOURCES)
	.venv/bin/lint-imports
	.venv/bin/zizmor --offline --quiet .github/workflows
	.venv/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	.venv/bin/check-jsonschema --schemafile scenarios/schema.json scenarios/*/scenario.yaml

.venv/.stamp: requirements.lock pyproject.toml
	@$(PYTHON) -m bootstrap --only-python
	@touch $@

clean: ## forget the Python environment and what was decided about images
	rm -rf .venv .bootstrap.json .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	@$(PYTHON) -m bootstrap --forget

clean-all: clean ## and delete the cache of compiled binaries and root file systems
	@$(PYTHON) -m bootstrap --forget-all
