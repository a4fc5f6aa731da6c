//! The attacks of the catalogue, and the routes, as cases. Each file adds methods to `Table`.

mod claims;
mod encoding;
mod keys;
mod routes;
mod transport;
