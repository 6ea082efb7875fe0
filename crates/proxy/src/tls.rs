//! TLS with an upstream: trusted roots, the client certificate, and why a handshake failed.

use std::{fmt, fs, io, path::Path, path::PathBuf, sync::Arc};

use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, RootCertStore,
    SignatureScheme,
    client::{
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject as _},
    server::ParsedCertificate,
};

use crate::{clock::CertificateClock, upstream::Upstream, upstream_client::ClientError};

/// What to do about a certificate that is not trusted.
const TRUST: &str = "Trust it, or whoever signed it, with --cacert FILE (PEM) or SSL_CERT_FILE; \
                     --insecure does not verify it at all.";

/// How TLS with an upstream is set up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// Certificates (DER) trusted beside the system's.
    pub roots: Vec<Vec<u8>>,
    /// The client certificate, for an upstream that asks for one.
    pub identity: Option<Arc<Identity>>,
    /// The upstream's certificate is not verified.
    pub is_unverified: bool,
}

/// A client certificate with its chain, and its key.
#[derive(Debug, PartialEq, Eq)]
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

/// Why a file for TLS is of no use.
#[derive(Debug, thiserror::Error)]
pub enum TlsFileError {
    #[error("cannot read {}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{} holds no certificate in PEM form", path.display())]
    NoCertificate { path: PathBuf },
    #[error("{} holds no private key in PEM form", path.display())]
    NoKey { path: PathBuf },
}

impl TlsFileError {
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "check the path",
            Self::NoCertificate { .. } => {
                "give a file with -----BEGIN CERTIFICATE-----; openssl x509 -inform der -in FILE makes one of a DER file"
            }
            Self::NoKey { .. } => "give a file with -----BEGIN PRIVATE KEY-----, without a passphrase",
        }
    }
}

impl Tls {
    /// Trusts the certificates of a PEM file, too.
    ///
    /// # Errors
    /// When it cannot be read, or holds none.
    pub fn trust(&mut self, path: &Path) -> Result<(), TlsFileError> {
        let certificates = certificates(path)?;
        self.roots.extend(certificates.iter().map(|der| der.to_vec()));
        Ok(())
    }

