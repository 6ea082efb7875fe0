//! Certificates that are not the system's: why they are refused, and each way
//! to be answered all the same.

use std::{net::SocketAddr, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::WebPkiClientVerifier,
};
use scrubjay_proxy::Source;
use scrubjay_session::exchange::Ending;
use scrubjay_testkit::{MemoryRecorder, RawClient, Taped};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use crate::{get, source_to};

const SWITCH: &str = "GET /ws HTTP/1.1\r\nhost: f\r\nconnection: Upgrade\r\nupgrade: echo\r\n\r\n";

/// A certificate and its key.
struct Made {
    certificate: CertificateDer<'static>,
    params: CertificateParams,
    key: KeyPair,
}

impl Made {
    fn params(name: &str) -> CertificateParams {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params
    }

    fn by_itself(params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Self {
            certificate,
            params,
            key,
        }
    }

    fn authority(name: &str) -> Self {
        let mut params = Self::params(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self::by_itself(params)
    }

    fn signs(&self, params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let issuer = Issuer::from_params(&self.params, &self.key);
        let certificate = params.signed_by(&key, &issuer).unwrap().der().clone();
        Self {
            certificate,
            params,
            key,
        }
    }

    fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::try_from(self.key.serialize_der()).unwrap()
    }
}

/// An agent that shows a certificate, and asks for one of this authority.
async fn agent(shown: &Made, asks_for: Option<&Made>) -> SocketAddr {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match asks_for {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.certificate.clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let config = builder
        .with_single_cert(vec![shown.certificate.clone()], shown.private_key())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    return;
                };
                let mut asked = vec![0; 4096];
                let len = stream.read(&mut asked).await.unwrap_or(0);
                if asked[..len].starts_with(b"GET /ws") {
                    let head = b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";
                    stream.write_all(head).await.unwrap();
                    let len = stream.read(&mut asked).await.unwrap();
                    stream.write_all(&asked[..len]).await.unwrap();
                    stream.shutdown().await.unwrap();
                } else if len > 0 {
                    stream
                        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                        .await
                        .unwrap();
                }
            });
        }
    });
    address
}

/// Asks for `target` by a source that is settled so.
async fn asked(address: SocketAddr, host: &str, settle: impl FnOnce(&mut Source)) -> (String, Taped) {
    let recorder = MemoryRecorder::default();
    let url = format!("https://{host}:{}", address.port());
    let running = source_to(&url, &recorder, settle);
    let answer = RawClient::ask(running.address(), &get("/")).await.whole_answer().await;
    (answer.text(), recorder.only().await)
}

#[tokio::test]
async fn a_refused_certificate_gives_its_reason_and_a_remedy() {
    let authority = Made::authority("a private authority");
    let mut expired = Made::params("localhost");
    expired.not_before = rcgen::date_time_ymd(2001, 1, 1);
    expired.not_after = rcgen::date_time_ymd(2002, 1, 1);
    let trusted = |source: &mut Source| source.tls.roots = vec![authority.certificate.to_vec()];
    let check = async |shown: Made, host: &str, is_trusted: bool, reason: &str, remedy: &str| {
        let address = agent(&shown, None).await;
        let (text, taped) = asked(address, host, |source| {
            if is_trusted {
                trusted(source);
            }
        })
        .await;
        let sentence = format!("TLS with https://{host}:{} failed: {reason}.", address.port());
        assert!(text.contains(&sentence) && text.contains(remedy), "{text}");
        assert_eq!(taped.ending, Ending::NoAnswer);
        // The client for upgrades gives the same.
        let running = source_to(
            &format!("https://{host}:{}", address.port()),
            &MemoryRecorder::default(),
            |source| {
                if is_trusted {
                    trusted(source);
                }
            },
        );
        let answer = RawClient::ask(running.address(), SWITCH).await.whole_answer().await;
        assert_eq!(answer.text(), text);
    };
    let own = Made::by_itself(Made::params("localhost"));
    check(
        own,
        "localhost",
        false,
        "its certificate is self-signed",
        "--cacert FILE",
    )
    .await;
    // What `openssl req -x509` makes.
    let own = Made::authority("localhost");
    check(own, "localhost", false, "its certificate is self-signed", "--insecure").await;
    let signed = authority.signs(Made::params("localhost"));
    check(
        signed,
        "localhost",
        false,
        "its certificate was signed by an authority that is not trusted here",
        "--cacert FILE",
    )
    .await;
    let signed = authority.signs(Made::params("agent.example"));
    check(
        signed,
        "localhost",
        true,
        "its certificate is not for localhost but for agent.example",
        "Use a name that it is for",
    )
    .await;
    let signed = authority.signs(expired);
    check(signed, "localhost", true, "its certificate has expired", "Renew it").await;
}

