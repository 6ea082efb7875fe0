//! The CopilotKit page of `tests/frontend`, served on an origin of its own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::node::node;

/// Bundles the page, and serves it on an origin of its own.
pub async fn page_server(folder: &Path) -> String {
    let built = Command::new(node())
        .args(["tests/frontend/build.mjs"])
        .arg(folder)
        .status()
        .expect("node can be started");
    assert!(built.success(), "the page should be bundled");
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("loopback has a free port");
    let origin = format!(
        "http://{}",
        listener.local_addr().expect("a bound socket has an address")
    );
    let folder = folder.to_owned();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(send_file(stream, folder.clone()));
        }
    });
    origin
}

async fn send_file(mut stream: TcpStream, folder: PathBuf) {
    let mut head = vec![0; 8192];
    let len = stream.read(&mut head).await.unwrap_or_default();
    let head = String::from_utf8_lossy(&head[..len]).into_owned();
    let path = head.split([' ', '?']).nth(1).unwrap_or_default();
    let (name, media_type) = match path {
        "/app.js" => ("app.js", "text/javascript"),
        "/" => ("index.html", "text/html"),
        _ => ("", ""),
    };
    let answer = match fs::read(folder.join(name)) {
        Ok(bytes) => {
            let len = bytes.len();
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: {media_type}\r\ncontent-length: {len}\r\nconnection: close\r\n\r\n"
            );
            [head.into_bytes(), bytes].concat()
        }
        Err(_absent) => b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec(),
    };
    // A browser that closes its tab early wants no more.
    stream.write_all(&answer).await.ok();
}
