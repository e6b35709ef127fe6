//! A client on a server, with those who send to it and those who watch it.

use crate::chronicle::Chronicle;
use crate::dice::Dice;
use crate::host::{self, Host, Meter, Place};
use crate::patience::until;
use crate::sample::{RowTold, Sample, Samples};
use crate::sender::{Sender, Sent, Way};
use crate::wire::{Answer, Habits, Line};
use crate::witness::{Manner, Scene, Witness};
use hyper::Request;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// One client's part of a test.
pub struct Play {
    pub scene: Scene,
    goal: watch::Sender<Option<u64>>,
    witnesses: JoinSet<Witness>,
    /// The uploads that were answered with success.
    pub done: HashMap<String, Arc<Sample>>,
}

/// How long the end of a test may take, when every condition for it holds.
const ENDING: Duration = Duration::from_secs(60);

impl Play {
    /// For a client whose senders and watchers reach the server at `place`.
    pub fn new(client: &str, place: Place) -> Self {
        Self::metered(client, place, Meter::new())
    }

    pub fn metered(client: &str, place: Place, meter: Meter) -> Self {
        let goal = watch::Sender::new(None);
        let scene = Scene {
            place,
            client: client.into(),
            samples: Samples::default(),
            chronicle: Chronicle::default(),
            meter,
            goal: goal.subscribe(),
        };
        Self { scene, goal, witnesses: JoinSet::new(), done: HashMap::new() }
    }

    /// Somebody begins to watch.
    pub fn witness(&mut self, manner: Manner, dice: Dice) {
        self.witnesses.spawn(Witness::new(&self.scene, manner, dice).watch());
    }

    /// Somebody who watched before goes on.
    pub fn witness_again(&mut self, witness: Witness) {
        self.witnesses.spawn(witness.watch());
    }

    pub fn sender(&self, patience: Duration, dice: Dice) -> Sender {
        Sender {
            place: self.scene.place.clone(),
            client: self.scene.client.clone(),
            samples: self.scene.samples.clone(),
            meter: self.scene.meter.clone(),
            dice,
            patience,
            gate: watch::channel(u64::MAX).1,
            first_name: None,
            broken: 0,
            resumed: 0,
        }
    }

    /// Uploads a file where nothing is to go wrong.
    pub async fn upload(&mut self, sample: &Arc<Sample>, dice: Dice) -> String {
        match self.sender(PATIENT, dice).send(sample, Way::Raw).await {
            Sent::Done(id) => {
                self.done.insert(id.clone(), Arc::clone(sample));
                id
            }
            other => panic!("nothing was to go wrong: {other:?}"),
        }
    }

    /// Waits until that many rows of the file were told.
    pub async fn has_told(&self, name: &str, rows: u64) {
        let told = |upload: &Value| upload["filename"] == *name && upload["rows"].as_u64() >= Some(rows);
        until(format!("{rows} rows of {name}"), async || {
            let uploads = uploads(&self.scene.place, &self.scene.client).await;
            uploads.iter().any(told).then_some(())
        })
        .await;
    }

    /// Waits until every watcher has seen all there is, and answers with them.
    pub async fn seen(&mut self, host: &Host) -> Vec<Witness> {
        let end = end_of(&host.place(), &self.scene.client).await;
        self.seen_up_to(end).await
    }

    /// Waits until every watcher has seen the events up to that number, or a few more, and answers with them.
    pub async fn seen_up_to(&mut self, end: u64) -> Vec<Witness> {
        self.goal.send_replace(Some(end));
        let mut witnesses = Vec::new();
        while let Some(witness) = within(ENDING, "what is left to see", self.witnesses.join_next()).await {
            witnesses.push(witness.expect("a watcher holds what it is told to the rules"));
        }
        self.goal.send_replace(None);
        witnesses
    }

    /// Holds everything to what was promised: everybody saw all of it; somebody who comes now sees the same; every
    /// upload's file and rows are those of its sample. Answers with the watchers.
    pub async fn assert_all_well(&mut self, host: &Host) -> Vec<Witness> {
        self.witness(Manner::steady(PATIENT), Dice::still());
        let witnesses = self.seen(host).await;
        for witness in &witnesses {
            witness.assert_complete(&self.done);
        }
        self.assert_kept(host).await;
        witnesses
    }

    /// Holds what is kept of every upload that is done to its sample.
    pub async fn assert_kept(&self, host: &Host) {
        for (id, sample) in &self.done {
            let spooled = std::fs::read(host.spooled(id)).expect("its bytes");
            assert!(spooled == sample.bytes, "{id}: the file on disk is another, {} bytes long", spooled.len());
            let export = get(&host.place(), &format!("/uploads/{id}/rows.ndjson")).await;
            assert_eq!(export.status, 200, "{export:?}");
            let mut rows = 0;
            for line in export.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                let row: RowTold = serde_json::from_slice(line).expect("a row");
                rows += 1;
                assert_eq!(row.row, rows);
                sample.assert_has(&row);
            }
            assert_eq!(rows, sample.rows(), "{id}");
        }
    }
}

/// Longer than anything takes where nothing goes wrong.
pub const PATIENT: Duration = Duration::from_secs(25);

/// Waits for what may take longer than usual.
pub async fn within<T>(time: Duration, what: &str, work: impl Future<Output = T>) -> T {
    let time = if crate::dice::is_long() { time * 10 } else { time };
    tokio::time::timeout(time, work).await.unwrap_or_else(|_| panic!("{what}: not within {time:?}"))
}

/// A request to a server that is there and well.
pub async fn get(place: &Place, target: &str) -> Answer {
    let mut line =
        Line::open(host::found(&mut place.clone()).await, Habits::patient()).await.expect("the server listens");
    line.ask(Request::get(target)).await.expect("an answer")
}

/// The number of the client's last event, once nothing runs any more.
pub async fn end_of(place: &Place, client: &str) -> u64 {
    until(format!("the end of every upload of {client}"), async || {
        let mut stages = uploads(place, client).await.into_iter().map(|upload| upload["stage"].clone());
        (!stages.any(|stage| stage == "receiving" || stage == "understood" || stage == "reading")).then_some(())
    })
    .await;
    crate::api::Api { address: host::found(&mut place.clone()).await }.watch(client).await.ledger.n()
}

/// All uploads of the client.
pub async fn uploads(place: &Place, client: &str) -> Vec<Value> {
    let mut uploads = Vec::new();
    let mut before = String::new();
    loop {
        let page = get(place, &format!("/uploads?client={client}&limit=100{before}")).await.json();
        uploads.extend_from_slice(page["uploads"].as_array().unwrap_or_else(|| panic!("no list: {page}")));
        match page["next"].as_str() {
            Some(next) => before = format!("&before={next}"),
            None => return uploads,
        }
    }
}
