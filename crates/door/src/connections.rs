//! The connections of a door: how long a head may take, and how they end.

use std::{pin::pin, time::Duration};

use axum::Router;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::net::{TcpListener, TcpStream};

/// The rest of a head that has begun comes within this time. A connection that
/// sends nothing may stay; bodies and answers have no limit.
const HEAD: Duration = Duration::from_secs(30);
/// Out of descriptors, or a client that was gone already: both pass.
const AFTER_REFUSAL: Duration = Duration::from_millis(5);

/// Answers connections until `until` is done, then finishes what is under way.
pub(crate) async fn serve(listener: TcpListener, router: Router, until: impl Future<Output = ()>) {
    let graceful = GracefulShutdown::new();
    let builder = builder();
    let mut until = pin!(until);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => serve_connection(stream, &router, &builder, &graceful),
                Err(_) => tokio::time::sleep(AFTER_REFUSAL).await,
            },
            () = &mut until => break,
        }
    }
    drop(listener);
    graceful.shutdown().await;
}

fn builder() -> Builder<TokioExecutor> {
    // Of HTTP/2 the library would wait for the first bytes without a limit, and no browser
    // speaks it without TLS.
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD);
    builder
}

fn serve_connection(stream: TcpStream, router: &Router, builder: &Builder<TokioExecutor>, graceful: &GracefulShutdown) {
    let service = TowerToHyperService::new(router.clone());
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    let connection = graceful.watch(connection.into_owned());
    tokio::spawn(async {
        // How it ended concerns its client alone.
        let _ended = connection.await;
    });
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// On a held clock: time passes only while everything waits.
    #[tokio::test(start_paused = true)]
    async fn a_head_that_never_ends_is_not_waited_for() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, Router::new(), std::future::pending()));
        for sent in ["GET / HTTP/1.1\r\nhost: localhost\r\n", "GE"] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(sent.as_bytes()).await.unwrap();
            let began = tokio::time::Instant::now();
            let mut rest = Vec::new();
            let _reset = stream.read_to_end(&mut rest).await;
            assert_eq!(began.elapsed().as_secs(), HEAD.as_secs(), "{sent:?}");
        }
    }
}
