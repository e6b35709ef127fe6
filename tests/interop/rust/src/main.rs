//! Watches one upload with eventsource-client and prints its events, tab-separated: id, kind, data.

use eventsource_client::{Client, ClientBuilder, ReconnectOptions, SSE};
use futures_util::StreamExt;
use std::error::Error;
use std::io::{BufWriter, Write, stdout};
use std::time::Duration;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("give an address")?;
    let again = ReconnectOptions::reconnect(true).delay(Duration::from_millis(200)).build();
    let mut stream = ClientBuilder::for_url(&url)?.reconnect(again).build_http().stream();
    let mut out = BufWriter::new(stdout().lock());
    while let Some(item) = stream.next().await {
        match item {
            // The crate gives each cut to its user, and then connects again.
            Err(cut) => eprintln!("cut: {cut}"),
            Ok(SSE::Event(event)) => {
                writeln!(out, "{}\t{}\t{}", event.id.unwrap_or_default(), event.event_type, event.data)?;
                let is_stage = event.event_type == "stage";
                if is_stage && serde_json::from_str::<serde_json::Value>(&event.data)?["stage"] == "done" {
                    return Ok(out.flush()?);
                }
            }
            Ok(SSE::Connected(_) | SSE::Comment(_)) => {}
        }
    }
    Err("the stream ended before the upload".into())
}
