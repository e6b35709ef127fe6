//! Events as people read them.

use super::plain::{counted, shown, size, span};
use crate::remote::sse::Event;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use std::fmt;
use std::time::Duration;

/// One line without its end.
pub(super) fn line(event: &Event) -> String {
    let told = match event.kind.as_str() {
        "row" => serde_json::from_str(&event.data).ok().map(row),
        "problem" => serde_json::from_str(&event.data).ok().map(|problem: Problem| format!("problem: {problem}")),
        "stage" => serde_json::from_str(&event.data).ok().map(stage),
        "toast" => {
            serde_json::from_str(&event.data).ok().map(|Toast { level, message }| shown(&format!("{level}: {message}")))
        }
        "progress" => serde_json::from_str(&event.data).ok().map(progress),
        _ => None,
    };
    told.unwrap_or_else(|| shown(&format!("{}: {}", event.kind, event.data)))
}

#[derive(Deserialize)]
struct Row {
    row: u64,
    data: Cells,
    #[serde(default)]
    extra: Vec<String>,
}

/// Cells in the order of the columns, which a map would lose.
struct Cells(Vec<(String, Option<String>)>);

impl<'de> Deserialize<'de> for Cells {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Cells;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the cells of a row")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cells, A::Error> {
                let mut cells = Vec::new();
                while let Some(cell) = map.next_entry()? {
                    cells.push(cell);
                }
                Ok(Cells(cells))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

fn row(Row { row, data: Cells(cells), extra }: Row) -> String {
    let mut line = format!("{row:>6}");
    for (name, cell) in cells {
        let cell = cell.as_deref().map_or_else(|| "(missing)".to_owned(), shown);
        line += &format!("  {}={cell}", shown(&name));
    }
    for cell in extra {
        line += &format!("  +{}", shown(&cell));
    }
    line
}

/// The data of a `problem` event, as far as it is shown.
#[derive(Deserialize)]
pub(super) struct Problem {
    row: Option<u64>,
    line: u64,
    column: Option<String>,
    code: String,
    message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(row) = self.row {
            write!(f, "row {row}, ")?;
        }
        write!(f, "line {}", self.line)?;
        if let Some(column) = &self.column {
            write!(f, ", {}", shown(column))?;
        }
        write!(f, ": {} ({})", shown(&self.message), shown(&self.code))
    }
}

#[derive(Deserialize)]
struct Stage {
    stage: String,
    #[serde(default)]
    filename: String,
    #[serde(default)]
    columns: Vec<String>,
    rows: Option<u64>,
    problems: Option<u64>,
    seconds: Option<f64>,
    message: Option<String>,
}

fn stage(stage: Stage) -> String {
    let mut line = format!("{}: {}", shown(&stage.filename), shown(&stage.stage));
    if !stage.columns.is_empty() {
        line += &format!(", columns {}", shown(&stage.columns.join(", ")));
    }
    if let (Some(rows), Some(problems)) = (stage.rows, stage.problems) {
        line += &format!(", {}, {}", counted(rows, "row"), counted(problems, "problem"));
    }
    if let Some(time) = stage.seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) {
        line += &format!(", {}", span(time));
    }
    if let Some(message) = stage.message {
        line += &format!(": {}", shown(&message));
    }
    line
}

#[derive(Deserialize)]
struct Toast {
    level: String,
    message: String,
}

/// The data of a `progress` event, as far as it is shown.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(super) struct Progress {
    pub percent: Option<u64>,
    pub received_bytes: u64,
    pub read_bytes: u64,
    pub total_bytes: Option<u64>,
    pub rows: u64,
    pub problems: u64,
}

fn progress(progress: Progress) -> String {
    let percent = progress.percent.map_or_else(String::new, |percent| format!("{percent} %, "));
    format!("{percent}{} read, {}", size(progress.read_bytes), counted(progress.rows, "row"))
}

/// The upload that an event is about.
pub(super) fn upload(event: &Event) -> Option<String> {
    match serde_json::from_str::<Value>(&event.data).ok()?.get_mut("upload")?.take() {
        Value::String(id) => Some(id),
        _ => None,
    }
}

/// The stage that an upload entered, if that is what the event says.
pub(super) fn entered(event: &Event) -> Option<crate::domain::Stage> {
    if event.kind != "stage" {
        return None;
    }
    crate::domain::Stage::parse(&serde_json::from_str::<Stage>(&event.data).ok()?.stage)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kind: &str, data: &str) -> String {
        line(&Event { kind: kind.into(), id: None, data: data.into() })
    }

    #[test]
    fn events_read_well_and_columns_keep_their_order() {
        let row = told("row", r#"{"upload":"u","row":7,"data":{"zip":"01","name":null},"extra":["x\u001b"]}"#);
        assert_eq!(row, "     7  zip=01  name=(missing)  +x\\u{1b}");
        let problem = r#"{"upload":"u","row":8,"line":9,"byte":1,"column":"zip","code":"missing-cell","severity":"error","message":"Two cells.","raw":""}"#;
        assert_eq!(told("problem", problem), "problem: row 8, line 9, zip: Two cells. (missing-cell)");
        let done = r#"{"upload":"u","stage":"done","filename":"a.csv","rows":1000,"problems":1,"seconds":1.25}"#;
        assert_eq!(told("stage", done), "a.csv: done, 1,000 rows, 1 problem, 1.2 s");
        assert_eq!(told("later", "{\u{7f}}"), "later: {\\u{7f}}", "a kind that is not known yet is told as it is");
    }
}
