//! A command of the program that runs for a while: what it says, as it says it.

use crate::patience::{until, until_blocking};
use crate::program::{PROGRAM, clear_environment};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// A running command; killed when dropped.
pub struct Running {
    child: Child,
    said: Arc<Mutex<Vec<String>>>,
    told: Arc<Mutex<String>>,
    gathering: Vec<JoinHandle<()>>,
}

impl Running {
    pub fn start(args: &[&str]) -> Self {
        Self::start_with(args, Stdio::null())
    }

    pub fn start_with(args: &[&str], stdin: Stdio) -> Self {
        let mut command = Command::new(PROGRAM);
        clear_environment(&mut command);
        command.args(args).stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let (said, told) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<Mutex<String>>::default());
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut errors = child.stderr.take().expect("its errors");
        let gathering = vec![
            std::thread::spawn({
                let said = Arc::clone(&said);
                move || lines.map_while(Result::ok).for_each(|line| said.lock().expect("lines").push(line))
            }),
            std::thread::spawn({
                let told = Arc::clone(&told);
                move || {
                    let mut room = [0; 4096];
                    while let Ok(read @ 1..) = errors.read(&mut room) {
                        told.lock().expect("text").push_str(&String::from_utf8_lossy(&room[..read]));
                    }
                }
            }),
        ];
        Self { child, said, told, gathering }
    }

    /// The lines on standard output so far.
    pub fn said(&self) -> Vec<String> {
        self.said.lock().expect("lines").clone()
    }

    /// What was said on standard error so far.
    pub fn told(&self) -> String {
        self.told.lock().expect("text").clone()
    }

    /// Waits until standard error holds this.
    pub async fn until_told(&self, text: &str) {
        until(format!("{text:?} on standard error"), async || self.told().contains(text).then_some(())).await;
    }

    /// Waits until standard output has a line with this.
    pub async fn until_said(&self, text: &str) {
        let has = |line: &String| line.contains(text);
        until(format!("{text:?} on standard output"), async || self.said().iter().any(has).then_some(())).await;
    }

    pub fn input(&mut self) -> impl Write + use<> {
        self.child.stdin.take().expect("its input")
    }

    pub fn signal(&self, name: &str) {
        let kill = Command::new("sh").arg("-c").arg(format!("kill -{name} {}", self.child.id())).status();
        assert!(kill.expect("a shell").success());
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("it can be waited for").is_none()
    }

    /// Waits until it has ended by itself: its status, its lines and its errors.
    pub async fn ended(mut self) -> (ExitStatus, Vec<String>, String) {
        let status = tokio::task::block_in_place(|| {
            let child = &mut self.child;
            let status = until_blocking("the command's end", || child.try_wait().expect("it can be waited for"));
            self.gathering.drain(..).for_each(|gathering| gathering.join().expect("it is gathered"));
            status
        });
        let told = self.told();
        assert!(!told.contains("panicked at"), "{told}");
        (status, self.said(), told)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
