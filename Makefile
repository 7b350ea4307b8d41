# Tasks. `make` lists them.

CARGO ?= cargo
LISTEN ?= 127.0.0.1:8080
DATA ?= ./data
SECONDS ?= 10
# A virtual environment and a directory of npm packages for the clients that the tests use; made by `make test`.
VENV := .venv
NODE := .node
export TIDEGAUGE_TEST_PYTHON := $(abspath $(VENV)/bin/python)
export TIDEGAUGE_TEST_NODE_MODULES := $(abspath $(NODE)/node_modules)

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the tasks
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

.PHONY: run
run: ## Build the server and start it on 127.0.0.1:8080 with ./data
	$(CARGO) run --release --locked -- serve --listen $(LISTEN) --data $(DATA)

.PHONY: build
build: ## Build the release binary
	$(CARGO) build --release --locked

.PHONY: page
page: ## Build the TypeScript client and the page, into the sources: commit what comes out
	npm ci --prefix sdk/typescript --ignore-scripts --no-audit --no-fund --loglevel=error
	npm run --prefix sdk/typescript generate
	npm run --prefix sdk/typescript check
	npm run --prefix sdk/typescript test
	npm ci --prefix dashboard --ignore-scripts --no-audit --no-fund --loglevel=error
	npm run --prefix dashboard check
	npm run --prefix dashboard test
	npm run --prefix dashboard build

.PHONY: test
test: lint $(VENV)/ready $(NODE)/ready ## Install what the tests need, lint, and run all tests
	tests/install-redis
	tests/install-postgres
	tests/run

.PHONY: lint
lint: ## Formatting, clippy and documentation, warnings as errors; licences when cargo-deny is there
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --locked --quiet
	@if command -v cargo-deny >/dev/null; then $(CARGO) deny check licenses bans sources; \
	else echo "cargo-deny is not installed: licences not checked"; fi

.PHONY: fuzz
fuzz: ## Fuzz every parser for SECONDS each (10); the first build takes long
	tests/install-fuzz
	fuzz/run $(SECONDS)

.PHONY: bench
bench: build ## Measure against the server's own limits, PostgreSQL, ClickHouse and DuckDB (about 15 minutes)
	bench/install-peers.sh
	$(CARGO) run --release --locked -p tidegauge-bench -- --server "$${CARGO_TARGET_DIR:-target}/release/tidegauge serve --listen {listen} --data {data}" $(BENCH)

.PHONY: format
format: ## Format the code
	$(CARGO) fmt --all

.PHONY: clean
clean: ## Remove what was built; the data stays
	$(CARGO) clean
	rm -rf $(VENV) $(NODE)

$(VENV)/ready: tests/python/requirements.txt
	tests/install-python $(VENV)
	touch $@

$(NODE)/ready: tests/node/package.json tests/node/package-lock.json
	tests/install-node $(NODE)
	touch $@
