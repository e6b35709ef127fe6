//! Makes the page of `static/` ready to be sent: squeezed, joined and compressed, so that the program does none of it.
//!
//! The files are what people read and change, and they run as they are (`--static-dir static`). A browser far away would
//! wait for sixty of them, some only named by others; it gets one stylesheet and one script instead. Nothing is renamed or
//! rewritten: styles are joined in the order of `index.html`; each module becomes a block that hands its exports on, after
//! those it imports. What is loaded only when it is asked for (`await import('…')`) is a file of its own, and takes what it shares
//! with the page from there; so does what a worker runs. For that, imports and exports each stand on a line of their own, and no
//! two modules import each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// The first module, and the name under which all that it needs is joined.
const FIRST: &str = "/js/main.js";
const SCRIPT: &str = "/js/page.js";
const STYLE: &str = "/css/page.css";
/// Of no page of ours: whoever uses it reads it, so it stays as it is.
const CLIENT: &str = "/client.js";

/// Named by `rowcast --version` and `/metrics`. Nothing of the machine that builds it.
fn tell_what_it_is_built_from() {
    println!("cargo::rerun-if-env-changed=ROWCAST_BUILD_COMMIT");
    let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let profile = variable("PROFILE").unwrap_or_else(|| "unknown".into());
    // A build for development does not ask: it would be made anew with every commit.
    let commit = variable("ROWCAST_BUILD_COMMIT").or_else(|| commit().filter(|_| profile == "release"));
    println!("cargo::rustc-env=ROWCAST_BUILD_COMMIT={}", commit.unwrap_or_else(|| "unknown".into()));
    println!("cargo::rustc-env=ROWCAST_BUILD_TARGET={}", variable("TARGET").unwrap_or_else(|| "unknown".into()));
    println!("cargo::rustc-env=ROWCAST_BUILD_PROFILE={profile}");
}

/// The commit that is checked out, where this is a repository of its own.
fn commit() -> Option<String> {
    let git = |args: &[&str]| {
        let said = std::process::Command::new("git").args(args).output().ok().filter(|said| said.status.success())?;
        Some(String::from_utf8(said.stdout).ok()?.trim().to_owned())
    };
    // Of a package that was unpacked within somebody else's repository, that one says nothing.
    let own = git(&["rev-parse", "--show-prefix"])?.is_empty();
    let log = git(&["rev-parse", "--git-path", "logs/HEAD"]).filter(|_| own)?;
    println!("cargo::rerun-if-changed={log}");
    git(&["rev-parse", "--short=12", "HEAD"])
}

fn main() {
    println!("cargo::rerun-if-changed=static");
    tell_what_it_is_built_from();
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names it")).join("page");
    let mut files = BTreeMap::new();
    collect(Path::new("static"), "", &mut files);
    // A package without a page still builds.
    if let Some(index) = files.remove("/index.html") {
        let (index, styles) = with_one_style(&index);
        let style = styles.iter().map(|name| files[name].as_str()).collect();
        let mut modules = Modules {
            files: &files,
            done: Vec::new(),
            open: Vec::new(),
            later: Vec::new(),
            page: 0,
            own: 0,
            taken: BTreeSet::new(),
        };
        let mut page = String::new();
        modules.add(FIRST, &mut page);
        let shared = modules.done.len();
        let names: Vec<_> = (0..shared).map(|number| format!("m{number}")).collect();
        writeln!(page, "export{{{}}};", names.join(",")).expect("memory takes every write");
        let mut joined = vec![("/index.html".to_owned(), index.replace(FIRST, SCRIPT)), (STYLE.to_owned(), style)];
        joined.push((SCRIPT.to_owned(), page));
        modules.page = shared;
        while let Some(name) = modules.later.pop() {
            if !joined.iter().any(|(known, _)| *known == name) {
                let text = modules.later(&name);
                joined.push((name, text));
            }
        }
        let done = modules.done;
        files.retain(|name, _| !styles.contains(name) && !done.contains(name));
        files.extend(joined);
    }
    let _ = fs::remove_dir_all(&out);
    for (name, content) in &files {
        let content = squeezed(name, content).into_bytes();
        for (coding, bytes) in [("br", brotli(&content)), ("gzip", gzip(&content)), ("identity", content)] {
            let path = out.join(coding).join(&name[1..]);
            fs::create_dir_all(path.parent().expect("it is within a folder")).expect("a folder can be made");
            fs::write(path, bytes).expect("a file can be written");
        }
    }
}

fn collect(folder: &Path, under: &str, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("static/ can be read").path();
        let name = format!("{under}/{}", path.file_name().expect("an entry has a name").to_string_lossy());
        if path.is_dir() {
            collect(&path, &name, files);
        } else {
            let content = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            files.insert(name, content);
        }
    }
}

/// The document with one stylesheet in the place of the first, and the names of all.
fn with_one_style(index: &str) -> (String, Vec<String>) {
    let (mut out, mut styles) = (String::new(), Vec::new());
    for line in index.lines() {
        match line.strip_prefix(r#"<link rel="stylesheet" href=""#).and_then(|rest| rest.split('"').next()) {
            Some(name) => {
                if styles.is_empty() {
                    writeln!(out, r#"<link rel="stylesheet" href="{STYLE}">"#).expect("memory takes every write");
                }
                styles.push(name.to_owned());
            }
            None => writeln!(out, "{line}").expect("memory takes every write"),
        }
    }
    (out, styles)
}

struct Modules<'a> {
    files: &'a BTreeMap<String, String>,
    /// Those that are joined; a module's place is the number in its name.
    done: Vec<String>,
    /// Those whose imports are being joined.
    open: Vec<String>,
    /// Those that are loaded when they are asked for.
    later: Vec<String>,
    /// The modules that the page has and those of the file that is being joined, which is loaded later: the first number
    /// behind either.
    page: usize,
    own: usize,
    /// What that file takes from the page.
    taken: BTreeSet<usize>,
}

