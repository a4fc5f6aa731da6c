//! One request and its response on one connection.

use std::pin::pin;

use bytes::{Bytes, BytesMut};
use futures_util::future::{Either, select};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Request, Response, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;

use super::fault::{broken, forbidden};
use super::stream::{Connection, Form};
use super::target::Target;
use crate::{FetchError, FetchErrorKind};

/// Bounds the headers of a response, and what of its body is read ahead.
const READ_BUFFER: usize = 64 * 1024;

pub(super) async fn exchange(
    connection: Connection,
    target: &Target<'_>,
    request: Request<Bytes>,
    max: usize,
) -> Result<Response<Bytes>, FetchError> {
    let failed = |error: hyper::Error| broken(target.name, error);
    let request = prepare(request, &connection.form)?;
    let (mut sender, driver) = http1::Builder::new()
        .max_buf_size(READ_BUFFER)
        .handshake(TokioIo::new(connection.stream))
        .await
        .map_err(failed)?;
    let answer = async move {
        let (head, body) = sender.send_request(request).await.map_err(failed)?.into_parts();
        Ok(Response::from_parts(head, read(target, body, max).await?))
    };
    // The connection is driven here and not by a task, so that it ends with this future.
    match select(pin!(answer), pin!(driver)).await {
        Either::Left((answer, _)) => answer,
        Either::Right((_, answer)) => answer.await,
    }
}

fn prepare(mut request: Request<Bytes>, form: &Form) -> Result<Request<Full<Bytes>>, FetchError> {
    let uri = request.uri().clone();
    let host = uri.authority().map_or("", |authority| authority.as_str());
    let host = HeaderValue::from_str(host).map_err(|error| forbidden(format!("{uri}: {error}")))?;
    complete(request.headers_mut(), host);
    match form {
        Form::Origin => {
            let path = uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
            *request.uri_mut() = Uri::from(path);
        }
        Form::Absolute(None) => {}
        Form::Absolute(Some(authorization)) => {
            request.headers_mut().insert(header::PROXY_AUTHORIZATION, authorization.clone());
        }
    }
    Ok(request.map(Full::new))
}

fn complete(headers: &mut HeaderMap, host: HeaderValue) {
    headers.insert(header::HOST, host);
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    // A body that has to be unpacked may be a thousand times as long as it looks.
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.entry(header::ACCEPT).or_insert(HeaderValue::from_static("application/json"));
    let agent = HeaderValue::from_static(concat!("auth-oidc/", env!("CARGO_PKG_VERSION")));
    headers.entry(header::USER_AGENT).or_insert(agent);
}

async fn read(target: &Target<'_>, mut body: Incoming, max: usize) -> Result<Bytes, FetchError> {
    let too_large = || {
        let text = format!("the body from {} has more than the {max} bytes allowed", target.name);
        FetchError::new(FetchErrorKind::TooLarge, text)
    };
    // What `Content-Length` says; nothing if there is none.
    if body.size_hint().lower() > u64::try_from(max).unwrap_or(u64::MAX) {
        return Err(too_large());
    }
    let mut read = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| broken(target.name, error))?;
        let Some(data) = frame.data_ref() else { continue };
        if data.len() > max - read.len() {
            return Err(too_large());
        }
        read.extend_from_slice(data);
    }
    Ok(read.freeze())
}
