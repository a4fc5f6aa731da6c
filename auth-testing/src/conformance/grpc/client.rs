//! Makes calls as they are written down, which a client that knows gRPC would tidy up.

use std::net::SocketAddr;

use bytes::{Buf as _, Bytes};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Version};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use percent_encoding::percent_decode_str;
use tokio::net::TcpStream;
use tokio::runtime;
use tokio::time::timeout;

use crate::conformance::client::{Answer, Failure, HANGS, OF_THE_SERVER};

/// A message without fields: not compressed, and no bytes long.
const EMPTY_MESSAGE: [u8; 5] = [0; 5];

/// How many messages go to a method that takes a stream of them.
const STREAMED: usize = 2;

/// Makes the call that these bytes stand for: a request of HTTP/1.1 with the path of a method.
pub(super) fn call(address: SocketAddr, request: &[u8]) -> Result<Answer, Failure> {
    let broken = |error: &dyn std::fmt::Display| Failure::Broken(error.to_string());
    let call = Call::parse(request).map_err(Failure::Broken)?;
    let runtime =
        runtime::Builder::new_current_thread().enable_all().build().map_err(|error| broken(&error))?;
    runtime.block_on(async {
        let answered = timeout(HANGS, call.send(address));
        answered.await.map_err(|_| Failure::Hangs)?.map_err(Failure::Broken)
    })
}

/// A call, with the fields that it has.
pub(super) struct Call {
    path: String,
    fields: HeaderMap,
}

impl Call {
    /// Reads it from the bytes of a request of HTTP/1.1.
    pub(super) fn parse(request: &[u8]) -> Result<Self, String> {
        let mut parsed_fields = [httparse::EMPTY_HEADER; 32];
        let mut parsed = httparse::Request::new(&mut parsed_fields);
        parsed.parse(request).map_err(|error| error.to_string())?;
        let mut fields = HeaderMap::new();
        for field in parsed.headers.iter() {
            let name = field.name.to_ascii_lowercase();
            // Neither is sent over HTTP/2.
            if !["host", "connection"].contains(&&*name) {
                let name: HeaderName = name.parse().map_err(|_| format!("{name} is no name of a field"))?;
                fields.append(name, field_value(field.value)?);
            }
        }
        let path = parsed.path.unwrap_or_default().to_owned();
        Ok(Self { path, fields })
    }

    async fn send(self, address: SocketAddr) -> Result<Answer, String> {
        let stream = TcpStream::connect(address).await.map_err(|error| format!("no connection: {error}"))?;
        let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
        let (mut sender, connection) = handshake.await.map_err(|error| format!("no HTTP/2: {error}"))?;
        // It ends with the runtime.
        tokio::spawn(connection);
        let request = self.request(address)?;
        let response = sender.send_request(request).await.map_err(|error| format!("no answer: {error:?}"))?;
        read(response).await
    }

    fn request(self, address: SocketAddr) -> Result<Request<Full<Bytes>>, String> {
        let method = self.path.split('?').next().unwrap_or_default();
        let is_streamed = ["/Upload", "/Chat"].iter().any(|streamed| method.ends_with(streamed));
        let body = EMPTY_MESSAGE.repeat(if is_streamed { STREAMED } else { 1 });
        let builder = Request::post(format!("http://{address}{}", self.path)).version(Version::HTTP_2);
        let mut request = builder.body(Full::new(body.into())).map_err(|error| error.to_string())?;
        request.headers_mut().insert("content-type", field_value(b"application/grpc")?);
        request.headers_mut().insert("te", field_value(b"trailers")?);
        request.headers_mut().extend(self.fields);
        Ok(request)
    }
}

/// Fails if HTTP/2 cannot carry it.
fn field_value(bytes: &[u8]) -> Result<HeaderValue, String> {
    HeaderValue::from_bytes(bytes).map_err(|error| error.to_string())
}

async fn read(response: Response<Incoming>) -> Result<Answer, String> {
    let (head, body) = response.into_parts();
    let body = body.collect().await.map_err(|error| format!("the answer breaks off: {error:?}"))?;
    let trailers = body.trailers().cloned().unwrap_or_default();
    let body = body.to_bytes();
    let mut headers = head.headers;
    let is_grpc =
        headers.get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
    if !is_grpc {
        let body = String::from_utf8_lossy(&body).into_owned();
        return Ok(Answer { status: head.status.as_u16(), headers: sorted(&headers), body });
    }
    if head.status != 200 {
        return Err(format!("HTTP status {} of gRPC", head.status));
    }
    let in_head = headers.contains_key("grpc-status");
    if in_head && !(body.is_empty() && trailers.is_empty()) {
        return Err("something follows after the status".to_owned());
    }
    for (name, value) in &trailers {
        headers.append(name, value.clone());
    }
    let mut take =
        |name: &str| headers.remove(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let status = take("grpc-status").ok_or("there is no grpc-status")?;
    let status: u16 = status.parse().map_err(|_| format!("grpc-status is {status:?}"))?;
    let message = take("grpc-message").unwrap_or_default();
    let body = match status {
        0 => messages(body)?.join("\n"),
        _ if !in_head => return Err(format!("status {status} is not in the header fields")),
        _ => percent_decode_str(&message).decode_utf8_lossy().into_owned(),
    };
    Ok(Answer { status, headers: sorted(&headers), body })
}

/// Names in lower case and values of the fields that matter.
fn sorted(fields: &HeaderMap) -> Vec<(String, String)> {
    let of_answer = fields.iter().filter(|(name, _)| !OF_THE_SERVER.contains(&name.as_str()));
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let mut sorted: Vec<_> = of_answer.map(|(name, value)| (name.to_string(), text(value))).collect();
    sorted.sort();
    sorted
}

/// The only field of each message.
fn messages(mut body: Bytes) -> Result<Vec<String>, String> {
    let mut messages = Vec::new();
    while !body.is_empty() {
        let (compressed, length) = (body.try_get_u8(), body.try_get_u32());
        let (Ok(0), Ok(length)) = (compressed, length) else {
            return Err("a message has no sound prefix".to_owned());
        };
        let length = usize::try_from(length).map_err(|error| error.to_string())?;
        if length > body.len() {
            return Err("a message ends too early".to_owned());
        }
        let message = body.split_to(length);
        // Field 1, with bytes; its length has one byte, since all messages here are short.
        match message.split_at_checked(2) {
            Some((&[0x0a, length], text)) if usize::from(length) == text.len() && length < 0x80 => {
                messages.push(String::from_utf8_lossy(text).into_owned());
            }
            _ => return Err(format!("no message with one short text: {message:?}")),
        }
    }
    Ok(messages)
}
