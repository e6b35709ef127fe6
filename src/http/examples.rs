//! One command for each operation, to try it with: what `GET /api` shows. The tests run every one of them.
//!
//! `$server` is where the server is, `$id` an upload that is done, `$key` a name that was not used before.

/// The operation's id, and a command.
const EXAMPLES: &[(&str, &str)] = &[
    ("upload", "curl -F 'file=@data/customers.csv' \"$server/upload/demo\""),
    ("watch", "curl -N \"$server/sse/demo?from=start&until=done\""),
    (
        "publish",
        "curl --json '{\"event\":\"chat.message\",\"data\":{\"text\":\"Hello\"}}' -H \"Idempotency-Key: $key\" \"$server/sse/demo\"",
    ),
    (
        "broadcast",
        "curl --json '{\"clients\":\"demo*\",\"event\":\"notification\",\"data\":\"Back at noon\"}' \"$server/sse\"",
    ),
    ("list_watchers", "curl \"$server/sse/demo/watchers\""),
    ("list_uploads", "curl \"$server/uploads?client=demo&limit=10\""),
    ("get_upload", "curl \"$server/uploads/$id\""),
    ("cancel_upload", "curl -X POST \"$server/uploads/$id/cancel\""),
    ("next_upload", "curl -X POST \"$server/uploads/$id/next\""),
    ("delete_upload", "curl -X DELETE \"$server/uploads/$id\""),
    ("reread_upload", "curl -X POST \"$server/uploads/$id/reread?header=false\""),
    ("get_rows", "curl \"$server/uploads/$id/rows?limit=10\""),
    ("get_problems", "curl \"$server/uploads/$id/problems?severity=error\""),
    ("export_csv", "curl -OJ \"$server/uploads/$id/rows.csv\""),
    ("export_ndjson", "curl \"$server/uploads/$id/rows.ndjson\""),
    ("export_accepted", "curl -OJ \"$server/uploads/$id/accepted.csv\""),
    ("export_rejects", "curl -OJ \"$server/uploads/$id/rejects.csv\""),
    ("export_problems", "curl -OJ \"$server/uploads/$id/problems.csv\""),
    ("tus_options", "curl -i -X OPTIONS \"$server/files\""),
    (
        "tus_create",
        "curl -i -X POST -H 'Tus-Resumable: 1.0.0' -H 'Upload-Length: 9' -H \"Upload-Metadata: client $(printf demo | base64)\" \"$server/files\"",
    ),
    ("tus_head", "curl -I -H 'Tus-Resumable: 1.0.0' \"$server/files/$id\""),
    (
        "tus_patch",
        "printf 'a,b\\n1,2\\n' | curl -i -X PATCH -H 'Tus-Resumable: 1.0.0' -H 'Upload-Offset: 0' -H 'Content-Type: application/offset+octet-stream' --data-binary @- \"$server/files/$id\"",
    ),
    ("tus_delete", "curl -i -X DELETE -H 'Tus-Resumable: 1.0.0' \"$server/files/$id\""),
    ("mock_csv", "curl \"$server/csv?rows=1000&seed=7\""),
    ("get_session", "curl \"$server/session\""),
    ("sign_in", "curl -i -X POST -H \"Authorization: Bearer $token\" \"$server/session\""),
    ("sign_out", "curl -i -X DELETE \"$server/session\""),
    ("create_ticket", "curl --json '{\"client\":\"demo\"}' \"$server/tickets\""),
    ("page", "curl \"$server/\""),
    ("livez", "curl \"$server/livez\""),
    ("readyz", "curl \"$server/readyz\""),
    ("metrics", "curl \"$server/metrics\""),
    ("list_operations", "curl \"$server/api\""),
    ("openapi", "curl \"$server/openapi.json\""),
    ("docs", "curl \"$server/docs\""),
    ("explain_problem", "curl \"$server/problems/missing-cell\""),
    ("get_stats", "curl \"$server/system/stats\""),
    ("list_connections", "curl \"$server/system/connections\""),
    ("get_health", "curl \"$server/system/health\""),
];

/// The command that tries an operation; none where the table does not know it.
pub fn of(operation: &str) -> Option<&'static str> {
    EXAMPLES.iter().find(|(known, _)| *known == operation).map(|(_, example)| *example)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Api;
    use crate::http::site::Addresses;
    use std::collections::BTreeSet;

    #[test]
    fn every_operation_has_one() {
        let shown: BTreeSet<_> = EXAMPLES.iter().map(|(operation, _)| *operation).collect();
        assert_eq!(shown.len(), EXAMPLES.len(), "none stands twice");
        assert_eq!(shown, Addresses::of::<Api>().operations().collect());
    }
}
