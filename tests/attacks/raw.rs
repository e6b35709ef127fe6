//! Connections of plain bytes whose end is an outcome.

use crate::patience::soon;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Opens one; none where the kernel or the server would not have it.
pub async fn open(address: SocketAddr) -> Option<TcpStream> {
    let stream = soon("connecting", TcpStream::connect(address)).await.ok()?;
    stream.set_nodelay(true).ok()?;
    Some(stream)
}

/// Sends all of it while it reads; whatever was answered until the server closed.
pub async fn exchange(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let Some(mut stream) = open(address).await else { return Vec::new() };
    let (mut reader, mut writer) = stream.split();
    let mut answer = Vec::new();
    let reading = async {
        let _ = reader.read_to_end(&mut answer).await;
    };
    let writing = async {
        let _ = writer.write_all(bytes).await;
    };
    soon("the end of a connection", async { tokio::join!(reading, writing) }).await;
    answer
}

/// Says the first `at_once` bytes, and then one now and then, and the last one for ever, until the server has had enough;
/// what it answered.
pub async fn drip(address: SocketAddr, bytes: &[u8], at_once: usize, pause: Duration) -> Vec<u8> {
    let Some(mut stream) = open(address).await else { return Vec::new() };
    let mut answer = Vec::new();
    let dripping = async {
        if stream.write_all(&bytes[..at_once]).await.is_err() {
            return;
        }
        let mut rest = bytes[at_once..].iter();
        let mut room = [0; 4096];
        loop {
            tokio::select! {
                read = stream.read(&mut room) => match read {
                    Ok(read @ 1..) => answer.extend_from_slice(&room[..read]),
                    _ => return,
                },
                () = tokio::time::sleep(pause) => {
                    let byte = rest.next().or(bytes.last()).copied().unwrap_or(b'x');
                    if stream.write_all(&[byte]).await.is_err() {
                        return;
                    }
                }
            }
        }
    };
    soon("the end of a connection that drips", dripping).await;
    answer
}
