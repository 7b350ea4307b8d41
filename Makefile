# Tasks. `make` lists them.

CARGO ?= cargo
LISTEN ?= 127.0.0.1:8080
DATA ?= ./data
SECONDS ?= 10
# A virtual environment and a directory of npm packages for the clients that the tests use; made by `make test`.
VENV := .venv
NODE := .node
# What the page and the TypeScript client are built with: npm writes these files last.
PAGE := sdk/typescript/node_modules/.package-lock.json dashboard/node_modules/.package-lock.json
# A newer node than the system's, where tests/install-npm has put one.
export PATH := $(abspath .node-runtime/node_modules/.bin):$(PATH)
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
page: $(PAGE) ## Build the TypeScript client and the page, into the sources: commit what comes out
	npm run --prefix sdk/typescript generate
	npm run --prefix dashboard build
	tests/page-is-built

.PHONY: screenshots
screenshots: build $(NODE)/ready ## Take the pictures in docs/images from the page with the demo's data
	tests/install-chromium
	tests/screenshots

.PHONY: test
test: lint $(VENV)/ready $(NODE)/ready $(PAGE) ## Install what the tests need, lint, and run all tests
	tests/install-redis
	tests/install-postgres
	tests/install-chromium
	tests/page-is-built
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
	rm -rf $(VENV) $(NODE) .node-runtime dashboard/node_modules sdk/typescript/node_modules

$(VENV)/ready: tests/python/requirements.txt
	tests/install-python $(VENV)
	touch $@

$(NODE)/ready: tests/node/package.json tests/node/package-lock.json
	tests/install-node $(NODE)
	touch $@

%/node_modules/.package-lock.json: %/package.json %/package-lock.json
	tests/install-npm
	npm ci --prefix $* --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@
