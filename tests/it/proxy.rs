//! Something unreliable in between: it passes bytes on, and cuts connections when it is told to.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// A way to a server.
#[derive(Clone)]
pub struct Proxy {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

struct State {
    /// Where to; nobody is let through where there is none.
    to: Option<SocketAddr>,
    /// Connections of now.
    connections: CancellationToken,
    /// Bytes to the server after which everything is cut, once.
    cut_after: Option<u64>,
    /// Bytes to the server so far.
    passed: u64,
}

impl Proxy {
    pub async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let connections = CancellationToken::new();
        let state = State { to: Some(server), connections, cut_after: None, passed: 0 };
        let proxy = Self { address, state: Arc::new(Mutex::new(state)) };
        let accepting = proxy.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(accepting.clone().pass(stream));
            }
        });
        proxy
    }

    /// Cuts every connection of now.
    pub fn cut(&self) {
        self.with(|state| std::mem::take(&mut state.connections).cancel());
    }

    /// Cuts every connection once that many more bytes went to the server.
    pub fn cut_after(&self, bytes: u64) {
        self.with(|state| state.cut_after = Some(state.passed + bytes));
    }

    /// Leads to another server from now on, or nowhere.
    pub fn lead_to(&self, server: Option<SocketAddr>) {
        self.with(|state| state.to = server);
        self.cut();
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().expect("the proxy's state"))
    }

    async fn pass(self, mut client: TcpStream) {
        let (to, cut) = self.with(|state| (state.to, state.connections.clone()));
        let Some(to) = to else { return };
        let Ok(mut server) = TcpStream::connect(to).await else { return };
        let (mut from_client, mut to_client) = client.split();
        let (mut from_server, mut to_server) = server.split();
        let up = async {
            let mut room = vec![0; 16 << 10];
            while let Ok(read @ 1..) = from_client.read(&mut room).await {
                if to_server.write_all(&room[..read]).await.is_err() {
                    return;
                }
                let reached = self.with(|state| {
                    state.passed += read as u64;
                    state.cut_after.take_if(|limit| *limit <= state.passed).is_some()
                });
                if reached {
                    return self.cut();
                }
            }
        };
        let down = async { _ = tokio::io::copy(&mut from_server, &mut to_client).await };
        tokio::select! {
            () = cut.cancelled() => {}
            () = up => {}
            () = down => {}
        }
    }
}
