//! Protected gRPC methods on tonic: `cargo run --example tonic_protected`.

use std::error::Error;
use std::pin::Pin;
use std::process::ExitCode;

use auth_examples::{Settings, asked_to_stop, exit_code, log_to_stderr, variable};
use auth_examples_greeter::greeter_server::{Greeter, GreeterServer};
use auth_examples_greeter::{FILE_DESCRIPTOR_SET, Greeting};
use auth_tonic::{
    AuthLayer, Authenticated, Authenticator, MaybeAuthenticated, Policy, RequestExt as _, Scope,
};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_stream::{Stream, StreamExt as _};
use tonic::transport::Server;
use tonic::{Request, Response, Status, Streaming};

mod lines;

const ORDERS_READ: Scope = Scope::from_static("orders:read");

/// The longest token of the conformance suite has more bytes than a server takes by default, which are 16 KiB.
const MAX_METADATA_BYTES: u32 = 64 * 1024;

/// What is open if `AUTH_OPEN` does not name other services and methods, separated by commas.
const OPEN: &str = "grpc.health.v1.Health";

/// What the methods that are named demand. All others demand a good token: reflection too.
fn guard(authenticator: Authenticator) -> Result<AuthLayer, Box<dyn Error>> {
    let guard = AuthLayer::new(authenticator)
        .open("greeter.v1.Greeter/Public")?
        .optional_for("greeter.v1.Greeter/Optional")?
        .require_for("greeter.v1.Greeter/Orders", Policy::scope(ORDERS_READ))?;
    let open = variable("AUTH_OPEN")?.unwrap_or_else(|| OPEN.to_owned());
    Ok(open.split(',').try_fold(guard, AuthLayer::open)?)
}

struct Greetings;

type ManyGreetings = Pin<Box<dyn Stream<Item = Result<Greeting, Status>> + Send>>;

#[tonic::async_trait]
impl Greeter for Greetings {
    async fn public(&self, _: Request<Greeting>) -> Result<Response<Greeting>, Status> {
        Ok(greeting("Hello, anyone"))
    }

    async fn protected(&self, request: Request<Greeting>) -> Result<Response<Greeting>, Status> {
        let user: Authenticated = request.extract()?;
        Ok(greeting(&format!("Hello {}", user.subject())))
    }

    async fn optional(&self, request: Request<Greeting>) -> Result<Response<Greeting>, Status> {
        let MaybeAuthenticated(user): MaybeAuthenticated = request.extract()?;
        match user {
            Some(user) => Ok(greeting(&format!("Hello {}", user.subject()))),
            None => Ok(greeting("Hello, stranger")),
        }
    }

    async fn orders(&self, request: Request<Greeting>) -> Result<Response<Greeting>, Status> {
        let user: Authenticated = request.extract()?; // its scope is what the layer demands
        Ok(greeting(&format!("Orders of {}", user.subject())))
    }

    async fn admin(&self, request: Request<Greeting>) -> Result<Response<Greeting>, Status> {
        let user: Authenticated = request.extract()?;
        user.require(&Policy::role("admin"))?;
        Ok(greeting(&format!("Hello admin {}", user.subject())))
    }

    type DownloadStream = ManyGreetings;

    async fn download(&self, request: Request<Greeting>) -> Result<Response<ManyGreetings>, Status> {
        let user: Authenticated = request.extract()?;
        let hello = Greeting { message: format!("Hello {}", user.subject()) };
        Ok(Response::new(Box::pin(tokio_stream::iter(vec![Ok(hello); 3]))))
    }

    async fn upload(&self, request: Request<Streaming<Greeting>>) -> Result<Response<Greeting>, Status> {
        let user: Authenticated = request.extract()?;
        let mut greetings = request.into_inner();
        let mut count = 0;
        while greetings.message().await?.is_some() {
            count += 1;
        }
        Ok(greeting(&format!("{count} greetings of {}", user.subject())))
    }

    type ChatStream = ManyGreetings;

    async fn chat(&self, request: Request<Streaming<Greeting>>) -> Result<Response<ManyGreetings>, Status> {
        let user: Authenticated = request.extract()?;
        let hello = Greeting { message: format!("Hello {}", user.subject()) };
        let answers = request.into_inner().map(move |greeting| greeting.map(|_| hello.clone()));
        Ok(Response::new(Box::pin(answers)))
    }
}

fn greeting(message: &str) -> Response<Greeting> {
    Response::new(Greeting { message: message.to_owned() })
}

#[tokio::main]
async fn main() -> ExitCode {
    log_to_stderr();
    match Settings::from_env() {
        Ok(settings) => exit_code(serve(settings).await),
        Err(error) => exit_code(Err(error)),
    }
}

async fn serve(settings: Settings) -> Result<(), Box<dyn Error>> {
    let guard = guard(settings.authenticator.clone())?;
    let (_, health) = tonic_health::server::health_reporter();
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
        .build_v1()?;
    let address = settings.listener.local_addr()?;
    let stopped = asked_to_stop()?;
    settings.announce_lines(lines::of(address))?;
    settings.listener.set_nonblocking(true)?;
    let connections = TcpListenerStream::new(TcpListener::from_std(settings.listener)?);
    Server::builder()
        .http2_max_header_list_size(MAX_METADATA_BYTES)
        .layer(guard)
        .add_service(GreeterServer::new(Greetings))
        .add_service(health)
        .add_service(reflection)
        .serve_with_incoming_shutdown(connections, stopped)
        .await?;
    Ok(())
}
