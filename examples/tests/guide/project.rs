//! A new project, as a reader makes one out of a page.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use super::page::Page;

/// Of every test here.
pub const SECRET: &str = "NlXE6I695qwkqL9jViyKGxFxSI-WuSmw";

/// The files of a page in a folder of their own.
pub struct Project {
    folder: PathBuf,
    target: PathBuf,
    pub program: PathBuf,
}

impl Project {
    /// Writes the files as they stand. Only where the clone of this repository lies is told otherwise.
    pub fn paste(page: &Page) -> Self {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guide").join(page.framework);
        std::fs::create_dir_all(folder.join("src")).unwrap();
        for (path, contents) in page.files() {
            let mut contents = contents.to_owned();
            if path == "Cargo.toml" {
                let clone = format!("\"{}/", repository.display());
                // The folder is inside the workspace, and no member.
                contents = contents.replace("\"../auth/", &clone) + "\n[workspace]\n";
            }
            std::fs::write(folder.join(path), contents).unwrap();
        }
        // The versions that everything else here is tested with, so that nothing is downloaded.
        std::fs::copy(repository.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
        // With the profile of the workspace, and in its target directory: what is built already is not built again.
        let workspace = std::fs::read_to_string(repository.join("Cargo.toml")).unwrap();
        let profile = workspace.find("[profile.dev.package]").unwrap();
        let end = workspace.find("[profile.release]").unwrap();
        std::fs::write(folder.join("profile.toml"), &workspace[profile..end]).unwrap();
        let target = std::env::current_exe().unwrap().ancestors().nth(3).unwrap().to_owned();
        let program = folder.join(format!("app{}", std::env::consts::EXE_SUFFIX));
        Self { folder, target, program }
    }

    /// Builds the program. Both pages have the same name for it, so it is moved away.
    pub fn build(&self) {
        self.cargo(&["build"]);
        let built = self.target.join("debug").join(self.program.file_name().unwrap());
        std::fs::copy(built, &self.program).unwrap();
    }

    /// Runs the tests of the page, and returns what they print.
    pub fn test(&self) -> String {
        let Output { stdout, stderr, .. } = self.cargo(&["test", "--", "--nocapture"]);
        String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr)
    }

    fn cargo(&self, arguments: &[&str]) -> Output {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        let output = cargo
            .current_dir(&self.folder)
            .args(["--config", "profile.toml"])
            .arg(arguments[0])
            .args(["--offline", "--color", "never"])
            .args(&arguments[1..])
            .env("CARGO_TARGET_DIR", &self.target)
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        let stdout = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success(),
            "{}: cargo {arguments:?}\n{stdout}\n{stderr}",
            self.folder.display()
        );
        assert!(!stderr.contains("warning: `app`"), "{stderr}");
        output
    }

    /// What the program prints if it does not start.
    pub fn failure(&self, secret: Option<&str>) -> String {
        let mut program = Command::new(&self.program);
        match secret {
            Some(secret) => program.env("AUTH_SECRET", secret),
            None => program.env_remove("AUTH_SECRET"),
        };
        let output = program.env("AUTH_LISTEN", "127.0.0.1:0").output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    }
}

/// The program of a page, until this is dropped.
pub struct Running {
    child: Child,
    pub address: SocketAddr,
}

impl Running {
    pub fn start(project: &Project) -> Self {
        let mut program = Command::new(&project.program);
        program.env("AUTH_SECRET", SECRET).env("AUTH_LISTEN", "127.0.0.1:0");
        let mut child = program.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap_or_else(|| panic!("{line}"));
        Self { child, address: address.parse().unwrap() }
    }

    /// Pastes the requests of a page into bash. Returns each line that says a status, with what curl printed for it.
    pub fn paste(&self, page: &Page) -> Vec<(String, String)> {
        let commands = page.all("bash").concat().replace("127.0.0.1:3000", &self.address.to_string());
        let curl = env!("CARGO_BIN_EXE_curl-stand-in");
        let (mut script, mut lines) = (format!("curl() {{ {curl:?} \"$@\"; }}\n"), Vec::new());
        for line in commands.lines() {
            if line.starts_with("curl -i ") {
                lines.push(line.to_owned());
                script += &format!("printf '\\x1e'\n{line}\n");
            } else {
                script += &format!("{line}\n");
            }
        }
        let mut bash = Command::new("bash");
        bash.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut bash = bash.spawn().expect("the commands of the guide need bash");
        bash.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        let mut printed = String::new();
        bash.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
        assert!(bash.wait().unwrap().success());
        let printed: Vec<_> = printed.split('\x1e').skip(1).map(str::to_owned).collect();
        assert_eq!(printed.len(), lines.len(), "{printed:?}");
        lines.into_iter().zip(printed).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
