//! Every limit of the program, in one table.

/// What a limit counts; decides how its value is written on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Bytes: `512KiB`, `10GiB`, `1000`.
    Bytes,
    /// Milliseconds, given as a span of time: `500ms`, `30s`, `10m`.
    Milliseconds,
    /// A plain number.
    Count,
}

/// One line of the table: a limit's name on the command line, its unit, its default and what it is for.
#[derive(Debug, Clone, Copy)]
pub struct LimitSpec {
    /// Name of the flag, without dashes in front: `record-bytes-max`.
    pub name: &'static str,
    /// What it counts.
    pub unit: Unit,
    /// Its value where nothing else is said.
    pub default: u64,
    /// What it bounds and what happens beyond it.
    pub help: &'static str,
}

/// A name that is no limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no limit named '{0}'")]
pub struct UnknownLimit(pub String);

macro_rules! limits {
    ($($field:ident $name:literal $unit:ident $default:expr, $test:expr, $help:literal)+) => {
        /// How much of anything is allowed. Units are in the names; each limit has a clear answer beyond it.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Limits { $(#[doc = $help] pub $field: u64,)+ }

        impl Default for Limits {
            fn default() -> Self { Self { $($field: $default,)+ } }
        }

        impl Limits {
            /// The table: names, units, defaults, help; in the order of the struct.
            pub const TABLE: &[LimitSpec] = &[$(
                LimitSpec { name: $name, unit: Unit::$unit, default: $default, help: $help },
            )+];

            /// Small ones, so that tests reach them.
            pub fn for_tests() -> Self { Self { $($field: $test,)+ } }

            /// Sets the limit with that name.
            ///
            /// # Errors
            /// [`UnknownLimit`] when the table has no such name.
            pub fn set(&mut self, name: &str, value: u64) -> Result<(), UnknownLimit> {
                match name {
                    $($name => self.$field = value,)+
                    _ => return Err(UnknownLimit(name.to_owned())),
                }
                Ok(())
            }
        }
    };
}

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

