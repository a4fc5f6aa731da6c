//! The house rules on who may use whom, read off the imports of every crate: no file imports in a circle, a folder
//! of auth-core uses folders on lower floors only, and reading a key file is all the I/O there is.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The folders and files of auth-core and the floors that they are on. One may use lower floors, and itself.
///
/// It follows that `http` knows no verifier, `token` no refusal and `policy` no HTTP.
const FLOORS: [(&str, u8); 12] = [
    ("adapter", 5),
    ("authenticate", 4),
    ("jwt", 4),
    ("http", 3),
    ("verify", 3),
    ("policy", 3),
    ("token", 2),
    ("jwk", 2),
    ("key", 1),
    ("json", 1),
    ("clock", 1),
    ("open_names", 0),
];

/// Who must not use whom, though the floors would allow it: what verifies JWTs knows no request.
const NEVER: [(&str, &str); 1] = [("jwt", "http")];

/// The only file that reads a file.
const READS_KEY_FILES: &str = "jwt/key_sources";

/// What is I/O, a thread or a runtime, in paths as they are written.
const IO: [&str; 6] = ["std::fs", "std::net", "std::process", "std::thread", "tokio", "std::os"];

/// The folders that may name the crate `http`.
const KNOW_HTTP: [&str; 3] = ["adapter", "authenticate", "http"];

/// One crate's sources: module path (`jwt/verifier`; `jwt` for `jwt/mod.rs`; empty for `lib.rs`) to text.
type Sources = BTreeMap<String, String>;

fn sources(krate: &str) -> Sources {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(krate).join("src");
    let mut files = Vec::new();
    walk(&root, &mut files);
    let module = |file: &Path| {
        let path = file.strip_prefix(&root).unwrap().with_extension("").to_str().unwrap().replace('\\', "/");
        path.strip_suffix("/mod").unwrap_or(if path == "lib" { "" } else { &path }).to_owned()
    };
    files.iter().map(|file| (module(file), fs::read_to_string(file).unwrap())).collect()
}

/// Every path of the crate itself that the code names, written out from the crate's root: `jwt::verifier::JwtVerifier`.
fn paths(module: &str, source: &str) -> BTreeSet<String> {
    let code = without_comments_and_tests(source);
    let mut found = BTreeSet::new();
    for statement in code.split(';') {
        let statement = statement.trim_start();
        let Some(used) = statement
            .split_once("use ")
            .filter(|(before, _)| {
                before.is_empty() || before.trim_end().ends_with("pub") || before.ends_with(") ")
            })
            .map(|(_, used)| used)
        else {
            continue;
        };
        expand(used, "", &mut found);
    }
    // Paths in the middle of code.
    for (start, _) in code.match_indices("crate::") {
        if code.get(..start).is_some_and(|before| before.ends_with('$')) {
            continue;
        }
        let path: String = code
            .get(start..)
            .unwrap()
            .chars()
            .take_while(|character| character.is_alphanumeric() || "_:".contains(*character))
            .collect();
        found.insert(path.trim_end_matches(':').to_owned());
    }
    let depth: Vec<&str> = module.split('/').filter(|part| !part.is_empty()).collect();
    found.into_iter().filter_map(|path| absolute(&path, &depth)).collect()
}

/// `a::{b, c::d}` as `a::b` and `a::c::d`.
fn expand(used: &str, prefix: &str, found: &mut BTreeSet<String>) {
    let used = used.trim();
    match used.split_once('{') {
        Some((path, rest)) => {
            let inner = rest.rsplit_once('}').map_or(rest, |(inner, _)| inner);
            let (mut depth, mut start) = (0, 0);
            let prefix = format!("{prefix}{}", path.trim());
            for (index, character) in inner.char_indices().chain([(inner.len(), ',')]) {
                match character {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        expand(inner.get(start..index).unwrap(), &prefix, found);
                        start = index + 1;
                    }
                    _ => {}
                }
            }
        }
        None if used.is_empty() => {}
        None => {
            let name = used.split_whitespace().next().unwrap_or_default();
            found.insert(format!("{prefix}{name}").trim_end_matches("::self").to_owned());
        }
    }
}

