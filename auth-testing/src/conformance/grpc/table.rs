//! Calls that have no like in the table for HTTP.

use super::translate;
use crate::base64url::encode;
use crate::conformance::case::Expected;
use crate::conformance::client::Answer;
use crate::conformance::table::{Table, invalid, malformed, missing};

/// What it answers, as messages.
fn messages(body: &str) -> Expected {
    Expected::Exactly(Answer {
        status: 0,
        headers: vec![("content-type".to_owned(), "application/grpc".to_owned())],
        body: body.to_owned(),
    })
}

/// What stands for this refusal of HTTP, with a content type.
fn refused(http: Expected, content_type: &str) -> Expected {
    let Expected::Exactly(http) = http else { return http };
    let mut answer = translate::answer(&http);
    for (name, value) in &mut answer.headers {
        if name == "content-type" {
            content_type.clone_into(value);
        }
    }
    Expected::Exactly(answer)
}

fn status(http: Expected) -> Expected {
    refused(http, "application/grpc")
}

impl Table<'_> {
    pub(super) fn calls(&mut self) {
        self.no_attack();
        self.streams();
        self.binary_metadata();
        self.content_types();
        self.unknown_methods();
    }

    fn call(&mut self, name: &str, method: &str, fields: &[(&str, &str)], expected: Expected) {
        self.with_fields(name, &format!("POST /greeter.v1.Greeter/{method}"), fields, expected);
    }

    fn streams(&mut self) {
        let good = format!("Bearer {}", self.draft().sign());
        let expired = format!("Bearer {}", self.fixture.issuer.expired("alice"));
        for (method, body) in [
            ("Download", "Hello alice\nHello alice\nHello alice"),
            ("Upload", "2 greetings of alice"),
            ("Chat", "Hello alice\nHello alice"),
        ] {
            let good = ("authorization", &*good);
            self.call(&format!("{method} with a good token"), method, &[good], messages(body));
            self.call(&format!("{method} without a token"), method, &[], status(missing()));
            let expired = ("authorization", &*expired);
            self.call(&format!("{method} with an expired token"), method, &[expired], status(invalid()));
            self.call(&format!("{method} with two tokens"), method, &[good, good], status(malformed()));
        }
    }

    fn binary_metadata(&mut self) {
        let good = format!("Bearer {}", self.draft().sign());
        let encoded = encode(good.as_bytes());
        let text = ("authorization", &*good);
        for (name, value) in [("encoded", &*encoded), ("as text", &*good), ("empty", "")] {
            let binary = ("authorization-bin", value);
            for method in ["Protected", "Optional", "Chat"] {
                let alone = format!("{method}: a token in binary metadata, {name}");
                self.call(&alone, method, &[binary], status(malformed()));
                let beside = format!("{method}: a token as text and in binary metadata, {name}");
                self.call(&beside, method, &[text, binary], status(malformed()));
                self.call(&format!("{beside}, before"), method, &[binary, text], status(malformed()));
            }
            self.call(
                "binary metadata where nothing is demanded",
                "Public",
                &[binary],
                messages("Hello, anyone"),
            );
        }
        let other = ("other-bin", &*encoded);
        self.call("other binary metadata", "Protected", &[text, other], messages("Hello alice"));
    }

    fn content_types(&mut self) {
        let good = format!("Bearer {}", self.draft().sign());
        for (sent, answered) in [
            ("application/grpc", "application/grpc"),
            ("application/grpc+proto", "application/grpc"),
            ("Application/gRPC+json", "application/grpc"),
            ("application/grpc;charset=utf-8", "application/grpc"),
            ("application/grpc-web", "application/grpc-web+proto"),
            ("application/grpc-web+proto", "application/grpc-web+proto"),
            ("application/grpc-web-text", "application/grpc-web-text+proto"),
            ("application/grpc-web-text+proto", "application/grpc-web-text+proto"),
        ] {
            let fields = [("content-type", sent), ("authorization", "Bearer x")];
            self.call(&format!("{sent}: a bad token"), "Protected", &fields, refused(invalid(), answered));
            self.call(&format!("{sent}: no token"), "Protected", &fields[..1], refused(missing(), answered));
        }
        // Whoever does not speak gRPC gets the table of HTTP.
        for sent in ["application/json", "application/grpcx", "application/grpc-webx", "text/html", "x"] {
            let fields = [("content-type", sent), ("authorization", "Bearer x")];
            self.call(&format!("{sent}: a bad token"), "Protected", &fields, invalid());
            self.call(&format!("{sent}: no token"), "Protected", &fields[..1], missing());
        }
        let fields = [("content-type", "application/grpc+proto"), ("authorization", &*good)];
        self.call("application/grpc+proto: a good token", "Protected", &fields, messages("Hello alice"));
    }

    /// A guard around all services refuses before anybody can tell which methods there are.
    fn unknown_methods(&mut self) {
        let good = format!("Bearer {}", self.draft().sign());
        let fields = [("authorization", &*good)];
        for path in [
            "/greeter.v1.Greeter/protected",
            "/greeter.v1.Greeter/Protected/",
            "/greeter.v1.Greeter//Protected",
            "/greeter.v1.Greeter/Public/Protected",
            "/greeter.v1.Greeter/%50ublic",
            "/greeter.v1.greeter/Public",
            "/greeter.v1.Greeter/Missing",
            "/greeter.v2.Greeter/Public",
            "/other.v1.Service/Call",
            "/",
        ] {
            let line = format!("POST {path}");
            self.with_fields(&format!("{path} without a token"), &line, &[], status(missing()));
            let unimplemented = Answer { status: 12, ..answer_without_message() };
            self.with_fields(
                &format!("{path} with a token"),
                &line,
                &fields,
                Expected::Exactly(unimplemented),
            );
        }
    }
}

fn answer_without_message() -> Answer {
    let content_type = ("content-type".to_owned(), "application/grpc".to_owned());
    Answer { status: 0, headers: vec![content_type], body: String::new() }
}