impl Modules<'_> {
    /// A file of its own: this module, and what it alone needs.
    fn later(&mut self, name: &str) -> String {
        assert!(!self.done.iter().any(|done| done == name), "{name} is loaded later, but something imports it");
        (self.own, self.taken) = (self.done.len(), BTreeSet::new());
        let mut out = String::new();
        let number = self.add(name, &mut out);
        let exports: Vec<_> =
            self.files[name].lines().filter_map(|line| exported(line.strip_prefix("export ")?)).collect();
        let exports = format!("export const{{{}}}=m{number};\n", exports.join(","));
        if self.taken.is_empty() {
            return out + &exports;
        }
        let taken: Vec<_> = self.taken.iter().map(|number| format!("m{number}")).collect();
        format!("import{{{}}}from'{SCRIPT}';\n{out}{exports}", taken.join(","))
    }

    /// Joins a module to `out` behind all it needs, and tells its number.
    fn add(&mut self, name: &str, out: &mut String) -> usize {
        if let Some(number) = self.done.iter().position(|done| done == name) {
            if number < self.page {
                self.taken.insert(number);
            }
            assert!(number < self.page || number >= self.own, "{name} is needed by two files that are loaded later");
            return number;
        }
        assert!(!self.open.iter().any(|open| open == name), "{name} imports itself, by way of {:?}", self.open);
        let text =
            self.files.get(name).unwrap_or_else(|| panic!("{name} is imported by {:?}, but is missing", self.open));
        self.open.push(name.to_owned());
        let (mut body, mut exports) = (String::new(), Vec::new());
        for line in text.lines() {
            if let Some(import) = line.strip_prefix("import ") {
                self.import(name, import, &mut body, out);
            } else if let Some(declared) = line.strip_prefix("export ") {
                exports.push(exported(declared).unwrap_or_else(|| panic!("{name}: cannot join `{line}`")));
                body.push_str(&self.with_whole_names(name, declared));
            } else {
                body.push_str(&self.with_whole_names(name, line));
            }
            body.push('\n');
        }
        self.open.pop();
        let number = self.done.len();
        self.done.push(name.to_owned());
        writeln!(out, "let m{number};{{\n{body}m{number}={{{}}};\n}}", exports.join(","))
            .expect("memory takes every write");
        number
    }

    fn import(&mut self, name: &str, import: &str, body: &mut String, out: &mut String) {
        let cannot = || panic!("{name}: cannot join `import {import}`");
        let (names, from) =
            import.rsplit_once('\'').and_then(|(head, _)| head.rsplit_once('\'')).unwrap_or_else(cannot);
        let number = self.add(&resolved(name, from), out);
        let names = names.trim_end().trim_end_matches("from").trim_end();
        match names.strip_prefix("* as ") {
            _ if names.is_empty() => {}
            Some(all) => write!(body, "const {all}=m{number};").expect("memory takes every write"),
            None => write!(body, "const {}=m{number};", names.replace(" as ", ":")).expect("memory takes every write"),
        }
    }

    /// The line with its `await import('…')` by the whole name, as it no longer stands where it stood.
    fn with_whole_names(&mut self, name: &str, line: &str) -> String {
        const IMPORT: &str = "await import('";
        let Some((before, rest)) = line.split_once(IMPORT) else { return line.to_owned() };
        let (from, after) = rest.split_once('\'').unwrap_or_else(|| panic!("{name}: cannot join `{line}`"));
        let later = resolved(name, from);
        let line = format!("{before}{IMPORT}{later}'{after}");
        self.later.push(later);
        line
    }
}

/// The name that `export …` gives away: of a constant, a function or a class.
fn exported(declared: &str) -> Option<&str> {
    let kinds = ["const ", "function ", "async function ", "class "];
    let rest = kinds.iter().find_map(|kind| declared.strip_prefix(kind))?;
    rest.split(|letter: char| !(letter.is_alphanumeric() || letter == '_' || letter == '$')).next()
}

/// `./` and `../` in an import, by the place of the module that has it.
fn resolved(name: &str, from: &str) -> String {
    let mut parts: Vec<_> = name.split('/').collect();
    parts.pop();
    for part in from.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// Without comments and blanks that say nothing to a browser.
fn squeezed(name: &str, content: &str) -> String {
    let squeezed = match name.rsplit_once('.') {
        Some((_, "js")) if name != CLIENT => minifier::js::minify(content).map(|js| js.to_string()),
        Some((_, "css")) => Ok(squeezed_style(content)),
        _ => return content.to_owned(),
    };
    squeezed.unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Only blanks that say nothing in any place: `a :hover` is not `a:hover`.
fn squeezed_style(content: &str) -> String {
    let mut css = String::new();
    for (at, piece) in content.split("/*").enumerate() {
        css.push_str(if at == 0 { piece } else { piece.split_once("*/").expect("a comment ends").1 });
    }
    let mut css = css.split_whitespace().collect::<Vec<_>>().join(" ");
    for (from, to) in
        [(" {", "{"), ("{ ", "{"), (" }", "}"), ("} ", "}"), ("; ", ";"), (": ", ":"), (", ", ","), (";}", "}")]
    {
        css = css.replace(from, to);
    }
    css
}

fn brotli(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = brotli::CompressorWriter::new(&mut out, 4096, 11, 22);
    writer.write_all(content).expect("memory takes every write");
    drop(writer);
    out
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(content).expect("memory takes every write");
    writer.finish().expect("memory takes every write")
}
