//! Where a provider's keys are.

use crate::address::{Address, AddressRules};
use crate::error::ConnectError;
use crate::metadata::candidates;

/// Where the keys are, as it was configured.
#[derive(Debug)]
pub(crate) enum ConfiguredPlace {
    /// The metadata are where they are for every issuer.
    BehindIssuer,
    /// The metadata are at this address.
    Metadata(String),
    /// The keys are at this address.
    Keys(String),
}

/// Where the keys are, by addresses that may be fetched.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// The metadata at one of these addresses say so.
    Metadata(Vec<Address>),
    /// At this address.
    Keys(Address),
}

impl ConfiguredPlace {
    pub(crate) fn vet(&self, issuer: &str, rules: AddressRules) -> Result<Place, ConnectError> {
        let address = |text: &str| Address::configured(text, rules);
        Ok(match self {
            Self::BehindIssuer => {
                // The issuer itself: what is wrong is told of the text that was given.
                address(issuer)?;
                if issuer.contains('?') {
                    return Err(ConnectError::IssuerHasQuery { issuer: issuer.to_owned() });
                }
                let addresses = candidates(issuer);
                Place::Metadata(addresses.iter().map(|text| address(text)).collect::<Result<_, _>>()?)
            }
            Self::Metadata(text) => Place::Metadata(vec![address(text)?]),
            Self::Keys(text) => Place::Keys(address(text)?),
        })
    }
}
