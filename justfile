# What CI runs.
check:
    bash .ci/run

# Every attack, on every crypto backend, with a summary.
attacks:
    bash .ci/attacks

test:
    cargo test --workspace

# Each prints a table at the end.
bench:
    cargo bench -p auth-benches

# What auth-oidc promises, over sockets and under load, in three minutes. `just proof quick` takes one.
proof *words:
    cargo run --release -p auth-benches --bin oidc_proof {{words}}

# Servers under load: see interop/load for what it needs.
load:
    bash interop/load

# Tokens of PyJWT, joserfc and jose against both examples, tokens of auth-issuer against them, password hashes of
# passlib and pwdlib, real providers, and calls of grpcio.
interop:
    bash interop/run
    bash interop/issuer
    bash interop/grpc
    bash interop/passwords
    bash interop/oidc

# The docs pages of the login examples in Chromium.
browser:
    bash interop/browser

# Licences, sources and bans; needs `cargo install cargo-deny`.
deny:
    cargo deny check bans licenses sources

# Fuzz targets, 10 million runs of each: see fuzz/run for what it needs.
fuzz:
    bash fuzz/run

# Mutants of auth-core; needs `cargo install cargo-mutants`.
mutants:
    cargo mutants -p auth-core -e '**/rust_crypto.rs' -e '**/crypto/mod.rs' --timeout 120
