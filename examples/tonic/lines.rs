//! What to try of `tonic_protected`.

use std::net::SocketAddr;

use auth_examples::{DEMO_LIFETIME, TestIssuer};

/// The lines for a server at this address. Only an issuer can mint tokens for it.
pub(crate) fn of(address: SocketAddr) -> impl FnOnce(Option<&TestIssuer>) -> Vec<String> {
    move |issuer| {
        let call = |method: &str, authorization: &[&str], status: &str| {
            let fields: String =
                authorization.iter().map(|value| format!(" -H 'authorization: {value}'")).collect();
            format!("cargo run -q --example tonic_call -- http://{address} {method}{fields} # {status}")
        };
        let greeter = |method: &str, authorization: &[&str], status| {
            call(&format!("greeter.v1.Greeter/{method}"), authorization, status)
        };
        let mut lines = vec![
            greeter("Public", &[], "OK"),
            greeter("Optional", &[], "OK"),
            greeter("Protected", &[], "UNAUTHENTICATED"),
            greeter("Protected", &["Bearer"], "UNAUTHENTICATED"),
            greeter("Protected", &["Bearer not.a.token"], "UNAUTHENTICATED"),
            call("grpc.health.v1.Health/Check", &[], "OK"),
        ];
        if let Some(issuer) = issuer {
            let draft = || issuer.token("alice").scope("orders:read").claim_at("exp", DEMO_LIFETIME);
            let demo = format!("Bearer {}", draft().sign());
            for method in ["Protected", "Optional", "Orders", "Download", "Upload", "Chat"] {
                lines.push(greeter(method, &[&demo], "OK"));
            }
            let expired = format!("Bearer {}", draft().claim_at("exp", -DEMO_LIFETIME).sign());
            lines.push(greeter("Admin", &[&demo], "PERMISSION_DENIED"));
            lines.push(greeter("Chat", &[&expired], "UNAUTHENTICATED"));
            lines.push(greeter("Protected", &[&demo, &demo], "UNAUTHENTICATED"));
            lines.push("\nWith grpcurl:".to_owned());
            lines.push(format!(
                "# grpcurl -plaintext -proto examples/greeter/greeter.proto -H 'authorization: {demo}' {address} \
                 greeter.v1.Greeter/Orders"
            ));
            lines.push(format!(
                "# grpcurl -plaintext -H 'authorization: {demo}' {address} list # reflection is not open"
            ));
        }
        lines
    }
}
