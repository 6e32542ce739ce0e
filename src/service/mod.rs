//! Use cases: what a door asks for, in one call each. Never any protocol words, never any SQL.

pub mod authenticate;
pub mod portal_password;
pub mod submit;
