"""A mailbox: each message a MIME text, for mail programs and whatever reads what they keep.

The form is mboxrd: "From " at the beginning of a line begins a mail. Readers differ in how they undo the quoting
of such a line within a text, and Python's ``mailbox`` does not undo it at all. So nothing is quoted: a text that
would need it is sent as Base64, in which there are no such lines; likewise one with control characters in it.

Source: RFC 4155 for the separator, RFC 5322 and RFC 2045 for what stands between.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC
from email.contentmanager import raw_data_manager
from email.header import Header
from email.message import EmailMessage
from email.policy import compat32
from email.utils import format_datetime, formataddr
from urllib.parse import quote

from roomchat.entries import Table, as_text, deed, deeds, spoken
from roomchat.export.transcript import Transcript
from roomchat.harmless import harmless
from roomchat.protocol import Deed, Spoken

NO_DOMAIN = "roomchat.invalid"  # RFC 2606: a domain that never is anybody's
MAX_SUBJECT = 60  # characters of the text that the subject repeats

_unfit = re.compile(rb"^>*From |[\x00-\x08\x0b-\x1f\x7f]", re.MULTILINE)


def mbox(transcript: Transcript) -> Iterator[bytes]:
    """One mail a message, from ``UID@roomchat.invalid``. A line break of any kind in a text becomes a mail's."""
    for entry in transcript.entries(_SHOWN):
        make = _SHOWN[type(entry)]
        body = make(entry, transcript).as_bytes()
        if _unfit.search(body):
            body = make(entry, transcript, "base64").as_bytes()
        said = transcript.time(entry).astimezone(UTC)
        yield f"From {entry.uid}@{NO_DOMAIN} {said.ctime()}\n".encode() + body + b"\n"


def _mail(entry: Spoken | Deed, transcript: Transcript, encoding: str | None = None) -> EmailMessage:
    # compat32: other policies read what a header is given, so that words of others would become headers.
    mail = EmailMessage(compat32)
    room, name = harmless(entry.room), harmless(entry.name)
    mail["From"] = _address(name, str(entry.uid))
    mail["To"] = _address(room, "room")
    mail["Date"] = format_datetime(transcript.time(entry))
    mail["Subject"] = _words(_subject(_text(entry)))
    mail["Message-ID"] = f"<{quote(room, safe='')}.{entry.seq}.{transcript.epoch}@{NO_DOMAIN}>"
    mail["X-Roomchat-Room"] = _words(room)
    mail["X-Roomchat-Seq"] = str(entry.seq)
    mail["X-Roomchat-UID"] = str(entry.uid)
    # A mail ends with a line feed; added here, so that all who read it find exactly one more than was said.
    mail.set_content(_text(entry) + "\n", cte=encoding, content_manager=raw_data_manager)
    return mail


def _words(text: str) -> str:
    """The value of a header. Anything but plain ASCII is encoded as a whole, and so is what looks encoded already:
    a reader would decode it, and a line break in it would begin another header."""
    return text if text.isascii() and "=?" not in text else Header(text, "utf-8").encode()


def _address(name: str, mailbox: str) -> str:
    words, address = _words(name), f"{mailbox}@{NO_DOMAIN}"
    return formataddr((name, address)) if words == name else f"{words} <{address}>"


def _text(entry: Spoken | Deed) -> str:
    if isinstance(entry, Deed):
        return f"-- {entry.name} {deed(entry)}"
    return as_text(entry).replace("\r\n", "\n").replace("\r", "\n")


def _subject(text: str) -> str:
    first = harmless(text.strip().split("\n")[0])
    return first if len(first) <= MAX_SUBJECT else f"{first[:MAX_SUBJECT].rstrip()}..."


_SHOWN: Table[EmailMessage] = spoken(_mail) | deeds(_mail)
