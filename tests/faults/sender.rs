//! Somebody who sends a file by any of the ways there are, and does not give up: what breaks is resumed.

use crate::dice::Dice;
use crate::form::Form;
use crate::host::{self, Meter, Place};
use crate::sample::{STRICTLY, Sample, Samples, strictly};
use crate::wire::{Answer, Broken, Habits, Line, timely};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt, StreamBody};
use hyper::Request;
use hyper::body::Frame;
use hyper::http::request::Builder;
use serde_json::Value;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How a file is sent at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Form,
    Raw,
    Tus,
    /// By tus, the length told at the end only.
    TusDeferred,
    /// By tus, with bytes in the request that creates it.
    TusAtOnce,
}

impl Way {
    pub const MULTIPART: [Self; 2] = [Self::Form, Self::Raw];
    pub const TUS: [Self; 3] = [Self::Tus, Self::TusDeferred, Self::TusAtOnce];
    pub const ALL: [Self; 5] = [Self::Form, Self::Raw, Self::Tus, Self::TusDeferred, Self::TusAtOnce];
}

/// What became of sending.
#[derive(Debug)]
pub enum Sent {
    /// The whole file was taken, and that was answered.
    Done(String),
    /// The server told that it cannot, now.
    Refused(Answer),
}

/// Who sends.
#[derive(Clone)]
pub struct Sender {
    pub place: Place,
    pub client: String,
    pub samples: Samples,
    pub meter: Meter,
    pub dice: Dice,
    /// How long it waits for a sign of life.
    pub patience: Duration,
    /// Bytes of a request's body up to which it sends, for the time being.
    pub gate: watch::Receiver<u64>,
    /// A name that was got for the next file.
    pub first_name: Option<String>,
    /// Requests that broke.
    pub broken: u64,
    /// Requests that went on with an upload.
    pub resumed: u64,
}

/// More attempts than any upload needs.
const ATTEMPTS_MAX: u64 = 2_000;
/// Answers after which it is tried again, as any client would.
const PASSING: [&str; 9] = [
    "wrong-offset",
    "upload-locked",
    "server-stopping",
    "shutting-down",
    "not-ready",
    "too-many-uploads",
    "body-stalled",
    "upload-interrupted",
    "too-many-connections",
];
const PIECE_BYTES_MAX: u64 = 32 << 10;

impl Sender {
    /// Sends the sample under a new name, whatever happens on the way.
    pub async fn send(&mut self, sample: &Arc<Sample>, way: Way) -> Sent {
        for _ in 0..ATTEMPTS_MAX {
            let name = self.first_name.take().unwrap_or_else(|| self.samples.name(sample));
            let answer = self.begin(sample, way, &name).await;
            match answer {
                Ok(answer) if answer.status == 201 && Way::MULTIPART.contains(&way) => {
                    let upload = answer.json();
                    assert_eq!(
                        (&upload["stage"], &upload["rows"]),
                        (&"done".into(), &sample.rows().into()),
                        "{upload}"
                    );
                    return Sent::Done(id_of(&upload));
                }
                Ok(answer) if answer.status == 201 => {
                    let location = answer.header("location").expect("where it is");
                    let id = location.rsplit('/').next().expect("an id").to_owned();
                    return self.go_on(&id, sample).await;
                }
                Ok(answer) if !PASSING.contains(&&*answer.code()) => return Sent::Refused(answer),
                Ok(_) => {}
                Err(_) => self.broken += 1,
            }
            if let Some(id) = self.find(&name).await {
                return self.go_on(&id, sample).await;
            }
        }
        panic!("{way:?} was tried in vain");
    }

    /// Goes on with an upload until it is done.
    pub async fn go_on(&mut self, id: &str, sample: &Arc<Sample>) -> Sent {
        self.go_on_from(0, id, sample).await
    }

    /// The same with an upload of which the server said that it has so many bytes: what it said, it has.
    pub async fn go_on_from(&mut self, mut promised: u64, id: &str, sample: &Arc<Sample>) -> Sent {
        for _ in 0..ATTEMPTS_MAX {
            match self.step(id, sample, &mut promised).await {
                Ok(Some(sent)) => return sent,
                Ok(None) => {}
                Err(_) => self.broken += 1,
            }
        }
        panic!("upload {id} was resumed in vain");
    }

