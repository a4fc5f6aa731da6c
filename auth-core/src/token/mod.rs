//! What a token says.

pub(crate) mod audience;
pub(crate) mod bounds;
pub(crate) mod claim_fault;
pub(crate) mod claim_path;
pub(crate) mod claim_query;
pub(crate) mod claim_rules;
pub(crate) mod claim_text;
pub(crate) mod claim_value;
pub(crate) mod claims;
pub(crate) mod error;
pub(crate) mod form;
pub(crate) mod kind;
pub(crate) mod numeric_date;
pub(crate) mod scope;
pub(crate) mod scope_set;
pub(crate) mod truth;
pub(crate) mod unreadable_roles;
pub(crate) mod verified;
