//! What a request says, and what a refusal answers.

pub(crate) mod bearer;
pub(crate) mod body;
pub(crate) mod challenge;
pub(crate) mod challenges;
pub(crate) mod cross_site;
pub(crate) mod diagnosis;
pub(crate) mod head;
pub(crate) mod origin;
pub(crate) mod reason;
pub(crate) mod rejection;
pub(crate) mod resource;
pub(crate) mod sources;
