//! Use cases: what a door asks for, in one call each. Never any protocol words, never any SQL.

pub mod submit;
