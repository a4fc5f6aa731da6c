use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A server on 127.0.0.1 that gives the same answer to every request, one for each connection, and remembers the heads
/// of requests. Ends with the test's runtime.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) async fn plain(answer: impl Into<Vec<u8>>) -> Self {
        Self::start(None, None, answer.into()).await
    }

    pub(crate) async fn tls(acceptor: TlsAcceptor, answer: impl Into<Vec<u8>>) -> Self {
        Self::start(None, Some(acceptor), answer.into()).await
    }

    /// A proxy that answers a `CONNECT` by 200 and plays the server behind the tunnel.
    pub(crate) async fn tunnel(
        proxy: Option<TlsAcceptor>,
        server: TlsAcceptor,
        answer: impl Into<Vec<u8>>,
    ) -> Self {
        Self::start(Some(proxy), Some(server), answer.into()).await
    }

    async fn start(proxy: Option<Option<TlsAcceptor>>, tls: Option<TlsAcceptor>, answer: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self { address: listener.local_addr().unwrap(), heads: Arc::default() };
        let heads = server.heads.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (heads, proxy, tls, answer) = (heads.clone(), proxy.clone(), tls.clone(), answer.clone());
                tokio::spawn(async move {
                    let mut stream: Box<dyn Stream> = Box::new(stream);
                    if let Some(proxy) = proxy {
                        stream = accept(proxy, stream).await?;
                        let head = head(&mut stream).await?;
                        heads.lock().unwrap().push(head);
                        stream.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await.ok()?;
                    }
                    stream = accept(tls, stream).await?;
                    let head = head(&mut stream).await?;
                    heads.lock().unwrap().push(head);
                    stream.write_all(&answer).await.ok()?;
                    stream.shutdown().await.ok()
                });
            }
        });
        server
    }

    pub(crate) fn url(&self, scheme: &str, host: &str, path: &str) -> String {
        format!("{scheme}://{host}:{}{path}", self.address.port())
    }

    /// The heads of the requests so far, in lower case.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    pub(crate) fn head(&self) -> String {
        let heads = self.heads();
        assert_eq!(heads.len(), 1, "{heads:?}");
        heads[0].clone()
    }
}

pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

async fn accept(tls: Option<TlsAcceptor>, stream: Box<dyn Stream>) -> Option<Box<dyn Stream>> {
    Some(match tls {
        Some(tls) => Box::new(tls.accept(stream).await.ok()?),
        None => stream,
    })
}

/// `None` if the client leaves before its head is complete.
pub(crate) async fn head(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8(head).unwrap().to_lowercase())
}

/// An answer 200 with this body and its length.
pub(crate) fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// An answer 200 with these chunks (RFC 9112, section 7.1).
pub(crate) fn chunked(chunks: &[&str]) -> String {
    let mut answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned();
    for chunk in chunks {
        answer += &format!("{:x}\r\n{chunk}\r\n", chunk.len());
    }
    answer + "0\r\n\r\n"
}
