"""What a client itself says of a message that did not come back: codes of an ``Error``, and sentences."""

from __future__ import annotations

REFUSED = "refused"  # code of the error for a message whose refusal was lost with a connection
LOST_REASON = "The server refused the message; its reason was lost with the connection."
UNCERTAIN = "uncertain"  # code of the error for a message of which nothing tells whether it was said
DOUBT_REASON = "Nobody can tell any more whether this was said there."
OTHER_LOG = "other_log"  # code of the error for a whisper that was kept for a person of another log
