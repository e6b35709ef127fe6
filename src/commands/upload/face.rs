//! What people see while a file is on its way: a bar on a terminal, now and then a line elsewhere, and problems as they come.

use crate::commands::plain::{counted, shown, size, span};
use crate::commands::told::{self, Problem, Progress};
use crate::domain::Stage;
use crate::remote::sse::Event;
use crate::remote::{Update, Went};
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);
/// Over how long the rate is smoothed.
const RATE_OVER: f64 = 5.0;

/// One file's progress on standard error.
pub struct Face {
    name: String,
    /// A bar that is drawn over itself.
    is_terminal: bool,
    quiet: bool,
    problems_shown: u64,
    /// Problems that were told by events.
    problems_told: u64,
    upload: Option<String>,
    now: Progress,
    /// Bytes per second, smoothed; none before two measurements.
    rate: Option<f64>,
    measured: Option<(Instant, u64)>,
    last_line: Instant,
    is_drawn: bool,
    is_away: bool,
    is_over: bool,
}

impl Face {
    /// For a file of that length.
    pub fn new(name: &str, length: Option<u64>, quiet: bool, problems_shown: u64) -> Self {
        Self {
            name: shown(name),
            is_terminal: io::stderr().is_terminal(),
            quiet,
            problems_shown,
            problems_told: 0,
            upload: None,
            now: Progress { total_bytes: length, ..Progress::default() },
            rate: None,
            measured: None,
            last_line: Instant::now(),
            is_drawn: false,
            is_away: false,
            is_over: false,
        }
    }

    /// Takes in what happened on the way, and gives it on.
    pub fn note(&mut self, note: Went) -> Went {
        match &note {
            Went::Begun(id) => self.upload = Some(id.clone()),
            Went::Reached(bytes) => self.now.received_bytes = self.now.received_bytes.max(*bytes),
            Went::Away { reason, pause } => {
                self.is_away = true;
                self.tell(&format!("{}: {}; trying again in {}", self.name, shown(reason), span(*pause)));
            }
            Went::Back(bytes) => {
                // The time that was lost is no measure of the way.
                (self.rate, self.measured) = (None, None);
                if std::mem::take(&mut self.is_away) {
                    self.tell(&format!("{}: going on after {}", self.name, counted(*bytes, "byte")));
                }
            }
        }
        note
    }

    /// Takes in what the server tells.
    pub fn update(&mut self, update: Update) {
        let Update::Event(event) = update else { return };
        if told::upload(&event) != self.upload || self.upload.is_none() {
            return;
        }
        match event.kind.as_str() {
            "progress" => self.progress(&event),
            "problem" => self.problem(&event),
            _ => {}
        }
        if let Some(stage) = told::entered(&event) {
            // One that is held there has been sent.
            self.is_over = !stage.is_running() || stage == Stage::Understood;
        }
    }

    /// Whether the server told that the upload ended.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    fn progress(&mut self, event: &Event) {
        let Ok(mut now) = serde_json::from_str::<Progress>(&event.data) else { return };
        now.total_bytes = now.total_bytes.or(self.now.total_bytes);
        self.now = now;
        let at = Instant::now();
        let Some((before, bytes)) = self.measured else {
            self.measured = Some((at, now.read_bytes));
            return;
        };
        let seconds = (at - before).as_secs_f64();
        if seconds < 0.2 {
            return;
        }
        let rate = now.read_bytes.saturating_sub(bytes) as f64 / seconds;
        let weight = (seconds / RATE_OVER).min(1.0);
        self.rate = Some(self.rate.map_or(rate, |old| old + (rate - old) * weight));
        self.measured = Some((at, now.read_bytes));
    }

    fn problem(&mut self, event: &Event) {
        self.problems_told += 1;
        if self.problems_told <= self.problems_shown
            && let Ok(problem) = serde_json::from_str::<Problem>(&event.data)
        {
            self.tell(&format!("{}: {problem}", self.name));
        }
    }

    /// Brings what is seen up to date.
    pub fn show(&mut self) {
        if self.quiet || self.upload.is_none() {
            return;
        }
        if self.is_terminal {
            let line: String = self.line(true).chars().take(columns()).collect();
            _ = write!(io::stderr(), "\r{line}\x1b[K");
            self.is_drawn = true;
        } else if self.last_line.elapsed() >= LINE_EVERY && !self.is_away {
            self.last_line = Instant::now();
            eprintln!("{}", self.line(false));
        }
    }

    /// The last words: what was not told in full.
    pub fn close(&mut self) {
        self.clear();
        let more =
            self.problems_told.max(self.now.problems).saturating_sub(self.problems_shown.min(self.problems_told));
        if more > 0 {
            eprintln!("{}: {}", self.name, counted(more, "more problem"));
        }
    }

    fn line(&self, bar: bool) -> String {
        let Progress { percent, received_bytes, read_bytes, total_bytes, rows, .. } = self.now;
        let mut parts = vec![self.name.clone()];
        if let Some(percent) = percent.filter(|_| total_bytes.is_some()) {
            if bar {
                let full = usize::try_from(percent.min(100) / 5).unwrap_or(0);
                parts.push(format!("[{}{}]", "#".repeat(full), "-".repeat(20 - full)));
            }
            parts.push(format!("{percent} %"));
        }
        let sent = received_bytes.max(read_bytes);
        parts.push(total_bytes.map_or_else(|| size(sent), |total| format!("{} of {}", size(sent), size(total))));
        parts.push(counted(rows, "row"));
        if let Some(rate) = self.rate.filter(|rate| *rate >= 1.0) {
            parts.push(format!("{}/s", size(rate as u64)));
            let left = total_bytes.map(|total| total.saturating_sub(read_bytes) as f64 / rate);
            if let Some(left) = left.and_then(|left| Duration::try_from_secs_f64(left).ok()) {
                parts.push(format!("{} left", span(left)));
            }
        }
        parts.join("  ")
    }

    /// A line of its own.
    fn tell(&mut self, line: &str) {
        self.clear();
        eprintln!("{line}");
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.is_drawn) {
            _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

/// How many characters a line of the terminal has.
fn columns() -> usize {
    match rustix::termios::tcgetwinsize(io::stderr()) {
        Ok(size) if size.ws_col > 1 => usize::from(size.ws_col) - 1,
        _ => 79,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: &str, data: &str) -> Update {
        Update::Event(Event { kind: kind.into(), id: None, data: data.into() })
    }

    #[test]
    fn the_line_says_how_far_it_is() {
        let mut face = Face::new("a\u{1b}.csv", Some(2048), true, 1);
        face.note(Went::Begun("u".into()));
        let other =
            r#"{"upload":"v","percent":99,"received_bytes":9,"read_bytes":9,"total_bytes":9,"rows":9,"problems":0}"#;
        face.update(event("progress", other));
        assert_eq!(face.line(false), "a\\u{1b}.csv  0 B of 2.0 KiB  0 rows");
        let own = r#"{"upload":"u","percent":50,"received_bytes":1024,"read_bytes":1024,"total_bytes":2048,"rows":1000,"problems":0}"#;
        face.update(event("progress", own));
        assert!(!face.is_over());
        face.rate = Some(512.0);
        assert_eq!(
            face.line(true),
            "a\\u{1b}.csv  [##########----------]  50 %  1.0 KiB of 2.0 KiB  1,000 rows  512 B/s  2.0 s left"
        );
        face.update(event("stage", r#"{"upload":"u","stage":"done","filename":"a.csv"}"#));
        assert!(face.is_over());
    }
}
