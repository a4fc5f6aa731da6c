//! The gRPC service of the example, the tests and the benchmark, generated from `greeter.proto`.

#[allow(missing_docs, clippy::pedantic, unused_qualifications, unreachable_pub, reason = "generated")]
mod generated {
    tonic::include_proto!("greeter.v1");
}

pub use self::generated::{Greeting, greeter_client, greeter_server};

/// What reflection tells clients.
pub const FILE_DESCRIPTOR_SET: &[u8] = tonic::include_file_descriptor_set!("greeter");
