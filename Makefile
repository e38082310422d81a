# The targets of the project; `make` lists them.

.DEFAULT_GOAL := help
.SILENT:

PYTHON ?= python3

.PHONY: help
help: ## List the targets
	awk -F ':.*## ' '/^[a-z][a-z-]*:.*## /{printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: venv
venv: ## Create .venv with the pinned tools
	$(PYTHON) local/aws venv

.PHONY: up
up: ## Start the local AWS
	$(PYTHON) local/aws up

.PHONY: down
down: ## Stop the local AWS
	$(PYTHON) local/aws down

.PHONY: local-test
local-test: venv ## Test the local AWS itself
	.venv/bin/python -m pytest local/tests -q

.PHONY: demo
demo: ## Build everything, deploy it into the local AWS and show the result
	$(PYTHON) local/demo.py

.PHONY: demo-down
demo-down: ## Stop the demo; nothing is left running
	$(PYTHON) local/demo.py down

.PHONY: build
build: ## Build the functions with SAM (ARCHITECTURE=arm64 or x86_64; this machine's by default)
	$(PYTHON) local/demo.py build $(ARCHITECTURE)

.PHONY: lint
lint: venv ## Check formats, lints and templates
	cargo fmt --check
	cargo clippy --locked --all-targets -- --deny warnings
	.venv/bin/cfn-lint template.yaml examples/*.yaml examples/central-findings/*.yaml examples/organization/*.yaml

.PHONY: unit
unit: ## Run the Rust tests
	cargo test --locked

.PHONY: test
test: lint unit local-test e2e ## Everything CI runs

.PHONY: bench
bench: venv ## Measure the built function beside its peers (see benches/README.md)
	.venv/bin/python benches/run.py

SECONDS ?= 600
.PHONY: fuzz
fuzz: ## Fuzz every target for SECONDS=600 (needs cargo-fuzz, see fuzz/README.md)
	for target in $$(cargo fuzz list); do \
	  mkdir -p fuzz/target/found/$$target; \
	  cargo fuzz run --sanitizer none $$target fuzz/target/found/$$target fuzz/corpus/$$target -- \
	    -max_total_time=$(SECONDS) -timeout=10 || exit 1; \
	done

# Each process tests in a local AWS of its own; files stay whole, since their tests share what they deploy. The command line
# is built together with the Rust tests: by itself it has other features, and every crate would be compiled once more.
WORKERS ?= 2
.PHONY: e2e
e2e: venv build ## Test the built functions and the command line in the local AWS (WORKERS=2 processes)
	cargo build --locked --bin ecr-steward --test it
	.venv/bin/python -m pytest tests/e2e -q -n $(WORKERS) --dist loadfile

.PHONY: long
long: venv build ## Test what takes many minutes, and print its figures
	.venv/bin/python -m pytest tests/e2e -q -s -m long
