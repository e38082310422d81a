"""Certificates for a TLS server on the loopback, and the bundle by which it is trusted.

The bundle is this machine's own, a hundred roots and more as in Lambda's image, with ours at its end: a bundle of one
would hide what reading it costs.
"""

from __future__ import annotations

import datetime
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .functions import Unprepared


def system_bundle() -> Path:
    """The roots this machine trusts, as one file."""
    known = ssl.get_default_verify_paths()
    others = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
    for candidate in (known.cafile, known.openssl_cafile, *others):
        if candidate and Path(candidate).is_file():
            return Path(candidate)
    raise Unprepared("this machine has no bundle of CA certificates; install ca-certificates or set SSL_CERT_FILE")


def roots_in(bundle: Path) -> int:
    """How many certificates there are."""
    return bundle.read_text().count("-----BEGIN CERTIFICATE-----")


def make(place: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS context for localhost and the bundle that trusts it. RSA with 2048 bits, as AWS's own."""
    authority_key, server_key = new_key(), new_key()
    authority_name = named("Benchmark CA")
    authority = builder(authority_name, authority_name, authority_key).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(authority_key, hashes.SHA256())
    server = builder(named("localhost"), authority_name, server_key).add_extension(
        x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False).add_extension(
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False).add_extension(
        x509.BasicConstraints(ca=False, path_length=None), critical=True).sign(authority_key, hashes.SHA256())
    (place / "server.pem").write_bytes(pem(server))
    (place / "server.key").write_bytes(server_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    bundle = place / "bundle.pem"
    bundle.write_bytes(system_bundle().read_bytes() + b"\n" + pem(authority))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(place / "server.pem", place / "server.key")
    return context, bundle


def builder(subject: x509.Name, issuer: x509.Name, key: rsa.RSAPrivateKey) -> x509.CertificateBuilder:
    """A certificate of this hour."""
    now = datetime.datetime.now(datetime.timezone.utc)
    return (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1)))


def new_key() -> rsa.RSAPrivateKey:
    """A key of the usual size."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def named(common_name: str) -> x509.Name:
    """A name with nothing but a common name."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def pem(certificate: x509.Certificate) -> bytes:
    """As text."""
    return certificate.public_bytes(serialization.Encoding.PEM)