/// Written from the crate's root, if it is a path of the crate.
fn absolute(path: &str, module: &[&str]) -> Option<String> {
    let mut base: Vec<&str> = Vec::new();
    let mut rest = path;
    if let Some(of_crate) = path.strip_prefix("crate::") {
        rest = of_crate;
    } else if let Some(of_self) = path.strip_prefix("self::") {
        base = module.to_vec();
        rest = of_self;
    } else if path.starts_with("super::") {
        base = module.to_vec();
        while let Some(of_super) = rest.strip_prefix("super::") {
            base.pop();
            rest = of_super;
        }
    } else {
        return None;
    }
    base.extend(rest.split("::"));
    Some(base.join("::"))
}

fn without_comments_and_tests(source: &str) -> String {
    let code = source.split("#[cfg(test)]\n").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The file in which a path ends: tables of contents (`mod.rs`, `lib.rs`) are looked through.
fn file_of(path: &str, sources: &Sources) -> Option<String> {
    let parts: Vec<&str> = path.split("::").collect();
    for length in (0..=parts.len()).rev() {
        let module = parts.get(..length)?.join("/");
        if let Some(source) = sources.get(&module) {
            let Some(item) = parts.get(length) else { return Some(module) };
            let named = |path: &&String| path.rsplit("::").next() == Some(item);
            let elsewhere = paths(&module, source).into_iter().find(|path| named(&path));
            return match elsewhere.filter(|other| is_contents(&module, sources) && other != path) {
                Some(elsewhere) => file_of(&elsewhere, sources),
                None => Some(module),
            };
        }
    }
    None
}

/// Whether it is a `mod.rs` or the `lib.rs`, or holds parts in a folder of its name. One that holds its tests there and
/// nothing else is a file as any other.
fn is_contents(module: &str, sources: &Sources) -> bool {
    let (folder, tests) = (format!("{module}/"), format!("{module}/tests"));
    module.is_empty() || sources.keys().any(|other| other.starts_with(&folder) && *other != tests)
}

/// Which file uses which; tables of contents, which only name what they hold, are left out.
fn uses(sources: &Sources) -> BTreeMap<String, BTreeSet<String>> {
    let of_file = |(module, source): (&String, &String)| {
        let used = paths(module, source).into_iter().filter_map(|path| file_of(&path, sources));
        (module.clone(), used.filter(|used| used != module && !is_contents(used, sources)).collect())
    };
    sources.iter().filter(|(module, _)| !is_contents(module, sources)).map(of_file).collect()
}

/// A circle of imports, if there is one.
fn circle(uses: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    fn visit(
        file: &String,
        uses: &BTreeMap<String, BTreeSet<String>>,
        way: &mut Vec<String>,
        done: &mut BTreeSet<String>,
    ) -> Option<Vec<String>> {
        if let Some(start) = way.iter().position(|earlier| earlier == file) {
            return way.get(start..).map(<[String]>::to_vec);
        }
        if done.contains(file) {
            return None;
        }
        way.push(file.clone());
        for used in uses.get(file).into_iter().flatten() {
            if let Some(circle) = visit(used, uses, way, done) {
                return Some(circle);
            }
        }
        way.pop();
        done.insert(file.clone());
        None
    }
    let mut done = BTreeSet::new();
    uses.keys().find_map(|file| visit(file, uses, &mut Vec::new(), &mut done))
}

/// What is wrong with the floors of auth-core.
fn arrows_up(sources: &Sources) -> Vec<String> {
    let folder = |module: &str| module.split('/').next().unwrap_or_default().to_owned();
    let floor = |module: &str| FLOORS.into_iter().find(|(name, _)| *name == folder(module)).map(|(_, f)| f);
    let mut faults = Vec::new();
    for (file, used) in uses(sources) {
        let Some(ours) = floor(&file) else {
            faults.push(format!("{file} is on no floor"));
            continue;
        };
        for used in used {
            let (from, to) = (folder(&file), folder(&used));
            let is_forbidden = NEVER.contains(&(&from, &to));
            if is_forbidden || from != to && floor(&used).is_none_or(|theirs| theirs >= ours) {
                faults.push(format!("{file} (floor {ours}) uses {used}"));
            }
        }
    }
    for (file, source) in sources {
        let code = without_comments_and_tests(source);
        for io in IO.iter().filter(|io| code.contains(*io)) {
            if !(file == READS_KEY_FILES && *io == "std::fs") {
                faults.push(format!("{file} names {io}"));
            }
        }
        let names_http =
            ["use http::", " http::", "(http::", "<http::"].iter().any(|name| code.contains(name));
        if names_http && !file.is_empty() && !KNOW_HTTP.contains(&folder(file).as_str()) {
            faults.push(format!("{file} names the crate http"));
        }
    }
    faults
}

#[test]
fn no_file_imports_in_a_circle() {
    for krate in [
        "auth-core",
        "auth-tower",
        "auth-axum",
        "auth-actix",
        "auth-oidc",
        "auth-issuer",
        "auth-api-keys",
        "auth-testing",
        "auth-utoipa",
    ] {
        let uses = uses(&sources(krate));
        assert_eq!(circle(&uses), None, "{krate}");
    }
}

#[test]
fn no_arrow_runs_up() {
    let sources = sources("auth-core");
    assert!(sources.len() > 40, "the sources were found");
    assert_eq!(arrows_up(&sources), Vec::<String>::new());
    // That something was read: these are known.
    let uses = uses(&sources);
    for (file, used) in [
        ("authenticate/judge", "http/sources/find"),
        ("http/sources/find", "http/bearer"),
        ("authenticate/authenticator", "authenticate/judge"),
        ("jwt/verifier", "verify/cache"),
        ("adapter/extract", "authenticate/extract"),
        ("token/claim_query", "json"),
        ("policy/rule", "token/verified"),
    ] {
        assert!(uses.get(file).is_some_and(|found| found.contains(used)), "{file} uses {used}");
    }
}

/// The rules have to be able to fail.
#[test]
fn what_is_forbidden_is_found() {
    let with = |file: &str, line: &str| {
        let mut sources = sources("auth-core");
        let source = sources.get_mut(file).unwrap();
        *source = format!("{line}\n{source}");
        sources
    };
    for (file, line) in [
        ("http/bearer", "use crate::verify::verifier::TokenVerifier;"),
        ("http/rejection", "use crate::authenticate::setup::Setup;"),
        ("token/verified", "use crate::http::{bearer::BearerToken, rejection::Rejection};"),
        ("token/verified", "use crate::Rejection;"),
        ("token/verified", "fn of() -> crate::http::rejection::Rejection { todo!() }"),
        ("policy/policy", "use crate::http::reason::Reason;"),
        ("policy/policy", "use http::StatusCode;"),
        ("jwt/verifier", "use crate::http::head::RequestHead;"),
        ("jwt/verifier", "use crate::authenticate::judge;"),
        ("verify/chain", "use crate::jwt::verifier::JwtVerifier;"),
        ("authenticate/judge", "use crate::adapter::Answer;"),
        ("key/pem", "use std::fs;"),
        ("jwt/key_sources", "use std::net::TcpStream;"),
        ("authenticate/setup", "use tokio::runtime::Handle;"),
    ] {
        assert!(!arrows_up(&with(file, line)).is_empty(), "{file}: {line}");
    }
    for (file, line) in [
        ("jwt/header", "use super::verifier::JwtVerifier;"),
        ("authenticate/caller", "use super::authenticated::Authenticated;"),
        ("authenticate/findings", "use super::guard::Guard;"),
        ("key/crypto/aws_lc", "use crate::key::verification_key::VerificationKey;"),
        ("token/claim_path", "use crate::token::claim_query::Steps;"),
    ] {
        assert!(circle(&uses(&with(file, line))).is_some(), "{file}: {line}");
        assert!(circle(&uses(&with(file, &format!("// {line}")))).is_none(), "only a comment");
    }
}
