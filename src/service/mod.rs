//! Use cases: what a door asks for, in one call each. Never any protocol words, never any SQL.

pub mod append;
pub mod authenticate;
pub mod contacts;
pub mod device_setup;
mod headers;
pub mod import;
pub mod mailbox;
pub mod people;
pub mod portal_password;
pub mod read;
pub mod search;
pub mod sort;
pub mod submit;
pub mod thread;
