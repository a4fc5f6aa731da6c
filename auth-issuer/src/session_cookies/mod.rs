//! Logins of browser front ends: the tokens are in cookies.

mod answer;
mod cookies;
mod set_cookie;

pub use self::answer::SessionAnswer;
pub use self::cookies::{SessionCookies, SessionCookiesError};
