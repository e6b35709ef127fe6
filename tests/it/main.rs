//! Every promise of the server, through real HTTP.
//!
//! The first block of modules is what tests are written in: a server (within the test or the real program), a client of
//! plain bytes, a watcher that holds what it is told to the rules. The second holds the tests, a file a promise.

mod answer;
mod api;
mod client;
mod command;
mod files;
mod form;
mod ledger;
mod patience;
mod program;
mod proxy;
mod server;
mod small_disk;
mod sse;
mod stand_in;
mod watcher;

mod access;
mod attach;
mod bodies;
mod bus;
mod cli;
mod cli_https;
mod cli_resume;
mod cli_tail;
mod cli_upload;
mod compressed;
mod configuration;
mod cors;
mod digests;
mod disk;
mod documents;
mod durability;
mod gaps;
mod held;
mod hostile;
mod http2;
mod idempotency;
mod limits;
mod live;
mod logs;
mod metrics;
mod mock;
mod multipart;
mod options;
mod problems;
mod profile;
mod progress;
mod reading;
mod reread;
mod restart;
mod results;
mod routes;
mod rows;
mod safety;
mod samples;
mod shutdown;
mod streams;
mod system;
mod tidy;
mod tls;
mod tus;
mod upkeep;
mod uploads;
