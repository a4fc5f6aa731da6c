//! For how long an answer is fresh ([RFC 9111 section 4.2](https://www.rfc-editor.org/rfc/rfc9111#section-4.2)), and when to
//! ask again.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{AGE, CACHE_CONTROL, DATE, EXPIRES, RETRY_AFTER};

/// An answer is taken for fresh at least so long, whatever it says.
const SHORTEST: Duration = Duration::from_secs(60);

/// And at most so long: a withdrawn key is accepted no longer, unless there is an outage.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// Where the answer does not say.
const USUAL: Duration = Duration::from_secs(10 * 60);

/// The longest pause that a provider can demand.
const LONGEST_PAUSE: Duration = Duration::from_secs(10 * 60);

/// For how long the answer with these fields is fresh.
pub(crate) fn freshness(headers: &HeaderMap) -> Duration {
    let lifetime = match CacheControl::of(headers) {
        CacheControl { never: true, .. } => return SHORTEST,
        CacheControl { lifetime: Some(lifetime), .. } => lifetime,
        CacheControl { .. } => match expiry(headers) {
            Some(lifetime) => lifetime,
            None => return USUAL,
        },
    };
    lifetime.saturating_sub(seconds(headers, AGE).unwrap_or_default()).clamp(SHORTEST, LONGEST)
}

/// The pause that the answer demands, in seconds or until a date
/// ([RFC 9110 section 10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3)).
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let until = || date(headers, RETRY_AFTER)?.duration_since(now).ok();
    Some(seconds(headers, RETRY_AFTER).or_else(until)?.min(LONGEST_PAUSE))
}

/// What the fields Cache-Control say to a cache of one client.
#[derive(Default)]
struct CacheControl {
    /// `no-store` or `no-cache`.
    never: bool,
    /// `max-age`, or else `s-maxage`.
    lifetime: Option<Duration>,
}

impl CacheControl {
    fn of(headers: &HeaderMap) -> Self {
        let (mut own, mut shared) = (None, None);
        let mut never = false;
        let fields = headers.get_all(CACHE_CONTROL).into_iter().filter_map(|field| field.to_str().ok());
        for directive in fields.flat_map(|field| field.split(',')) {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            let place = match name.trim().to_ascii_lowercase().as_str() {
                "no-store" | "no-cache" => {
                    never = true;
                    continue;
                }
                "max-age" => &mut own,
                "s-maxage" => &mut shared,
                _ => continue,
            };
            // What cannot be read is stale, and of two the shorter counts (section 4.2.1).
            let lifetime = parse_seconds(value.trim().trim_matches('"')).unwrap_or_default();
            *place = Some(place.map_or(lifetime, |earlier: Duration| earlier.min(lifetime)));
        }
        Self { never, lifetime: own.or(shared) }
    }
}

/// `Expires` less `Date`. A date that cannot be read has passed.
fn expiry(headers: &HeaderMap) -> Option<Duration> {
    headers.get(EXPIRES)?;
    let lifetime = || date(headers, EXPIRES)?.duration_since(date(headers, DATE)?).ok();
    Some(lifetime().unwrap_or_default())
}

fn date(headers: &HeaderMap, name: http::HeaderName) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(name)?.to_str().ok()?).ok()
}

fn seconds(headers: &HeaderMap, name: http::HeaderName) -> Option<Duration> {
    parse_seconds(headers.get(name)?.to_str().ok()?.trim())
}

/// Digits only. More than fit are the most there can be.
fn parse_seconds(text: &str) -> Option<Duration> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| Duration::from_secs(text.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let field = |(name, value): &(&'static str, &'static str)| {
            (http::HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        fields.iter().map(field).collect()
    }

    #[test]
    fn what_an_answer_says_is_kept_to_within_bounds() {
        let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        for (fields, seconds) in [
            (&[][..], 600),
            (&[("cache-control", "max-age=300")], 300),
            (&[("cache-control", "public, MAX-AGE = \"300\" , must-revalidate")], 300),
            (&[("cache-control", "max-age=300, s-maxage=900")], 300),
            (&[("cache-control", "s-maxage=900")], 900),
            (&[("cache-control", "max-age=300, max-age=200")], 200),
            (&[("cache-control", "max-age=300"), ("age", "100")], 200),
            (&[("cache-control", "max-age=300"), ("age", "soon")], 300),
            (&[("cache-control", "max-age=300"), ("age", "1000")], 60),
            (&[("cache-control", "max-age=1")], 60),
            (&[("cache-control", "max-age=0")], 60),
            (&[("cache-control", "max-age=-1")], 60),
            (&[("cache-control", "max-age")], 60),
            (&[("cache-control", "max-age=86400")], 3600),
            (&[("cache-control", "max-age=99999999999999999999999")], 3600),
            (&[("cache-control", "no-store")], 60),
            (&[("cache-control", "max-age=300, No-Cache")], 60),
            (&[("cache-control", "private")], 600),
            (&[date, ("expires", "Sun, 06 Nov 1994 08:54:37 GMT")], 300),
            (&[date, ("expires", "Sun, 06 Nov 1994 08:54:37 GMT"), ("cache-control", "max-age=100")], 100),
            (&[date, ("expires", "Sun, 06 Nov 1994 08:40:37 GMT")], 60),
            (&[date, ("expires", "0")], 60),
            (&[("expires", "Sun, 06 Nov 1994 08:54:37 GMT")], 60),
        ] {
            assert_eq!(freshness(&headers(fields)), Duration::from_secs(seconds), "{fields:?}");
        }
        let mut two = headers(&[("cache-control", "max-age=300")]);
        two.append(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        assert_eq!(freshness(&two), SHORTEST);
    }

    #[test]
    fn a_pause_is_in_seconds_or_until_a_date() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        for (value, pause) in [
            ("120", Some(120)),
            ("0", Some(0)),
            ("99999", Some(600)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sun, 06 Nov 1994 08:40:37 GMT", None),
            ("Sat, 06 Nov 2094 08:40:37 GMT", Some(600)),
            ("-1", None),
            ("soon", None),
            ("", None),
        ] {
            let found = retry_after(&headers(&[("retry-after", value)]), now);
            assert_eq!(found, pause.map(Duration::from_secs), "{value}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
