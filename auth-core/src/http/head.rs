//! The head of a request.

/// The head of a request, as an adapter shows it to the core: what a verdict depends on, and no framework's type.
///
/// It has a place for what the core finds out about this one request, so that guards and extractors
/// further inside do not ask the verifier again. The core stores values of its own types there; nothing else can read or make them. The
/// place must belong to this one request and end with it.
///
/// [`auth_core::adapter`](crate::adapter) implements it for the requests of `http` 1.
pub trait RequestHead {
    /// The method, such as `GET`.
    fn method(&self) -> &str;

    /// The request target's path and query, such as `/orders?page=2`.
    fn target(&self) -> &str;

    /// The host and port that the request target names itself: `:authority` in HTTP/2, or the absolute form of HTTP/1.1
    /// ([RFC 9110 section 7.1](https://www.rfc-editor.org/rfc/rfc9110#section-7.1)). `None` if the Host field names them.
    ///
    /// An adapter that does not implement it is safe: over HTTP/2, requests with a cookie are then refused unless
    /// `Sec-Fetch-Site` or a configured origin vouches for them.
    fn authority(&self) -> Option<&str> {
        None
    }

    /// The values of all fields of this name, given in lower case, in order and unchanged.
    fn header_values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]>;

    /// Returns a clone of the value of this type that was [inserted](Self::insert_extension), if there is one.
    fn extension<T: Clone + Send + Sync + 'static>(&self) -> Option<T>;

    /// Stores a value for the rest of this request, in place of an earlier one of the same type.
    fn insert_extension<T: Clone + Send + Sync + 'static>(&mut self, value: T);
}

/// The name of the field that credentials come in, as [`RequestHead::header_values`] takes it.
pub(crate) const AUTHORIZATION: &str = "authorization";
