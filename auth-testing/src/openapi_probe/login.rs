//! Which login of the user an operation demands.

use serde_json::Value;

/// The login that an operation demands.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Login {
    /// One of these, unless there is none.
    pub(super) acr_values: Vec<String>,
    /// So many seconds ago at most.
    pub(super) max_age: Option<u64>,
}

impl Login {
    /// Reads it from the challenge that is documented.
    pub(super) fn of(challenge: &Value) -> Result<Self, String> {
        let fault = || format!("its challenge {challenge} names neither `acr_values` nor a whole `max_age`");
        let text = challenge.as_str().ok_or_else(fault)?;
        let acr_values: Vec<_> = parameter(text, "acr_values")
            .into_iter()
            .flat_map(str::split_whitespace)
            .map(str::to_owned)
            .collect();
        let max_age = parameter(text, "max_age").map(str::parse).transpose().map_err(|_| fault())?;
        if acr_values.is_empty() && max_age.is_none() {
            Err(fault())
        } else {
            Ok(Self { acr_values, max_age })
        }
    }
}

/// The value of a parameter. None of those that are looked for has an escape.
fn parameter<'a>(challenge: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = challenge.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_read_from_its_challenge() {
        let read = |challenge: &str| Login::of(&challenge.into());
        let login = |values: &[&str], max_age| {
            Ok(Login { acr_values: values.iter().map(|value| (*value).to_owned()).collect(), max_age })
        };
        const ERROR: &str = r#"Bearer error="insufficient_user_authentication""#;
        assert_eq!(
            read(&format!(r#"{ERROR}, acr_values="a b", max_age="300""#)),
            login(&["a", "b"], Some(300))
        );
        assert_eq!(read(&format!(r#"{ERROR}, scope="s", acr_values="a""#)), login(&["a"], None));
        assert_eq!(read(&format!(r#"{ERROR}, max_age="0", resource_metadata="x""#)), login(&[], Some(0)));
        for broken in ["", ERROR, r#"Bearer max_age="soon""#, r#"Bearer acr_values="""#] {
            assert!(read(broken).is_err(), "{broken}");
        }
        assert!(Login::of(&Value::Null).is_err());
    }
}
