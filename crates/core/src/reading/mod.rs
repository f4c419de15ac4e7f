//! Reading log lines back: what the command line (`fapilog pretty`, `tail`, `query`) runs on.
//!
//! Bytes of files or standard input are cut into chunks of whole lines; a line that is a JSON event of a known
//! kind is looked at in place ([`event`]), filtered ([`filter`]) and printed ([`printer`]), all other lines are
//! passed on or left out. Chunks are worked on in parallel and written in order; memory does not grow with the
//! input. Nothing here trusts its input: any bytes may come.

mod emit;
pub mod event;
pub mod filter;
mod follow;
pub mod json;
mod lines;
mod printer;
mod rotated;
mod run;
mod settings;
mod source;
mod table;
mod time_text;

pub use lines::{LineReader, Summary};
pub use rotated::rotated_set;
pub use run::{run, Report};
pub use settings::{Output, ReadSettings, Wanted};
