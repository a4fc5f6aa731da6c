//! The page, and the two files that it loads. They are part of the program: nothing is downloaded.

use http::{StatusCode, header};

use crate::Reply;

/// 1. Nothing is loaded but the page's own script and style (its icon is in the page), and no script stands in the page. What an attacker writes into
///    it, an item's name for example, is text and runs nowhere.
/// 2. The page connects to its own origin only, WebSockets included, so a script has nobody to send anything to.
/// 3. Forms are sent to the own origin only.
/// 4. No other page shows this one in a frame and has its user click there.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// `GET /`.
#[must_use]
pub fn page() -> Reply {
    file("text/html; charset=utf-8", include_str!("../page/index.html"))
        .field(header::CONTENT_SECURITY_POLICY, POLICY)
        .field(header::REFERRER_POLICY, "same-origin")
}

/// `GET /page.js`.
#[must_use]
pub fn script() -> Reply {
    file("text/javascript; charset=utf-8", include_str!("../page/page.js"))
}

/// `GET /page.css`.
#[must_use]
pub fn style() -> Reply {
    file("text/css; charset=utf-8", include_str!("../page/page.css"))
}

fn file(content_type: &'static str, text: &'static str) -> Reply {
    Reply::new(StatusCode::OK, content_type, text)
        .field(header::CACHE_CONTROL, "no-cache")
        .field(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
}
