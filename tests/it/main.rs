//! One linked test binary: pure logic, properties, wire replays and the rules of the house.

mod lifecycle;
mod policy_document;
