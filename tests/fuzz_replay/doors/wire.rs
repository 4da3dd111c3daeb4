//! A server on loopback for as long as one input lasts, in the same runtime as its client.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;

use certrotd::model::place::{Dial, Probe};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::task::{LocalSet, spawn_local};

thread_local! {
    static RUNTIME: Runtime =
        Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
}

/// Runs this to its end, on one thread.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    RUNTIME.with(|runtime| runtime.block_on(future))
}

thread_local! {
    /// One for all inputs: a client that is made for its address may be kept.
    static LISTENER: Rc<TcpListener> = run(async {
        let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        Rc::new(bound.expect("a port is free"))
    });
}

/// Serves every connection with this, while `client` runs against its address, the same each time. What is
/// still being served then is given up.
pub fn with_server<T, S>(
    serve: impl Fn(TcpStream) -> S + 'static,
    client: impl AsyncFnOnce(SocketAddr) -> T,
) -> T
where
    S: Future<Output = ()> + 'static,
{
    let connections = LocalSet::new();
    let listener = LISTENER.with(Rc::clone);
    run(connections.run_until(async {
        let address = listener.local_addr().expect("it has an address");
        spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                spawn_local(serve(stream));
            }
        });
        client(address).await
    }))
}

/// Says all of this, closes, and lets the client say what it wants.
pub async fn say(mut stream: TcpStream, bytes: &[u8]) {
    // The client may be gone by then, which is its right.
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut rest = [0; 4096];
    while let Ok(1..) = stream.read(&mut rest).await {}
}

/// A probe of this address that asks for this name.
pub fn probe(name: &str, address: SocketAddr) -> Probe {
    let text = format!("{name}@{address}");
    Probe { text, name: Some(name.to_owned()), at: Dial::Address(address) }
}
