//! A relay between clients and server that does harm: after some bytes it resets a connection, or falls silent.

use crate::dice::Dice;
use crate::host::Place;
use crate::patience::soon;
use socket2::SockRef;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What is done to a connection.
#[derive(Debug, Clone, Copy)]
enum Harm {
    ResetBoth,
    ResetClient,
    ResetServer,
    /// Nothing is passed on any more, and nobody is told.
    Silence,
}

/// How much harm was done, and how much is still to do.
#[derive(Debug, Clone, Copy, Default)]
pub struct Done {
    pub left: u64,
    pub resets: u64,
    pub silences: u64,
}

/// A running relay; it ends when dropped.
pub struct Proxy {
    pub place: Place,
    done: watch::Receiver<Done>,
    _running: JoinSet<()>,
}

/// Bytes up to which a connection is left alone, at most.
const LEAVE_BYTES_MAX: u64 = 1 << 20;

impl Proxy {
    /// Relays to the server, and does that many harms, then none any more.
    pub async fn start(server: Place, mut dice: Dice, harms: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its number");
        let (place, at) = watch::channel(Some(address));
        let (sender, done) = watch::channel(Done { left: harms, ..Done::default() });
        let sender = Arc::new(sender);
        let silent = Arc::new(Mutex::new(Vec::new()));
        let mut running = JoinSet::new();
        running.spawn(async move {
            // Whoever asks where the relay is shall find it as long as it runs.
            let _place = place;
            let mut relays = JoinSet::new();
            loop {
                let (client, _) = listener.accept().await.expect("a connection");
                while relays.try_join_next().is_some() {}
                let Some(upstream) = *server.borrow() else { continue };
                let relay = relay(client, upstream, dice.fork(), Arc::clone(&sender), Arc::clone(&silent));
                relays.spawn(async move { drop(relay.await) });
            }
        });
        Self { place: at, done, _running: running }
    }

    pub fn done(&self) -> Done {
        *self.done.borrow()
    }

    /// Waits until all harm is done.
    pub async fn is_over(&mut self) {
        loop {
            let before = self.done();
            if before.left == 0 {
                return;
            }
            let more = self.done.wait_for(|done| done.left < before.left);
            drop(soon("more harm", more).await.expect("the relay runs"));
        }
    }
}

async fn relay(
    mut client: TcpStream,
    upstream: SocketAddr,
    mut dice: Dice,
    done: Arc<watch::Sender<Done>>,
    silent: Arc<Mutex<Vec<(TcpStream, TcpStream)>>>,
) -> io::Result<()> {
    let mut server = TcpStream::connect(upstream).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let upwards = dice.once_in(2);
    let after = dice.size(LEAVE_BYTES_MAX);
    let harm = dice.pick(&[Harm::ResetBoth, Harm::ResetBoth, Harm::ResetClient, Harm::ResetServer, Harm::Silence]);
    {
        let ((from_client, to_client), (from_server, to_server)) = (client.split(), server.split());
        let bound = |it: bool| if it && done.borrow().left > 0 { after } else { u64::MAX };
        let up = copy(from_client, to_server, bound(upwards));
        let down = copy(from_server, to_client, bound(!upwards));
        tokio::pin!(up, down);
        // When one side is done the other may still have something to say.
        let first = tokio::select! {
            end = &mut up => (end?, true),
            end = &mut down => (end?, false),
        };
        let end = match first {
            (End::Closed, true) => down.await?,
            (End::Closed, false) => up.await?,
            (End::Bound, _) => End::Bound,
        };
        if matches!(end, End::Closed) {
            return Ok(());
        }
    }
    let does = done.send_if_modified(|done| {
        let does = done.left > 0;
        if does {
            done.left -= 1;
            *if matches!(harm, Harm::Silence) { &mut done.silences } else { &mut done.resets } += 1;
        }
        does
    });
    // Somebody else did the last of it: then this connection only ends.
    if !does {
        return Ok(());
    }
    if matches!(harm, Harm::ResetBoth | Harm::ResetClient) {
        SockRef::from(&client).set_linger(Some(Duration::ZERO))?;
    }
    if matches!(harm, Harm::ResetBoth | Harm::ResetServer) {
        SockRef::from(&server).set_linger(Some(Duration::ZERO))?;
    }
    if matches!(harm, Harm::Silence) {
        silent.lock().expect("the silent ones").push((client, server));
    }
    Ok(())
}

enum End {
    /// Whoever sent has closed.
    Closed,
    /// As many bytes were passed on as may be.
    Bound,
}

async fn copy(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, mut bound: u64) -> io::Result<End> {
    let mut room = [0; 16 << 10];
    loop {
        let most = room.len().min(usize::try_from(bound).unwrap_or(usize::MAX));
        let read = from.read(&mut room[..most]).await?;
        if read == 0 {
            to.shutdown().await?;
            return Ok(End::Closed);
        }
        to.write_all(&room[..read]).await?;
        bound -= read as u64;
        if bound == 0 {
            return Ok(End::Bound);
        }
    }
}
