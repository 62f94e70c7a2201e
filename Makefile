# On a bare machine with some Python >= 3.12, git and make: `make demo` and `make test` set everything up themselves.
.DEFAULT_GOAL := help
.PHONY: help environment demo ui test check test-system chaos chaos-cubes scale published bench docs lock clean
bin := .venv/bin

help: ## show these lines
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' Makefile | awk -F'|' '{printf "%-20s %s\n", $$1, $$2}'

environment: ## make .venv from requirements.lock (the other targets call it)
	@PYTHON="$(PYTHON)" sh make/environment.sh

demo: environment ## run two built-in products through a real Dagster daemon against the sandbox
	@$(bin)/eo-pipeline demo

ui: environment ## start the sandbox and Dagster's UI on the demo's products, until Ctrl-C
	@exec $(bin)/eo-pipeline ui

test: environment ## run the tests that need nothing but this folder
	@$(bin)/python -m pytest -m "not system" -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

check: environment ## format, lint, types, floors
	$(bin)/ruff format --check .
	$(bin)/ruff check .
	$(bin)/mypy
	$(bin)/lint-imports

test-system: environment ## run the tests that need Chromium and Postgres (installs them with apt-get)
	@sh make/debian_packages.sh
	@$(bin)/python -m pytest -m system -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

chaos: environment ## kill the real services 50 times at random while everything else goes wrong: make chaos ARGS="--seed 7"
	@exec $(bin)/python -m eo_pipeline_tests.chaos $(ARGS)

chaos-cubes: environment ## kill writers of a cube, their workers and its store while they write (ARGS="--seed 7 --store local|s3|gcs")
	@exec $(bin)/python -m eo_pipeline_tests.chaos_cubes $(ARGS)

scale: environment ## 10,000 partitions through real Dagster processes, and what that costs (an hour; ARGS=--help)
	@sh make/debian_packages.sh
	@exec $(bin)/python -m eo_pipeline_tests.scale $(ARGS)

published: environment ## the two published examples of fast downloads, whole, on the sandbox (an hour; ARGS=--help)
	@exec $(bin)/python -m eo_pipeline_tests.published $(ARGS)

bench: environment ## list the benchmarks, or run one: make bench NAME=chain_overhead
	@$(bin)/python -m benchmarks $(NAME)

docs: environment ## write the tables in docs/ anew from the code
	@$(bin)/python -m eo_pipeline_tests.docs

lock: ## write requirements.lock anew (needs uv; UPGRADE=1 takes newer versions)
	@UV="$(UV)" UPGRADE="$(UPGRADE)" sh make/lock.sh

clean: ## remove the environment and everything that was made here
	rm -rf .venv .cache .eo build dist
