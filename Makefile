# postern: what a developer types. Everything needed is set up by scripts/setup.
.PHONY: demo test soak fuzz bench bench-smoke bench-soak bench-overload sqlx docs fmt setup-demo setup-test setup-bench bench-build

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
	$(MAKE) bench-smoke

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

# Postern beside Dovecot with Postfix, in one run (about 20 minutes): writes docs/performance.md and docs/performance/.
# BENCH_ROWS=submit,append measures those rows alone and keeps the others' figures; BENCH_FLAGS are the program's.
BENCH_ROWS ?=
BENCH_FLAGS ?=
BENCH = target/release/postern-bench --work target/bench-work

bench: bench-build
	$(BENCH) --postern target/release/postern --out docs --rows '$(BENCH_ROWS)' $(BENCH_FLAGS)

# Half an hour of 200 people; five minutes of five times as many clients as fit.
bench-soak: bench-build
	$(BENCH) --postern target/release/postern --out docs --rows soak --seconds 1800 $(BENCH_FLAGS)

bench-overload: bench-build
	$(BENCH) --postern target/release/postern --out docs --rows overload --seconds 300 $(BENCH_FLAGS)

# Every row once and small, with the debug build: whether both servers do what they are asked; no time is judged.
bench-smoke: setup-bench
	$(CARGO) build --locked
	cd tests/bench && $(CARGO) fmt --check && $(CARGO) clippy --locked --all-targets --target-dir ../../target -- -D warnings
	cd tests/bench && $(CARGO) test --locked --target-dir ../../target
	cd tests/bench && $(CARGO) build --locked --target-dir ../../target
	target/debug/postern-bench --work target/bench-smoke --postern target/debug/postern --smoke

bench-build: setup-bench
	$(CARGO) build --release --locked
	cd tests/bench && $(CARGO) build --release --locked --target-dir ../../target

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

setup-bench:
	@./scripts/setup bench
