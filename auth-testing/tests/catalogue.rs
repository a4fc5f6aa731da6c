//! The table of attacks in the docs says what is there.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::Path;

use auth_core::Algorithm;
use auth_testing::conformance::{Case, Fixture, SeenTokens, cases};

/// The attacks on what exists by now; the others concern parts that are to come.
fn applicable() -> impl Iterator<Item = u16> {
    (1..=91).chain(101..=104)
}

fn rows() -> Vec<Vec<&'static str>> {
    let table = include_str!("../src/conformance/catalogue.md");
    let rows = table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| number"));
    rows.map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect()).collect()
}

fn number(row: &[&str]) -> u16 {
    row[0].parse().unwrap()
}

#[test]
fn every_attack_has_one_row() {
    let numbers: Vec<_> = rows().iter().map(|row| number(row)).collect();
    assert_eq!(numbers, applicable().collect::<Vec<_>>());
}

#[test]
fn what_is_said_to_be_tried_over_a_socket_is() {
    let total = applicable().count();
    let fixture = Fixture::new(Algorithm::EdDsa);
    let mut tried: BTreeSet<_> = cases(&fixture).iter().filter_map(Case::attack).collect();
    tried.extend(SeenTokens::ATTACKS);
    let said: BTreeSet<_> =
        rows().iter().filter(|row| row[3].contains("over a socket")).map(|row| number(row)).collect();
    println!("summary: catalogue: {total} attacks, {} of them tried over a socket", tried.len());
    assert_eq!(said, tried);
}

#[test]
fn every_attack_stands_near_a_request_that_is_accepted() {
    let fixture = Fixture::new(Algorithm::EdDsa);
    let cases = cases(&fixture);
    let attacks: BTreeSet<_> = cases.iter().filter_map(Case::attack).collect();
    for attack in attacks {
        let of_attack = || cases.iter().filter(|case| case.attack() == Some(attack));
        assert!(of_attack().any(Case::must_be_accepted), "{attack}");
        // 6 and 20 are about what must be accepted.
        assert!(of_attack().any(|case| !case.must_be_accepted()) || [6, 20].contains(&attack), "{attack}");
    }
}

#[test]
fn the_tests_that_are_named_exist() {
    for row in rows() {
        // What stands between backticks: a file, a test in it, and so on.
        let named: Vec<_> = row[3].split('`').skip(1).step_by(2).collect();
        assert!(named.len() % 2 == 0, "{row:?}");
        assert!(row[3].contains("over a socket") || !named.is_empty(), "{row:?} is tried nowhere");
        for pair in named.chunks(2) {
            let (file, function) = (pair[0], pair[1]);
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
            let source = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
            assert!(source.contains(&format!("fn {function}(")), "{file} has no {function}");
        }
    }
}
