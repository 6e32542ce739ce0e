# postern: what a developer types. Everything needed is set up by scripts/setup.
.PHONY: demo test soak fuzz sqlx docs fmt setup-demo setup-test

# Empty unless the caller sets it: cargo's own.
CARGO ?= cargo
DEMO_DIR ?= demo

demo: setup-demo
	$(CARGO) build --release --locked
	./target/release/postern demo --dir $(DEMO_DIR)

# Format, lints, licences, query data, then every test; the closing lines are cargo's.
test: setup-test
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	./scripts/deny
	./scripts/sqlx-data --check
	$(CARGO) test --locked

# Long forms of the tests that have a short seeded one: kills; twenty clients on one mailbox for half an hour; a
# million malformed messages; IMAP against its model. The gateways of the long ones are of the release build.
SOAK = POSTERN_BINARY=target/release/postern $(CARGO) test --locked --test it -- --nocapture

soak: setup-test
	POSTERN_KILLS=50 $(CARGO) test --locked --test it -- --nocapture kills::
	$(CARGO) build --release --locked
	POSTERN_MINUTES=30 $(SOAK) imap_many_clients::
	POSTERN_MALFORMED=1000000 $(SOAK) imap_malformed::
	POSTERN_CASES=1000 POSTERN_HISTORIES=2000 $(SOAK) imap_model::

# Each target for FUZZ_SECONDS (default ten minutes).
fuzz: setup-test
	./scripts/fuzz

# Writes .sqlx anew from the migrations and the queries in src/store.
sqlx: setup-test
	./scripts/sqlx-data --write

# The sample and the page of settings, from src/config/settings.rs.
docs:
	$(CARGO) run --quiet -- config example > config/postern.toml.new
	$(CARGO) run --quiet -- config manual > docs/config.md.new
	mv config/postern.toml.new config/postern.toml
	mv docs/config.md.new docs/config.md

setup-demo:
	@./scripts/setup demo

setup-test:
	@./scripts/setup test