    async fn step(&mut self, id: &str, sample: &Arc<Sample>, promised: &mut u64) -> Result<Option<Sent>, Broken> {
        let upload = self.ask(Request::get(format!("/uploads/{id}"))).await?;
        if upload.status == 503 {
            return Ok(None);
        }
        assert_eq!(upload.status, 200, "an upload that was known: {upload:?}");
        let upload = upload.json();
        match upload["stage"].as_str() {
            Some("done") => {
                assert_eq!(upload["rows"], sample.rows(), "{upload}");
                return Ok(Some(Sent::Done(id.to_owned())));
            }
            Some("receiving" | "understood" | "reading" | "interrupted") => {}
            stage => panic!("{stage:?} is no stage to go on from: {upload}"),
        }
        let head = self.ask(tus(Request::head(format!("/files/{id}")))).await?;
        if matches!(head.status, 423 | 503) {
            return Ok(None);
        }
        assert_eq!(head.status, 200, "{head:?}");
        let offset = head.number("upload-offset").expect("an offset");
        assert!((*promised..=sample.len()).contains(&offset), "{offset} of {}, {promised} promised", sample.len());
        *promised = offset;
        let rest = sample.bytes.slice(usize::try_from(offset).expect("it fits")..);
        let is_last = !self.dice.once_in(4);
        let part = if is_last { rest.len() as u64 } else { self.dice.within(0..=rest.len() as u64) };
        let part = rest.slice(..usize::try_from(part).expect("it fits"));
        let mut request = patch(id, offset);
        match head.number("upload-length") {
            Some(length) => assert_eq!(length, sample.len()),
            None => {
                assert_eq!(head.header("upload-defer-length"), Some("1"), "{head:?}");
                if is_last || self.dice.once_in(2) {
                    request = request.header("upload-length", sample.len());
                }
            }
        }
        self.resumed += 1;
        let end = offset + part.len() as u64;
        let answer = self.stream(request, part).await?;
        match answer.status {
            204 => {
                let now = answer.number("upload-offset").expect("an offset");
                assert_eq!(now, end, "{answer:?}");
                *promised = now;
                Ok(None)
            }
            _ if PASSING.contains(&&*answer.code()) => Ok(None),
            _ => Ok(Some(Sent::Refused(answer))),
        }
    }

    /// Creates an upload by tus.
    pub async fn create(&mut self, sample: &Sample, name: &str) -> String {
        let begun = self.begin(sample, Way::Tus, name).await.expect("an answer");
        begun.header("location").and_then(|path| path.rsplit('/').next()).expect("where it is").to_owned()
    }

    /// Sends a piece of an upload by tus.
    pub async fn send_piece(&mut self, id: &str, sample: &Sample, piece: Range<u64>) -> Result<Answer, Broken> {
        let [from, to] = [piece.start, piece.end].map(|at| usize::try_from(at).expect("it fits"));
        self.stream(patch(id, piece.start), sample.bytes.slice(from..to)).await
    }

    /// The first request of sending a file in that way.
    pub async fn begin(&mut self, sample: &Sample, way: Way, name: &str) -> Result<Answer, Broken> {
        let (client, bytes) = (&self.client, sample.bytes.clone());
        let (request, body) = match way {
            Way::Form => {
                let form = Form::new().file(name, &bytes);
                let request = Request::post(format!("/upload/{client}?{}", strictly()))
                    .header("content-type", form.content_type());
                (request, form.bytes().into())
            }
            Way::Raw => {
                let request = Request::post(format!("/upload/{client}?filename={name}&{}", strictly()));
                (request.header("content-type", "text/csv"), bytes)
            }
            Way::Tus | Way::TusDeferred | Way::TusAtOnce => {
                let said = [("client", client.as_str()), ("filename", name)].into_iter().chain(STRICTLY);
                let metadata: Vec<_> =
                    said.map(|(key, value)| format!("{key} {}", BASE64_STANDARD.encode(value))).collect();
                let metadata = metadata.join(",");
                let request = tus(Request::post("/files")).header("upload-metadata", metadata);
                let request = match way {
                    Way::TusDeferred => request.header("upload-defer-length", 1),
                    _ => request.header("upload-length", sample.len()),
                };
                if way != Way::TusAtOnce {
                    return self.ask(request.header("content-length", 0)).await;
                }
                let part = self.dice.within(1..=bytes.len() as u64);
                let request = request.header("content-type", "application/offset+octet-stream");
                (request, bytes.slice(..usize::try_from(part).expect("it fits")))
            }
        };
        self.stream(request, body).await
    }

