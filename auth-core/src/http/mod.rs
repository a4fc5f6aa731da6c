//! What a request says, and what a refusal answers.

pub(crate) mod bearer;
pub(crate) mod body;
pub(crate) mod challenge;
pub(crate) mod diagnosis;
pub(crate) mod head;
pub(crate) mod reason;
pub(crate) mod rejection;