limits! {
    // field                        name                           unit         default        in tests
    body_bytes_max                  "body-bytes-max"               Bytes        10 * GIB,      8 * MIB,   "Largest file. Beyond it the upload fails with 413; the rows announced so far stay."
    record_bytes_max                "record-bytes-max"             Bytes        MIB,           4 * KIB,   "Longest record, as it stands in the text. Of a longer one each line is read by itself; a longer line is a `record-too-long` problem, and its row number is used up."
    field_bytes_max                 "field-bytes-max"              Bytes        256 * KIB,     2 * KIB,   "Longest cell. A record with a longer one is a `field-too-long` problem; its row number is used up."
    header_record_bytes_max         "header-record-bytes-max"      Bytes        64 * KIB,      KIB,   "Longest header record. A longer one fails the upload with 422."
    columns_max                     "columns-max"                  Count        4096,          64,        "Most columns. A header with more fails the upload with 422; a record with more is a `too-many-cells` problem."
    raw_bytes_max                   "raw-bytes-max"                Bytes        KIB,           64,        "Most of a record's raw text that a problem quotes; more is cut, and said to be."
    problems_max                    "problems-max"                 Count        100_000,       200,       "Problems of one upload told in detail. Further ones are counted by code, and a toast says so."
    expanded_bytes_max              "expanded-bytes-max"           Bytes        100 * GIB,     4 * MIB,   "Most bytes that a compressed file may unpack to. Beyond it the upload fails with 413; the rows announced so far stay."
    expansion_ratio_max             "expansion-ratio-max"          Count        1000,          50,        "How many times its own size a compressed file may unpack to, once that is more than `expansion-free-bytes`. Beyond it the upload fails with 413."
    expansion_free_bytes            "expansion-free-bytes"         Bytes        64 * MIB,      64 * KIB,  "Bytes that any compressed file may unpack to, whatever `expansion-ratio-max` says."
    decode_window_bytes_max         "decode-window-bytes-max"      Bytes        8 * MIB,       2 * MIB,   "Most memory that a compressed file may ask for to look back at its own text. One that asks for more fails with 413. Counted in whole powers of two, from 1 KiB to 128 MiB."
    multipart_head_bytes_max        "multipart-head-bytes-max"     Bytes        8 * KIB,       512,       "Longest head of one multipart part. A longer one is refused with 431."
    multipart_text_bytes_max        "multipart-text-bytes-max"     Bytes        64 * KIB,      KIB,   "Most bytes of text fields before the file. More are refused with 413."
    multipart_parts_max             "multipart-parts-max"          Count        64,            8,         "Most parts of a multipart body. More are refused with 400."
    idempotency_key_bytes_max       "idempotency-key-bytes-max"    Bytes        255,           64,        "Longest `Idempotency-Key`. A longer one is refused with 400."
    published_bytes_max             "published-bytes-max"          Bytes        64 * KIB,      KIB,       "Most bytes of the data of a published event. More are refused with 413."
    broadcast_clients_max           "broadcast-clients-max"        Count        1_000,         5,         "Most clients that one broadcast reaches. A pattern that names more is refused with 400."
    request_head_bytes_max          "request-head-bytes-max"       Bytes        64 * KIB,      16 * KIB,  "Longest request head. A longer one is refused with 431."
    connections_max                 "connections-max"              Count        1024,          24,        "Connections at once. A further one is answered with 503 and closed."
    client_connections_max          "client-connections-max"       Count        64,            4,         "Watchers of one client at once. A further one is refused with 429."
    uploads_max                     "uploads-max"                  Count        16,            3,         "Uploads at once. A further one is refused with 503."
    batch_bytes_max                 "batch-bytes-max"              Bytes        64 * KIB,      2 * KIB,   "Encoded size at which a batch of events is journalled and announced."
    journal_queue_bytes_max         "journal-queue-bytes-max"      Bytes        2 * MIB,       64 * KIB,  "Encoded bytes that may wait for their commit; reading waits beyond it."
    watcher_queue_bytes_max         "watcher-queue-bytes-max"      Bytes        8 * MIB,       16 * KIB,  "Encoded bytes that may wait for one watcher; beyond it that watcher reads on from the journal."
    watcher_queue_batches_max       "watcher-queue-batches-max"    Count        256,           8,         "Batches that may wait for one watcher; beyond it that watcher reads on from the journal."
    watcher_queues_bytes_max        "watcher-queues-bytes-max"     Bytes        32 * MIB,      64 * KIB,  "Encoded bytes that may wait for all watchers together; beyond it watchers read on from the journal."
    disk_free_bytes_min             "disk-free-bytes-min"          Bytes        64 * MIB,      MIB,       "Bytes that uploads leave free on the disk, so that the journal can still say what happened. Below it an upload fails with 507."
    page_rows_max                   "page-rows-max"                Count        10_000,        100,       "Most rows or problems in one page of an answer."
    mock_rows_max                   "mock-rows-max"                Count        10_000_000,    10_000,    "Most rows of a mock CSV."
    request_head_ms_max             "request-head-ms-max"          Milliseconds 10_000,        400,       "How long a request's head may take, and a new connection's first byte."
    body_stall_ms_max               "body-stall-ms-max"            Milliseconds 30_000,        400,       "How long a body may pause. Beyond it the request ends with 408, and an upload is interrupted."
    body_rate_bytes_min             "body-rate-bytes-min"          Bytes        0,             0,         "Bytes a second that a body has to bring, over each `body-stall-ms-max` of waiting for it. A slower one ends as one that pauses. 0 asks for none, so that feeds may be slow."
    upload_ms_max                   "upload-ms-max"                Milliseconds 86_400_000,    20_000,    "How long one upload request may take in all. Beyond it the upload is interrupted."
    sender_absent_ms_max            "sender-absent-ms-max"         Milliseconds 10_000,        400,       "How long a resumable upload may be without a request before it is interrupted. It can be resumed all the same."
    metadata_bytes_max              "metadata-bytes-max"           Bytes        4 * KIB,       512,       "Longest `Upload-Metadata` of a resumable upload. A longer one is refused with 400."
    concat_parts_max                "concat-parts-max"             Count        256,           4,         "Most parts that one file is put together from. More are refused with 400."
    watcher_stall_ms_max            "watcher-stall-ms-max"         Milliseconds 600_000,       1_500,     "How long a watcher may take nothing before its connection is closed. It may come back with its last id."
    keep_alive_ms                   "keep-alive-ms"                Milliseconds 15_000,        300,       "After how much silence a watcher is sent a comment, so that proxies keep the connection."
    settle_ms                       "settle-ms"                    Milliseconds 200,           20,        "How long a reader waits for more than the first whole line before it decides how a file is read. A file that arrives quicker is decided from its first 64 KiB."
    progress_ms                     "progress-ms"                  Milliseconds 50,            20,        "Shortest time between two progress events of one upload."
    status_ms                       "status-ms"                    Milliseconds 2_000,         40,        "How often the server tells of itself to whoever watches `system`."
    tls_reload_ms                   "tls-reload-ms"                Milliseconds 10_000,        30,        "How often the files of the certificate are looked at. One that was renewed is used for the connections that come then."
    shutdown_grace_ms               "shutdown-grace-ms"            Milliseconds 500,           20,        "How long a server that was told to stop still serves as before, but for `/readyz`: so that who spreads requests over several notices first."
    token_bytes_max                 "token-bytes-max"              Bytes        4 * KIB,       KIB,       "Longest bearer token. A longer one is refused with 401."
    session_ms_max                  "session-ms-max"               Milliseconds 43_200_000,    10_000,    "How long a session of a browser holds. It never outlives the token that it was begun with."
    ticket_ms_max                   "ticket-ms-max"                Milliseconds 3_600_000,     5_000,     "Longest time that a ticket can be asked for. A longer one is refused with 400."
    ticket_ms                       "ticket-ms"                    Milliseconds 60_000,        2_000,     "How long a ticket holds where nothing is said."
    keys_poll_ms                    "keys-poll-ms"                 Milliseconds 1_000,         50,        "How often the key file is looked at for changes, and so how long a revoked key may still work."
    jwt_leeway_ms                   "jwt-leeway-ms"                Milliseconds 30_000,        0,         "How far the clock of whoever signs tokens may be off. A token works so much longer than its `exp`."
    rates_tracked_max               "rates-tracked-max"            Count        65_536,        1_024,     "Addresses, keys and clients whose rates are remembered, for each rate. Further ones share a few allowances. Who has their whole allowance back is forgotten."
    address_requests_per_minute_max "address-requests-per-minute-max" Count     60_000,        60_000,    "Requests of one address (of IPv6: a /64) in a minute; as many at once, and they come back evenly. Further ones are refused with 429. 0 is no limit, as for every rate."
    address_uploads_per_minute_max  "address-uploads-per-minute-max" Count      12_000,        12_000,    "Uploads that one address begins in a minute. Further ones are refused with 429."
    address_connects_per_minute_max "address-connects-per-minute-max" Count     12_000,        12_000,    "Watchers that one address attaches in a minute. Further ones are refused with 429."
    address_received_bytes_per_day_max "address-received-bytes-per-day-max" Bytes 1024 * GIB,  4 * GIB,   "Bytes of bodies from one address in a day. Beyond it requests with a body are refused with 429, and a running upload is interrupted."
    address_failed_credentials_per_minute_max "address-failed-credentials-per-minute-max" Count 120, 6_000, "Credentials from one address that prove nothing, in a minute. Beyond it none is looked at: 429."
    key_requests_per_minute_max     "key-requests-per-minute-max"  Count        60_000,        60_000,    "Requests in a minute of one person or program, as their key or token names them (`sub`). Further ones are refused with 429."
    key_uploads_per_minute_max      "key-uploads-per-minute-max"   Count        12_000,        12_000,    "Uploads that one person or program begins in a minute. Further ones are refused with 429."
    key_connects_per_minute_max     "key-connects-per-minute-max"  Count        12_000,        12_000,    "Watchers that one person or program attaches in a minute. Further ones are refused with 429."
    key_received_bytes_per_day_max  "key-received-bytes-per-day-max" Bytes      1024 * GIB,    4 * GIB,   "Bytes of bodies from one person or program in a day. Beyond it requests with a body are refused with 429, and a running upload is interrupted."
    client_uploads_per_day_max      "client-uploads-per-day-max"   Count        0,             0,         "Uploads that are begun for one client in a day, counted since the start. Further ones are refused with 429. 0 is no limit."
    client_kept_bytes_max           "client-kept-bytes-max"        Bytes        0,             0,         "Bytes that the uploads of one client keep in the spool, all together. Beyond it an upload is refused or interrupted with 507. 0 is no limit."
    shutdown_ms_max                 "shutdown-ms-max"              Milliseconds 4_000,         2_000,     "How long a shutdown waits for running requests before it cuts them."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_can_be_set_by_its_name() {
        for (i, spec) in Limits::TABLE.iter().enumerate() {
            let mut limits = Limits::default();
            limits.set(spec.name, spec.default + 1).unwrap();
            assert_ne!(limits, Limits::default(), "{}", spec.name);
            assert!(Limits::TABLE[..i].iter().all(|earlier| earlier.name != spec.name));
        }
        assert_eq!(Limits::default().set("rows", 1), Err(UnknownLimit("rows".into())));
    }
}
