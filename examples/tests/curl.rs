//! Does what `curl` does with the options that the guide uses, so that its test needs no curl.

use std::env;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::ExitCode;

use auth_examples::exit_code;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A request, as the options describe it.
#[derive(Default)]
struct Request {
    url: String,
    method: Option<String>,
    fields: String,
    body: String,
    /// Of `-F`, which no other body goes with.
    form: String,
    shows_head: bool,
}

const BOUNDARY: &str = "Boundary-of-this-form";
const FORM: &str = "Content-Type: application/x-www-form-urlencoded";

impl Request {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, Box<dyn std::error::Error>> {
        let mut request = Self::default();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{argument} has no value"));
            match argument.as_str() {
                "-i" => request.shows_head = true,
                "-s" => {}
                "-X" => request.method = Some(value()?),
                "-H" => request.fields += &format!("{}\r\n", value()?),
                "-u" => request.fields += &format!("Authorization: Basic {}\r\n", STANDARD.encode(value()?)),
                "-d" => request.body = value()?,
                "-F" => {
                    let part = value()?;
                    let (name, value) = part.split_once('=').ok_or("-F has no value")?;
                    request.form += &format!(
                        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
                    );
                }
                url if url.starts_with("http://") => url.clone_into(&mut request.url),
                other => return Err(format!("{other} is no option of this stand-in for curl").into()),
            }
        }
        Ok(request)
    }

    /// Returns the whole response.
    fn send(&self) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
        let url = self.url.strip_prefix("http://").ok_or("there is no URL")?;
        let (address, path) = url.find('/').map_or((url, "/"), |start| url.split_at(start));
        let form = format!("{}--{BOUNDARY}--\r\n", self.form);
        let (body, kind) = match (self.form.is_empty(), self.body.is_empty()) {
            (false, _) => (&form, format!("Content-Type: multipart/form-data; boundary={BOUNDARY}")),
            (true, false) => (&self.body, FORM.to_owned()),
            (true, true) => (&self.body, String::new()),
        };
        let is_typed = self.fields.to_ascii_lowercase().contains("content-type:");
        let kind = if kind.is_empty() || is_typed { String::new() } else { kind + "\r\n" };
        let length =
            if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let method = self.method.as_deref().unwrap_or(if body.is_empty() { "GET" } else { "POST" });
        let fields = &self.fields;
        let mut stream = TcpStream::connect(address)?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{fields}{kind}{length}\r\n{body}"
        )?;
        let mut response = Vec::new();
        stream.read_to_end(&mut response)?;
        Ok(response)
    }
}

fn main() -> ExitCode {
    let run = || -> Result<(), Box<dyn std::error::Error>> {
        let request = Request::parse(env::args().skip(1))?;
        let response = request.send()?;
        let end_of_head =
            response.windows(4).position(|window| window == b"\r\n\r\n").ok_or("no response")?;
        let start = if request.shows_head { 0 } else { end_of_head + 4 };
        std::io::stdout().write_all(response.get(start..).unwrap_or_default())?;
        Ok(())
    };
    exit_code(run())
}
