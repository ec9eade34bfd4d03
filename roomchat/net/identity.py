"""By what a server is known to those who connect with TLS: its key and its certificate."""

from __future__ import annotations

import contextlib
import datetime
import logging
import os
import ssl
import threading
import time
from pathlib import Path

from roomchat.errors import StartError
from roomchat.key_fingerprint import fingerprint
from roomchat.net.addresses import names_of_host

LOOK_INTERVAL = 1.0  # seconds between two looks whether the files have changed

logger = logging.getLogger("roomchat")


class Identity:
    """The pair of files, read again when they change. Any thread may call its methods."""

    def __init__(self, certificate: Path, key: Path | None = None, *, ours: bool = False) -> None:
        """Read them.

        Args:
            certificate: PEM, with the chain up to an authority behind it.
            key: PEM; None: it is in the same file.
            ours: the server has made them itself.
        Raises:
            StartError: they can't be used; the sentence says why.
        """
        self._certificate = certificate
        self._key = key or certificate
        self._ours = ours
        # A signal's handler may come while its own thread has it.
        self._lock = threading.RLock()
        self.certified = False  # somebody else has signed it
        self.names: list[str] = []  # of the host, that whoever has signed the certificate vouches for
        self._read_when = self._changed()
        self._next_look = time.monotonic() + LOOK_INTERVAL
        self._context, self.fingerprint = self._read()

    def context(self) -> ssl.SSLContext:
        """For a new connection; those that there are keep theirs."""
        if time.monotonic() >= self._next_look:
            self.look()
        return self._context

    def look(self, *, again: bool = False) -> None:
        """Read the files if they have changed, or ``again`` in any case; if they can't be used, say so and keep
        what was read before."""
        with self._lock:
            self._next_look = time.monotonic() + LOOK_INTERVAL
            changed = self._changed()
            if changed == self._read_when and not again:
                return
            self._read_when = changed
            try:
                self._context, self.fingerprint = self._read()
            except StartError as error:
                logger.error("%s The server goes on with the certificate that it has.", error)
            else:
                logger.warning("the certificate was read again; its fingerprint is %s", self.fingerprint)

    def _changed(self) -> list[tuple[int, int, int]]:
        """What tells one content of the files from another."""
        found = []
        for path in (self._certificate, self._key):
            try:
                status = path.stat()
            except OSError:
                found.append((0, 0, 0))
            else:
                found.append((status.st_ino, status.st_mtime_ns, status.st_size))
        return found

    def _read(self) -> tuple[ssl.SSLContext, str]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_RENEGOTIATION
        context.set_alpn_protocols(["http/1.1"])  # who asks for nothing, as all but browsers, is not told
        try:
            pem = self._certificate.read_text(encoding="utf-8", errors="replace")
            context.load_cert_chain(self._certificate, self._key, password=_no_password)
        except (OSError, ValueError) as error:
            raise StartError(self._unusable(error)) from None
        try:
            if not self._ours:
                self._look_at(pem)
            return context, fingerprint(ssl.PEM_cert_to_DER_cert(_first_certificate(pem)))
        except ValueError:  # OpenSSL takes more forms of it than clients do
            raise StartError(self._unusable(ValueError("the certificate is not a usual one in PEM"))) from None

    def _look_at(self, pem: str) -> None:
        from cryptography import x509  # only here: it takes 0.1 s

        certificate = x509.load_pem_x509_certificate(_first_certificate(pem).encode())
        if certificate.not_valid_after_utc < datetime.datetime.now(datetime.UTC):
            raise StartError(
                f"The certificate in {self._certificate} has expired on "
                f"{certificate.not_valid_after_utc:%Y-%m-%d}; renew it."
            )
        self.certified = certificate.issuer != certificate.subject
        self.names = []
        with contextlib.suppress(x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
            names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            self.names = [name for name in names.get_values_for_type(x509.DNSName) if "*" not in name]

    def _unusable(self, error: OSError | ValueError) -> str:
        files = " and ".join(dict.fromkeys(map(str, (self._certificate, self._key))))
        if isinstance(error, ssl.SSLError):
            if error.reason == "KEY_VALUES_MISMATCH":
                return f"The key in {self._key} does not belong to the certificate in {self._certificate}."
            why = "they are no certificate and its key in PEM"
        else:
            why = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        if self._ours:
            return f"Can't use the server's key in {files} ({why}); remove that file, and a new key is made."
        return f"Can't use {files} for TLS ({why}); check --tls-cert and --tls-key."


def of_server(cert: str, key: str, log: Path, host: str) -> Identity:
    """What the person who runs the server has named, or else what the server makes and keeps beside its log.

    Args:
        cert, key: files, or "".
        log: the database.
        host: that it listens on.
    Raises:
        StartError: it can't be used; the sentence says why.
    """
    if cert:
        return Identity(Path(cert), Path(key) if key else None)
    if key:
        raise StartError("--tls-key names the key of a certificate; name that with --tls-cert.")
    path = Path(f"{log}.pem")
    if not path.exists():
        from roomchat.net.self_signed import make_file  # only here: it takes 0.1 s

        try:
            make_file(path, names_of_host(host))
        except OSError as error:
            raise StartError(f"Can't write the server's key to {path} ({error.strerror}).") from None
    else:
        _warn_of_others(path)
    return Identity(path, ours=True)


def _warn_of_others(path: Path) -> None:
    """Who can pretend to be the server: whose the file of its key is, and who can read it."""
    status = path.stat()
    if status.st_uid != os.geteuid():
        logger.warning(
            "the server's key is another user's, who can pretend to be it: chown %s, or remove it, and a new "
            "one is made",
            path,
        )
    elif status.st_mode & 0o077:
        logger.warning("others can read the server's key, and pretend to be it: chmod 600 %s", path)


def _first_certificate(pem: str) -> str:
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    return begin + pem.partition(begin)[2].partition(end)[0] + end


def _no_password() -> str:
    raise ValueError("the key is protected by a password, which nobody could type when the server restarts")
