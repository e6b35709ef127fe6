//! What there is.

use crate::http::examples;
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi};
use serde::Serialize;

/// What there is, with a command to try each.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "Api", example)]
pub struct ApiDocument {
    /// `rowcast`
    pub name: String,
    /// The program's version.
    pub version: String,
    /// What the commands stand on, as a shell takes it.
    pub variables: Vec<String>,
    /// Every operation.
    pub operations: Vec<OperationDocument>,
}

/// An operation.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "Operation", example)]
pub struct OperationDocument {
    /// Its id in the OpenAPI document.
    pub id: String,
    /// Its method.
    pub method: String,
    /// Its path.
    pub path: String,
    /// What it does.
    pub summary: String,
    /// A command that does it.
    pub example: String,
}

impl ApiDocument {
    /// The operations of `T`, at the server that is reached there.
    pub fn of<T: OpenApi>(scheme: &str, host: &str) -> Self {
        let paths = T::meta().into_iter().flat_map(|api| api.paths);
        let operations = paths.flat_map(|path| {
            path.operations.into_iter().map(move |operation| {
                let id = operation.operation_id.unwrap_or_default();
                OperationDocument {
                    id: id.into(),
                    method: operation.method.to_string(),
                    path: path.path.clone(),
                    summary: operation.summary.unwrap_or_default().into(),
                    example: examples::of(id).unwrap_or_default().into(),
                }
            })
        });
        Self {
            name: env!("CARGO_PKG_NAME").into(),
            version: env!("CARGO_PKG_VERSION").into(),
            variables: vec![
                format!("server={scheme}://{host}"),
                "id=…      # of an upload: curl -s \"$server/uploads?limit=1\"".into(),
                "key=$(uuidgen)".into(),
                "token=…   # where the server asks for one, with -H \"Authorization: Bearer $token\"".into(),
            ],
            operations: operations.collect(),
        }
    }
}

impl Example for OperationDocument {
    fn example() -> Self {
        Self {
            id: "livez".into(),
            method: "GET".into(),
            path: "/livez".into(),
            summary: "Is it alive".into(),
            example: "curl \"$server/livez\"".into(),
        }
    }
}

impl Example for ApiDocument {
    fn example() -> Self {
        Self {
            name: "rowcast".into(),
            version: "0.1.0".into(),
            variables: vec!["server=http://127.0.0.1:3000".into()],
            operations: vec![OperationDocument::example()],
        }
    }
}
