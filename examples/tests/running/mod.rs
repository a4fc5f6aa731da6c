//! Starts the examples as processes of their own.

#![allow(dead_code, unreachable_pub, reason = "not every test uses all of it")]

pub mod login;

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use auth_testing::conformance::{self, Answer};

pub const PROTECTED: [&str; 2] = ["axum_protected", "actix_protected"];
pub const TONIC: &str = "tonic_protected";
pub const RBAC: [&str; 2] = ["axum_rbac", "actix_rbac"];
pub const OIDC: [&str; 2] = ["axum_oidc", "actix_oidc"];
pub const LOGIN: [&str; 2] = ["axum_login", "actix_login"];

/// `cargo test --workspace` builds the examples before it runs any test, and puts them here.
pub fn example(name: &str) -> Command {
    let mut folder = std::env::current_exe().unwrap();
    folder.pop();
    folder.pop();
    let program = folder.join("examples").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.exists(),
        "{} is not there: run `cargo build --workspace --examples` first, or all tests of the workspace",
        program.display()
    );
    let mut command = Command::new(program);
    for variable in
        ["ISSUER", "AUDIENCE", "SECRET", "SECRET_ALGORITHM", "JWKS_FILE", "DATABASE", "DEMO", "OPEN"]
    {
        command.env_remove(format!("AUTH_{variable}"));
    }
    command.env("AUTH_LISTEN", "127.0.0.1:0");
    command
}

/// An example that runs until this is dropped.
pub struct Running {
    pub child: Child,
    stdout: BufReader<ChildStdout>,
    pub address: SocketAddr,
}

impl Running {
    pub fn start(command: Command) -> Self {
        Self::logging(command, Stdio::null())
    }

    pub fn logging(mut command: Command, log: Stdio) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap_or_else(|| panic!("{line}"));
        let address = address.parse().unwrap();
        Self { child, stdout, address }
    }

    /// The printed lines that begin with `curl`.
    pub fn curl_lines(&mut self, count: usize) -> Vec<String> {
        let lines = self.stdout.by_ref().lines().map(Result::unwrap);
        lines.filter(|line| line.starts_with("curl ")).take(count).collect()
    }

    /// All that it prints at its start.
    pub fn announcement(&mut self) -> String {
        let lines = self.stdout.by_ref().lines().map(Result::unwrap);
        lines.take_while(|line| line != "Ctrl-C stops it.").collect::<Vec<_>>().join("\n")
    }

    /// The lines of the next mail that it prints. Waits for one.
    pub fn mail(&mut self) -> Vec<String> {
        let mut lines = self.stdout.by_ref().lines().map(Result::unwrap);
        let mut mail: Vec<String> =
            lines.by_ref().skip_while(|line| !line.starts_with("To: ")).take(1).collect();
        mail.insert(0, String::new());
        for line in lines {
            let is_last = line.ends_with("do nothing.");
            mail.push(line);
            if is_last {
                break;
            }
        }
        mail
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Does what `curl -i http://address/path [-X METHOD] [-H 'Name: value']... [-d 'body'] # status` would do, at
/// this address instead.
pub fn paste(line: &str, printed: SocketAddr, address: SocketAddr) -> (u16, Answer) {
    let (command, status) = line.rsplit_once(" # ").unwrap();
    let rest = command.strip_prefix(&format!("curl -i http://{printed}")).unwrap();
    let (path, options) = rest.split_once(' ').unwrap_or((rest, ""));
    let (mut method, mut fields, mut body) = ("GET", String::new(), "");
    let mut options = options;
    while let Some((option, rest)) = options.split_once(' ') {
        let (value, rest) = match rest.strip_prefix('\'') {
            Some(quoted) => quoted.split_once('\'').unwrap(),
            None => rest.split_once(' ').unwrap_or((rest, "")),
        };
        match option {
            "-X" => method = value,
            "-H" => fields += &format!("{value}\r\n"),
            "-d" => body = value,
            _ => panic!("{option} in {line}"),
        }
        options = rest.trim_start();
    }
    assert!(options.is_empty(), "{line}");
    if !body.is_empty() {
        fields += &format!("Content-Length: {}\r\n", body.len());
    }
    let request =
        format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{fields}\r\n{body}");
    (status.parse().unwrap(), conformance::send(address, request.as_bytes()).unwrap())
}

pub fn temporary_path(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("auth-examples-{}-{name}", std::process::id()))
}

pub fn temporary_file(name: &str, contents: &str) -> PathBuf {
    let path = temporary_path(name);
    std::fs::write(&path, contents).unwrap();
    path
}
