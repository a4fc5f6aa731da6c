# What CI runs.
check:
    bash .ci/run

test:
    cargo test --workspace

# Prints a table of ratios at the end.
bench:
    cargo bench -p auth-benches --bench verify

# Tokens of PyJWT, joserfc and jose against both examples.
interop:
    bash interop/run

# Licences, sources and bans; needs `cargo install cargo-deny`.
deny:
    cargo deny check bans licenses sources
