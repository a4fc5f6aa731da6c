//! The committed inputs, on stable. Their verdicts are noted, so that every crypto backend is held to the
//! same ones.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use auth_fuzz::TARGETS;

#[test]
fn the_corpus_keeps_its_verdicts() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut summary = String::new();
    for (name, target) in TARGETS {
        let mut inputs: Vec<_> =
            fs::read_dir(corpus.join(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
        inputs.sort();
        assert!(inputs.len() >= 10, "{name} has no corpus");
        let mut verdicts = BTreeMap::<_, usize>::new();
        let mut noted = String::new();
        for path in &inputs {
            let verdict = target(&fs::read(path).unwrap());
            writeln!(noted, "{} {verdict}", path.file_name().unwrap().display()).unwrap();
            *verdicts.entry(verdict).or_default() += 1;
        }
        assert!(verdicts.len() > 1, "{name} has one verdict only");
        insta::assert_snapshot!(name, noted);
        write!(summary, "{}{name} {}", if summary.is_empty() { "" } else { ", " }, inputs.len()).unwrap();
    }
    println!("summary: fuzz corpus replayed: {summary}");
}
