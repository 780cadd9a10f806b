//! Pictures as people and attackers send them. `samples/` holds one drawing of 96 × 64 pixels in each format; whatever
//! else is sent is made from these.
#![expect(clippy::as_conversions, clippy::float_arithmetic, reason = "tests may")]

mod bad_input;
mod cleaning;
mod damage;
mod embedding;
mod making;
mod reading;
