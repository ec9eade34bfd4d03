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
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import default
from urllib.parse import quote

from roomchat.export.transcript import Transcript
from roomchat.harmless import harmless
from roomchat.protocol import Message

NOWHERE = "roomchat.invalid"  # RFC 2606: a domain that never is anybody's
SUBJECT = 60  # characters of the text that the subject repeats

_unfit = re.compile(rb"^>*From |[\x00-\x08\x0b-\x1f\x7f]", re.MULTILINE)


def mbox(transcript: Transcript) -> Iterator[bytes]:
    """One mail a message, from ``UID@roomchat.invalid``. A line break of any kind in a text becomes a mail's."""
    for message in transcript.messages():
        body = _mail(transcript, message).as_bytes()
        if _unfit.search(body):
            body = _mail(transcript, message, "base64").as_bytes()
        said = transcript.time(message).astimezone(UTC)
        yield f"From {message.uid}@{NOWHERE} {said.ctime()}\n".encode() + body + b"\n"


def _mail(transcript: Transcript, message: Message, encoding: str | None = None) -> EmailMessage:
    mail = EmailMessage(default)
    # A header ends with its line, so nothing from others may have a line break in it.
    room, name = harmless(message.room), harmless(message.name)
    mail["From"] = Address(name, str(message.uid), NOWHERE)
    mail["To"] = Address(room, "room", NOWHERE)
    mail["Date"] = transcript.time(message)
    mail["Subject"] = _subject(_text(message))
    mail["Message-ID"] = f"<{quote(room, safe='')}.{message.seq}.{transcript.epoch}@{NOWHERE}>"
    mail["X-Roomchat-Room"] = room
    mail["X-Roomchat-Seq"] = str(message.seq)
    mail["X-Roomchat-UID"] = str(message.uid)
    # A mail ends with a line feed; added here, so that all who read it find exactly one more than was said.
    mail.set_content(_text(message) + "\n", cte=encoding)
    return mail


def _text(message: Message) -> str:
    return message.text.replace("\r\n", "\n").replace("\r", "\n")


def _subject(text: str) -> str:
    first = harmless(text.strip().split("\n")[0])
    return first if len(first) <= SUBJECT else f"{first[:SUBJECT].rstrip()}..."
