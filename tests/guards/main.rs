//! Guards: what must hold for every route, every table and every file, found by looking at all of
//! them rather than at a list that somebody keeps.

mod api_keys;
mod audit;
mod cases;
mod document;
mod environment;
mod files;
mod limits;
mod metrics;
mod migrations;
mod roles;
mod routes;
mod tables;