    /// Shows the certificate of one PEM file, with the key of another (or the same).
    ///
    /// # Errors
    /// When one cannot be read, or does not hold what it should.
    pub fn identify(&mut self, certificate: &Path, key: &Path) -> Result<(), TlsFileError> {
        let chain = certificates(certificate)?;
        let key =
            PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|_none| TlsFileError::NoKey { path: key.to_owned() })?;
        self.identity = Some(Arc::new(Identity { chain, key }));
        Ok(())
    }

    /// Without TLS nothing is loaded, so that a machine without certificates can still record.
    pub(crate) fn config(&self, upstream: &Upstream) -> Result<ClientConfig, ClientError> {
        let provider: Arc<CryptoProvider> = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_details(Arc::clone(&provider), Arc::new(CertificateClock))
            .with_safe_default_protocol_versions()
            .map_err(ClientError::Certificates)?;
        if !upstream.is_tls() {
            return Ok(builder
                .with_root_certificates(RootCertStore::empty())
                .with_no_client_auth());
        }
        let verifier: Arc<dyn ServerCertVerifier> = if self.is_unverified {
            Arc::new(Unverified { provider })
        } else {
            let roots: Vec<CertificateDer<'static>> = self.roots.iter().cloned().map(Into::into).collect();
            let inner = rustls_platform_verifier::Verifier::new_with_extra_roots(roots.clone(), provider)
                .map_err(ClientError::Certificates)?;
            Arc::new(Verifier { inner, roots })
        };
        let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
        match &self.identity {
            None => Ok(builder.with_no_client_auth()),
            Some(identity) => builder
                .with_client_auth_cert(identity.chain.clone(), identity.key.clone_key())
                .map_err(ClientError::Identity),
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsFileError> {
    fs::read(path).map_err(|source| TlsFileError::Unreadable {
        path: path.to_owned(),
        source,
    })
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsFileError> {
    let bytes = read(path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    found
        .ok()
        .filter(|found| !found.is_empty())
        .ok_or_else(|| TlsFileError::NoCertificate { path: path.to_owned() })
}

/// The system's judgement, with two additions: a server may show the very
/// certificate that is trusted although it is an authority's (as `openssl req
/// -x509` makes them), and a certificate that signed itself is called so.
#[derive(Debug)]
struct Verifier {
    inner: rustls_platform_verifier::Verifier,
    roots: Vec<CertificateDer<'static>>,
}

/// The certificate vouches for itself.
#[derive(Debug)]
struct SelfSigned;

impl fmt::Display for SelfSigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the certificate is self-signed")
    }
}

impl std::error::Error for SelfSigned {}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let judged = self
            .inner
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        let Err(Error::InvalidCertificate(wrong)) = judged else {
            return judged;
        };
        // Its dates were judged before that.
        if is_authority(&wrong) && self.roots.iter().any(|root| root == end_entity) {
            verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
            return Ok(ServerCertVerified::assertion());
        }
        Err(Error::InvalidCertificate(
            if is_unknown(&wrong) && is_self_signed(end_entity) {
                CertificateError::Other(OtherError(Arc::new(SelfSigned)))
            } else {
                wrong
            },
        ))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// An authority's certificate was shown as a server's.
fn is_authority(wrong: &CertificateError) -> bool {
    let CertificateError::Other(OtherError(cause)) = wrong else {
        return false;
    };
    matches!(cause.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

/// No trusted authority has signed it. Where a trusted authority has the
/// issuer's name by chance, that is a wrong signature.
fn is_unknown(wrong: &CertificateError) -> bool {
    is_authority(wrong)
        || matches!(
            wrong,
            CertificateError::UnknownIssuer
                | CertificateError::BadSignature
                | CertificateError::UnsupportedSignatureAlgorithmContext { .. }
                | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. }
        )
}

fn is_self_signed(certificate: &CertificateDer<'_>) -> bool {
    webpki::EndEntityCert::try_from(certificate).is_ok_and(|parsed| parsed.issuer() == parsed.subject())
}

/// Takes any certificate.
#[derive(Debug)]
struct Unverified {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    // Without a trusted certificate a signature proves nothing.
    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Why TLS with an upstream failed, and what to do.
pub(crate) fn reason(upstream: &Upstream, error: &Error) -> (String, &'static str) {
    match error {
        Error::InvalidCertificate(wrong) => certificate_reason(upstream, wrong),
        Error::AlertReceived(AlertDescription::CertificateRequired) => (
            "it asks for a client certificate".to_owned(),
            "Give one with --cert FILE and --key FILE.",
        ),
        Error::AlertReceived(
            AlertDescription::BadCertificate
            | AlertDescription::UnknownCA
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateExpired
            | AlertDescription::AccessDenied
            | AlertDescription::UnsupportedCertificate,
        ) => (
            format!("it does not accept our certificate ({error})"),
            "Give one that it trusts with --cert FILE and --key FILE.",
        ),
        Error::InvalidMessage(_) => (
            "what it says is not TLS".to_owned(),
            "Use http:// if it speaks no TLS on that port.",
        ),
        other => (
            other.to_string(),
            "Check the upstream's TLS settings, or use http:// if it speaks no TLS.",
        ),
    }
}

fn certificate_reason(upstream: &Upstream, wrong: &CertificateError) -> (String, &'static str) {
    let host = upstream.bare_host();
    match wrong {
        CertificateError::Other(OtherError(cause)) if cause.is::<SelfSigned>() => {
            ("its certificate is self-signed".to_owned(), TRUST)
        }
        _ if is_authority(wrong) => ("its certificate is an authority's and not a server's".to_owned(), TRUST),
        _ if is_unknown(wrong) => (
            "its certificate was signed by an authority that is not trusted here".to_owned(),
            TRUST,
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => (
            "its certificate has expired".to_owned(),
            "Renew it; --insecure does not verify it at all.",
        ),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => (
            "its certificate is not valid yet".to_owned(),
            "Check the clocks of both machines; --insecure does not verify it at all.",
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
            format!("its certificate is not for {host}{}", names(wrong)),
            "Use a name that it is for; --insecure does not verify it at all.",
        ),
        other => (
            format!("its certificate was refused ({other})"),
            "Check the certificate; --insecure does not verify it at all.",
        ),
    }
}

/// The names that a certificate is for.
fn names(wrong: &CertificateError) -> String {
    match wrong {
        CertificateError::NotValidForNameContext { presented, .. } if !presented.is_empty() => {
            let names: Vec<_> = presented.iter().map(|name| plain_name(name)).collect();
            format!(" but for {}", names.join(", "))
        }
        _ => String::new(),
    }
}

/// `DnsName("agent.example")` without what is around it.
fn plain_name(name: &str) -> &str {
    name.split_once('"')
        .and_then(|(_, rest)| rest.split_once('"'))
        .map_or(name, |(inner, _)| inner)
}
