//! A connection, from its first request to its end.

use std::io::{self, ErrorKind};
use std::net::TcpStream;
use std::sync::atomic::AtomicBool;

use http::StatusCode;

use super::answer::{Answer, Manner, Pace};
use super::request::{RequestReader, keeps_alive};
use super::site::Site;

/// Answers requests until either side closes the connection.
pub(crate) fn serve(stream: &TcpStream, site: &Site, ended: &AtomicBool) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = RequestReader::new(stream);
    loop {
        let request = match reader.read() {
            Ok(Some(request)) => request,
            Ok(None) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                let pace = Pace { clock: &site.clock, start: site.clock.elapsed(), ended };
                return Answer::empty(StatusCode::BAD_REQUEST).close().send(stream, &pace);
            }
            Err(error) => return Err(error),
        };
        // Looked up before the request counts: a test that has seen the count may move the clock.
        let pace = Pace { clock: &site.clock, start: site.clock.elapsed(), ended };
        let answer = site.answer(&request);
        if answer.manner == Manner::Never {
            reader.read_to_the_end();
            return Ok(());
        }
        if !keeps_alive(&request) {
            return answer.close().send(stream, &pace);
        }
        answer.send(stream, &pace)?;
    }
}
