//! What a page of the guide shows: files, parts of them, commands and outputs.

/// A page of the guide.
pub struct Page {
    pub framework: &'static str,
    text: &'static str,
}

pub const PAGES: [Page; 2] = [
    Page { framework: "axum", text: include_str!("../../../docs/from-fastapi-axum.md") },
    Page { framework: "actix", text: include_str!("../../../docs/from-fastapi-actix.md") },
];

impl Page {
    /// The files to paste, by the path that follows `file=` behind the language.
    pub fn files(&self) -> Vec<(&'static str, &'static str)> {
        let blocks = self.blocks().into_iter();
        blocks.filter_map(|(kind, code)| Some((kind.split_once(" file=")?.1, code))).collect()
    }

    pub fn file(&self, path: &str) -> &'static str {
        let mut found = self.files().into_iter().filter(|(name, _)| *name == path);
        let (_, code) = found.next().unwrap_or_else(|| panic!("{} shows no {path}", self.framework));
        assert!(found.next().is_none(), "{} shows {path} twice", self.framework);
        code
    }

    /// The contents of all blocks of this kind: `rust` for parts of files, `bash` for requests, `text` for outputs.
    pub fn all(&self, kind: &str) -> Vec<&'static str> {
        self.blocks().into_iter().filter(|(of, _)| *of == kind).map(|(_, code)| code).collect()
    }

    fn blocks(&self) -> Vec<(&'static str, &'static str)> {
        let fences = self.text.split("```").skip(1).step_by(2);
        fences.map(|block| block.split_once('\n').unwrap()).collect()
    }

    /// The anchors of the numbered headings, as GitHub makes them.
    pub fn steps(&self) -> Vec<String> {
        let headings = self.text.lines().filter_map(|line| line.strip_prefix("## "));
        let numbered = headings.filter(|heading| heading.starts_with(|first: char| first.is_ascii_digit()));
        numbered.map(|heading| heading.to_lowercase().replace(' ', "-").replace('.', "")).collect()
    }

    /// What both frameworks have in common: from the first type to the state, which differs.
    pub fn shared(&self) -> &'static str {
        let main = self.file("src/main.rs");
        let begin = main.find("type Error = ").unwrap();
        let end = main.find("struct AppState").unwrap();
        let end = main[..end].rfind("\n\n").unwrap();
        &main[begin..end]
    }
}
