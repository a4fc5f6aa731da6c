//! A server on tonic, and calls of it.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "not every test uses all of it")]

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use auth_examples_greeter::Greeting;
use auth_examples_greeter::greeter_server::{Greeter, GreeterServer};
use auth_tonic::{
    AuthLayer, Authenticated, Authenticator, MaybeAuthenticated, Policy, RequestExt as _, Scope,
};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_stream::{Stream, StreamExt as _};
use tonic::service::{Routes, RoutesBuilder};
use tonic::transport::Server;
use tonic::{Request, Response, Status, Streaming};

pub const ORDERS_READ: Scope = Scope::from_static("orders:read");

type Greetings = Pin<Box<dyn Stream<Item = Result<Greeting, Status>> + Send>>;
type Answer = Result<Response<Greeting>, Status>;

/// Counts how often a handler has run.
#[derive(Clone, Default)]
pub struct Service {
    pub handled: Arc<AtomicUsize>,
}

impl Service {
    fn handle(&self) {
        self.handled.fetch_add(1, Ordering::Relaxed);
    }

    pub fn handled(&self) -> usize {
        self.handled.load(Ordering::Relaxed)
    }
}

pub fn greeting(message: String) -> Greeting {
    Greeting { message }
}

#[tonic::async_trait]
impl Greeter for Service {
    async fn public(&self, _: Request<Greeting>) -> Answer {
        self.handle();
        Ok(Response::new(greeting("Hello, anyone".to_owned())))
    }

    async fn protected(&self, request: Request<Greeting>) -> Answer {
        self.handle();
        let user: Authenticated = request.extract()?;
        Ok(Response::new(greeting(format!("Hello {}", user.subject()))))
    }

    async fn optional(&self, request: Request<Greeting>) -> Answer {
        self.handle();
        let MaybeAuthenticated(user): MaybeAuthenticated = request.extract()?;
        Ok(Response::new(greeting(match user {
            Some(user) => format!("Hello {}", user.subject()),
            None => "Hello, stranger".to_owned(),
        })))
    }

    async fn orders(&self, request: Request<Greeting>) -> Answer {
        self.handle();
        let user: Authenticated = request.extract()?;
        Ok(Response::new(greeting(format!("Orders of {}", user.subject()))))
    }

    async fn admin(&self, request: Request<Greeting>) -> Answer {
        self.handle();
        let user: Authenticated = request.extract()?;
        user.require(&Policy::role("admin"))?;
        Ok(Response::new(greeting(format!("Hello admin {}", user.subject()))))
    }

    type DownloadStream = Greetings;

    async fn download(&self, request: Request<Greeting>) -> Result<Response<Greetings>, Status> {
        self.handle();
        let user: Authenticated = request.extract()?;
        let hello = greeting(format!("Hello {}", user.subject()));
        Ok(Response::new(Box::pin(tokio_stream::iter(vec![Ok(hello); 3]))))
    }

    async fn upload(&self, request: Request<Streaming<Greeting>>) -> Answer {
        self.handle();
        let user: Authenticated = request.extract()?;
        let mut greetings = request.into_inner();
        let mut count = 0;
        while greetings.message().await?.is_some() {
            count += 1;
        }
        Ok(Response::new(greeting(format!("{count} greetings of {}", user.subject()))))
    }

    type ChatStream = Greetings;

    async fn chat(&self, request: Request<Streaming<Greeting>>) -> Result<Response<Greetings>, Status> {
        self.handle();
        let user: Authenticated = request.extract()?;
        let hello = greeting(format!("Hello {}", user.subject()));
        let answers = request.into_inner().map(move |greeting| greeting.map(|_| hello.clone()));
        Ok(Response::new(Box::pin(answers)))
    }
}

/// The guard that `conformance` asks for.
pub fn guard(authenticator: Authenticator) -> AuthLayer {
    AuthLayer::new(authenticator)
        .open("greeter.v1.Greeter/Public")
        .unwrap()
        .optional_for("greeter.v1.Greeter/Optional")
        .unwrap()
        .require_for("greeter.v1.Greeter/Orders", Policy::scope(ORDERS_READ))
        .unwrap()
}

/// All services that the tests call: the greeter, reflection and health.
pub fn routes(service: &Service) -> Routes {
    let mut routes = RoutesBuilder::default();
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(auth_examples_greeter::FILE_DESCRIPTOR_SET);
    let (_, health) = tonic_health::server::health_reporter();
    routes.add_service(GreeterServer::new(service.clone()));
    routes.add_service(reflection.build_v1().unwrap());
    routes.add_service(health);
    routes.routes()
}

/// Serves until the test ends.
pub async fn serve(layer: AuthLayer, routes: Routes) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    // The longest token of the suite has more bytes than a server takes by default.
    let server = Server::builder().http2_max_header_list_size(64 * 1024).layer(layer).add_routes(routes);
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    address
}

/// Serves, and runs `client` beside it.
pub async fn serving<T: Send + 'static>(
    layer: AuthLayer,
    routes: Routes,
    client: impl FnOnce(SocketAddr) -> T + Send + 'static,
) -> T {
    let address = serve(layer, routes).await;
    tokio::task::spawn_blocking(move || client(address)).await.unwrap()
}
