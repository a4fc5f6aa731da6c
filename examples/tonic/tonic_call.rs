//! Calls a gRPC method with a token: `cargo run --example tonic_call -- http://127.0.0.1:3000 greeter.v1.Greeter/Public`.
//!
//! Prints the status and the messages, or what a refusal says. As grpcurl does, it ends with 64 and the status.

use std::env;
use std::error::Error;
use std::process::ExitCode;

use auth_examples_greeter::Greeting;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::{AsciiMetadataKey, KeyAndValueRef, MetadataMap};
use tonic::transport::Endpoint;
use tonic::{Code, Extensions, Request, Status};
use tonic_prost::ProstCodec;

const USAGE: &str = "usage: tonic_call ADDRESS SERVICE/METHOD [-H 'name: value']...";

struct Call {
    address: String,
    path: PathAndQuery,
    metadata: MetadataMap,
}

impl Call {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let (Some(address), Some(method)) = (arguments.next(), arguments.next()) else {
            return Err(USAGE.into());
        };
        let mut metadata = MetadataMap::new();
        while let Some(option) = arguments.next() {
            let field = arguments.next().filter(|_| option == "-H").ok_or(USAGE)?;
            let (name, value) = field.split_once(':').ok_or(USAGE)?;
            metadata.append(name.parse::<AsciiMetadataKey>()?, value.trim().parse()?);
        }
        Ok(Self { address, path: format!("/{method}").parse()?, metadata })
    }

    /// Every method can be called as one that takes and returns a stream: on the wire it is the same.
    async fn make(self) -> Result<Result<Vec<Greeting>, Status>, Box<dyn Error>> {
        let mut client = Grpc::new(Endpoint::try_from(self.address)?.connect().await?);
        client.ready().await?;
        let hello = tokio_stream::iter([Greeting { message: "Hello".to_owned() }]);
        let request = Request::from_parts(self.metadata, Extensions::default(), hello);
        // Of a message that is no greeting the status is enough.
        if !self.path.path().starts_with("/greeter.v1.Greeter/") {
            let answered = client.streaming(request, self.path, ProstCodec::<Greeting, ()>::default()).await;
            return Ok(answered.map(|_| Vec::new()));
        }
        let mut answers =
            match client.streaming(request, self.path, ProstCodec::<Greeting, Greeting>::default()).await {
                Ok(response) => response.into_inner(),
                Err(status) => return Ok(Err(status)),
            };
        let mut greetings = Vec::new();
        loop {
            match answers.message().await {
                Ok(Some(greeting)) => greetings.push(greeting),
                Ok(None) => return Ok(Ok(greetings)),
                Err(status) => return Ok(Err(status)),
            }
        }
    }
}

/// As gRPC writes it: `PERMISSION_DENIED`.
fn name(code: Code) -> String {
    let mut name = String::new();
    for character in format!("{code:?}").chars() {
        if character.is_ascii_uppercase() && !name.is_empty() && code != Code::Ok {
            name.push('_');
        }
        name.push(character.to_ascii_uppercase());
    }
    name
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let made = match Call::parse(env::args().skip(1)) {
        Ok(call) => call.make().await,
        Err(error) => Err(error),
    };
    match made {
        Ok(Ok(greetings)) => {
            println!("OK");
            for greeting in greetings {
                println!("{}", greeting.message);
            }
            ExitCode::SUCCESS
        }
        Ok(Err(status)) => {
            println!("{}: {}", name(status.code()), status.message());
            for field in status.metadata().iter() {
                if let KeyAndValueRef::Ascii(name, value) = field {
                    println!("{name}: {}", value.to_str().unwrap_or_default());
                }
            }
            // 16 is the highest code there is.
            ExitCode::from(64 + u8::try_from(i32::from(status.code())).unwrap_or(2))
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