#[tokio::test]
async fn a_certificate_that_was_given_is_trusted() {
    let authority = Made::authority("a private authority");
    let signed = authority.signs(Made::params("localhost"));
    let own = Made::by_itself(Made::params("localhost"));
    let own_authority = Made::authority("localhost");
    for (shown, root) in [
        (&signed, &authority),
        (&own, &own),
        // An authority's certificate as a server's, which webpki refuses.
        (&own_authority, &own_authority),
    ] {
        let address = agent(shown, None).await;
        let trust = |source: &mut Source| source.tls.roots = vec![root.certificate.to_vec()];
        let (text, taped) = asked(address, "localhost", trust).await;
        assert_eq!(
            (text.as_str(), taped.ending, taped.is_unverified),
            ("ok", Ending::Complete, false)
        );
        // It is for that name only.
        let (text, _) = asked(address, "127.0.0.1", trust).await;
        assert!(text.contains("its certificate is not for 127.0.0.1"), "{text}");
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_verified_is_noted() {
    let mut expired = Made::params("elsewhere");
    expired.not_after = rcgen::date_time_ymd(2002, 1, 1);
    let address = agent(&Made::by_itself(expired), None).await;
    let (text, taped) = asked(address, "127.0.0.1", |source| source.tls.is_unverified = true).await;
    assert_eq!(
        (text.as_str(), taped.ending, taped.is_unverified),
        ("ok", Ending::Complete, true)
    );
}

#[tokio::test]
async fn an_upstream_may_ask_who_we_are() {
    let authority = Made::authority("a private authority");
    let address = agent(&authority.signs(Made::params("localhost")), Some(&authority)).await;
    let folder = std::env::temp_dir().join(format!("scrubjay-identity-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let identity = authority.signs(Made::params("me"));
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    std::fs::write(&certificate, pem("CERTIFICATE", &identity.certificate)).unwrap();
    std::fs::write(&key, pem("PRIVATE KEY", &identity.key.serialize_der())).unwrap();
    let trust = |source: &mut Source| source.tls.roots = vec![authority.certificate.to_vec()];
    let (text, _) = asked(address, "localhost", trust).await;
    assert!(
        text.contains("it asks for a client certificate") && text.contains("--cert FILE and --key FILE"),
        "{text}"
    );
    let identify = |source: &mut Source| {
        trust(source);
        source.tls.identify(&certificate, &key).unwrap();
    };
    let (text, taped) = asked(address, "localhost", identify).await;
    assert_eq!((text.as_str(), taped.ending), ("ok", Ending::Complete));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn an_upgrade_passes_through_tls() {
    let own = Made::by_itself(Made::params("localhost"));
    let address = agent(&own, None).await;
    let recorder = MemoryRecorder::default();
    let url = format!("https://localhost:{}", address.port());
    let running = source_to(&url, &recorder, |source| {
        source.tls.roots = vec![own.certificate.to_vec()];
    });
    let mut client = RawClient::ask(running.address(), SWITCH).await;
    client.until("\r\n\r\n").await;
    client.send(b"over there").await;
    client.until("over there").await;
    client.until_closed().await;
    drop(client);
    let taped = recorder.only().await;
    assert_eq!(taped.ending, Ending::Complete);
    let relayed = taped.relayed.unwrap();
    assert_eq!((relayed.sent_len, relayed.received_len), (10, 10));
}

/// Plain HTTP where TLS is expected.
#[tokio::test]
async fn an_upstream_that_speaks_no_tls_is_reported() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await);
        }
    });
    let (text, _) = asked(address, "localhost", |_| {}).await;
    assert!(
        text.contains("what it says is not TLS") && text.contains("Use http://"),
        "{text}"
    );
}

/// DER in the form in which people keep it.
fn pem(label: &str, der: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in der.chunks(3) {
        let bits = three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place)) as usize & 63];
            text.push(if place > three.len() { '=' } else { digit as char });
        }
    }
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
