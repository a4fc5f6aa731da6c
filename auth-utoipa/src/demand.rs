//! What an operation demands.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::openapi::security::SecurityRequirement;

/// Security schemes that have to be satisfied together, each with its scopes. If it is empty, nothing is demanded.
pub(crate) type Demand = BTreeMap<String, Vec<String>>;

/// Reads the requirements of an operation, one of which has to be satisfied. utoipa gives access to them as JSON only.
pub(crate) fn demands(requirements: &[SecurityRequirement]) -> Vec<Demand> {
    let demand =
        |requirement| serde_json::from_value(serde_json::to_value(requirement).unwrap_or(Value::Null)).ok();
    requirements.iter().filter_map(demand).collect()
}