    /// The client's upload of that name, if it got so far.
    pub async fn find(&mut self, name: &str) -> Option<String> {
        loop {
            let list = Request::get(format!("/uploads?client={}&limit=100", self.client));
            match self.ask(list).await {
                Ok(answer) if answer.status == 200 => {
                    let list = answer.json();
                    let mut uploads = list["uploads"].as_array().expect("a list").iter();
                    return uploads.find(|upload| upload["filename"] == name).map(id_of);
                }
                Ok(answer) => assert_eq!(answer.status, 503, "{answer:?}"),
                Err(_) => self.broken += 1,
            }
        }
    }

    async fn line(&mut self) -> Result<Line, Broken> {
        let address = host::found(&mut self.place).await;
        Line::open(address, Habits::some(&mut self.dice, self.patience)).await
    }

    pub async fn ask(&mut self, request: Builder) -> Result<Answer, Broken> {
        self.line().await?.ask(request).await
    }

    /// Sends a body in pieces of any size, and waits for the answer as long as anything moves.
    async fn stream(&mut self, request: Builder, bytes: Bytes) -> Result<Answer, Broken> {
        let request = if self.dice.once_in(2) { request.header("content-length", bytes.len()) } else { request };
        let (pulse, mut beats) = watch::channel(());
        // The gate is for the file, however many requests it takes.
        let offset =
            request.headers_ref().and_then(|headers| headers.get("upload-offset")?.to_str().ok()?.parse().ok());
        let pieces = Pieces {
            sent: offset.unwrap_or_default(),
            rest: bytes,
            dice: self.dice.fork(),
            meter: self.meter.clone(),
            gate: self.gate.clone(),
            pulse,
        };
        let body = StreamBody::new(futures_util::stream::unfold(pieces, Pieces::next)).boxed_unsync();
        let mut line = self.line().await?;
        let work = async {
            let response = line.head(request, body).await?;
            Answer::whole(response).await
        };
        tokio::pin!(work);
        loop {
            tokio::select! {
                answer = &mut work => return answer,
                beat = tokio::time::timeout(self.patience, beats.changed()) => match beat {
                    Ok(Ok(())) => {}
                    // Everything is sent; the rows are still to be read.
                    Ok(Err(_)) => return timely(self.patience * 4, work).await,
                    Err(_) => return Err(Broken("the body stalled".into())),
                },
            }
        }
    }
}

fn id_of(upload: &Value) -> String {
    upload["id"].as_str().expect("an id").to_owned()
}

fn patch(id: &str, offset: u64) -> Builder {
    tus(Request::patch(format!("/files/{id}")))
        .header("content-type", "application/offset+octet-stream")
        .header("upload-offset", offset)
}

fn tus(request: Builder) -> Builder {
    request.header("tus-resumable", "1.0.0")
}

/// A body that is sent in pieces of any size.
struct Pieces {
    rest: Bytes,
    /// Bytes of the file that were sent, by this request and by those before it.
    sent: u64,
    dice: Dice,
    meter: Meter,
    gate: watch::Receiver<u64>,
    pulse: watch::Sender<()>,
}

impl Pieces {
    async fn next(mut self) -> Option<(std::io::Result<Frame<Bytes>>, Self)> {
        if self.rest.is_empty() {
            return None;
        }
        let sent = self.sent;
        let open = self.gate.wait_for(|most| *most > sent).await.map_or(u64::MAX, |most| *most) - sent;
        tokio::task::yield_now().await;
        let size = if self.dice.once_in(20) { self.dice.size(PIECE_BYTES_MAX) } else { PIECE_BYTES_MAX };
        let size = usize::try_from(size.min(open)).expect("it fits");
        let piece = self.rest.split_to(self.rest.len().min(size));
        self.sent += piece.len() as u64;
        self.meter.bytes(piece.len() as u64);
        self.pulse.send_replace(());
        Some((Ok(Frame::data(piece)), self))
    }
}
