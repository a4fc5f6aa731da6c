//! What single services and methods demand.

use std::collections::HashMap;
use std::fmt;

use auth_core::Policy;
use auth_core::adapter::Guard;

/// The name of a service or method, as its path begins or is: `/orders.v1.Orders/` or `/orders.v1.Orders/Delete`.
#[derive(Clone, Eq, Hash, PartialEq)]
pub(crate) struct Name(Box<str>);

/// What is not the name of a service or method, or was said to demand two things that exclude each other.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidName {
    /// Not the full name of a service or a method.
    #[error(
        "{0:?} is no name of a gRPC service or method: write package, service and method as the .proto file has them, \
         such as `orders.v1.Orders` for all methods of a service, or `orders.v1.Orders/Delete` for one"
    )]
    Malformed(String),
    /// The same name was opened and guarded.
    #[error(
        "{0:?} is named twice, and what is demanded there excludes each other: name it once, in `open`, `optional_for` \
         or `require_for`"
    )]
    Contradictory(String),
}

impl Name {
    /// Reads `package.Service`, `package.Service/Method`, or the path of a method.
    fn new(name: &str) -> Result<Self, InvalidName> {
        let (service, method) = name.strip_prefix('/').unwrap_or(name).split_once('/').unzip();
        let service = service.unwrap_or(name);
        let is_service = service.split('.').all(is_identifier);
        if !is_service || method.is_some_and(|method| !is_identifier(method)) {
            return Err(InvalidName::Malformed(name.to_owned()));
        }
        Ok(Self(format!("/{service}/{}", method.unwrap_or_default()).into()))
    }

    /// The service that a path belongs to, or a name.
    fn service_of(path: &str) -> Option<&str> {
        let end = path.strip_prefix('/')?.find('/')?;
        path.get(..end + 2)
    }
}

/// [Protobuf's](https://protobuf.dev/reference/protobuf/proto3-spec/#identifiers).
fn is_identifier(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// What a service or method demands, in place of what all others demand or beside it.
#[derive(Clone, Debug)]
pub(crate) enum Demand {
    Nothing,
    GoodTokenOrNone,
    Policy(Policy),
}

/// The services and methods that were named.
#[derive(Clone, Debug, Default)]
pub(crate) struct Demands(HashMap<Name, Demand>);

impl Demands {
    /// Adds a demand. Policies of one name add up; anything else has to be said once.
    pub(crate) fn insert(&mut self, name: &str, demand: Demand) -> Result<(), InvalidName> {
        let key = Name::new(name)?;
        let demand = match (self.0.remove(&key), demand) {
            (None, demand) => demand,
            (Some(Demand::Policy(earlier)), Demand::Policy(policy)) => Demand::Policy(earlier.and(policy)),
            (Some(Demand::Nothing), Demand::Nothing) => Demand::Nothing,
            (Some(Demand::GoodTokenOrNone), Demand::GoodTokenOrNone) => Demand::GoodTokenOrNone,
            _ => return Err(InvalidName::Contradictory(name.to_owned())),
        };
        self.0.insert(key, demand);
        Ok(())
    }

    /// Makes the guards. `base` guards all that was not named, `bare` has the same authenticator and demands a good token.
    pub(crate) fn doors(&self, base: &Guard, bare: &Guard) -> Doors {
        let door = |name: &Name, demand: &Demand| match demand {
            Demand::Nothing => Door::Open,
            Demand::GoodTokenOrNone => Door::Guarded(bare.clone().optional()),
            Demand::Policy(policy) => {
                let service = Name::service_of(&name.0).filter(|service| **service != *name.0);
                let of_service = service.and_then(|service| self.0.get(&Name(service.into())));
                let outer = match of_service {
                    Some(Demand::Policy(outer)) => base.clone().require(outer.clone()),
                    _ => base.clone(),
                };
                Door::Guarded(outer.require(policy.clone()))
            }
        };
        let named = self.0.iter().map(|(name, demand)| (name.0.clone(), door(name, demand))).collect();
        Doors { base: Door::Guarded(base.clone()), named }
    }
}

/// Which guard a path has.
#[derive(Debug)]
pub(crate) struct Doors {
    base: Door,
    named: HashMap<Box<str>, Door>,
}

#[derive(Debug)]
pub(crate) enum Door {
    Open,
    Guarded(Guard),
}

impl Doors {
    /// The one for this path: that of the method, or of its service, or of all. Compared byte by byte, as generated
    /// services do, so that no other spelling of a path gets to a handler.
    pub(crate) fn of(&self, path: &str) -> &Door {
        if self.named.is_empty() {
            return &self.base;
        }
        let of_service = || self.named.get(Name::service_of(path)?);
        self.named.get(path).or_else(of_service).unwrap_or(&self.base)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn names_are_services_and_methods() {
        for (name, key) in [
            ("orders.v1.Orders", "/orders.v1.Orders/"),
            ("orders.v1.Orders/Delete", "/orders.v1.Orders/Delete"),
            ("/orders.v1.Orders/Delete", "/orders.v1.Orders/Delete"),
            ("Greeter", "/Greeter/"),
            ("_a.b_2/_C3", "/_a.b_2/_C3"),
        ] {
            assert_eq!(*Name::new(name).unwrap().0, *key, "{name}");
        }
        for name in [
            "",
            "/",
            "orders.v1.Orders/",
            "/orders.v1.Orders",
            "/orders.v1.Orders/",
            "//Delete",
            "orders..Orders",
            ".Orders",
            "Orders.",
            "Orders/Delete/x",
            "Orders/*",
            "Orders/2nd",
            "*",
            "Or ders",
            "Orders/Delete?x",
            "\u{d6}rders",
        ] {
            assert_eq!(Name::new(name).unwrap_err(), InvalidName::Malformed(name.to_owned()));
        }
    }

    #[test]
    fn what_excludes_each_other_is_told() {
        let policy = || Demand::Policy(Policy::role("admin"));
        let mut demands = Demands::default();
        demands.insert("a.B", Demand::Nothing).unwrap();
        demands.insert("a.B", Demand::Nothing).unwrap();
        demands.insert("a.B/C", policy()).unwrap();
        demands.insert("/a.B/C", policy()).unwrap();
        for (name, demand) in [
            ("a.B", policy()),
            ("a.B", Demand::GoodTokenOrNone),
            ("/a.B/C", Demand::Nothing),
            ("a.B/C", Demand::GoodTokenOrNone),
        ] {
            let mut demands = demands.clone();
            assert_eq!(
                demands.insert(name, demand).unwrap_err(),
                InvalidName::Contradictory(name.to_owned())
            );
        }
    }
}
