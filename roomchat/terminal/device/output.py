"""The terminal: what is written to it beside text, and that it is left as it was found."""

from __future__ import annotations

import base64
import os
import termios
from collections.abc import Mapping
from typing import TextIO

from prompt_toolkit.output import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.styles import Attrs

from roomchat.harmless import harmless
from roomchat.terminal.device import hyperlinks
from roomchat.terminal.device.abilities import Abilities, abilities
from roomchat.terminal.device.hyperlinks import LinkedAttrs
from roomchat.terminal.device.pace import Pace
from roomchat.terminal.shown.widths import columns, placed, width

ST = "\x1b\\"  # ends a command; a bell would too, and be heard where the command is not known
MAX_COPY = 50_000  # bytes; in base64 it is 66,668, and some terminals drop commands of 75,000
MAX_TITLE = 80  # characters
MAX_NOTICE = 200  # characters of its body
_SAVE_TITLE, _RESTORE_TITLE = "\x1b[22;0t", "\x1b[23;0t"
_WHEEL_ON, _WHEEL_OFF = "\x1b[?1000h\x1b[?1006h", "\x1b[?1006l\x1b[?1000l"


class ScreenOutput(Vt100_Output):
    """A terminal for a full-screen program. Belongs to the main thread.

    Beside what prompt_toolkit writes it knows titles, notices, the clipboard and links, each where the terminal
    takes it. It differs from its base in these:

    - It asks the terminal where its cursor is for one thing only: how wide emoji are (``widths.py``). It waits for
      no answer.
    - Bracketed paste stays on while the screen is repainted. Else a paste that begins just then would be many
      messages.
    - A blinking cursor goes on blinking.
    - With mouse reporting only presses and the wheel are reported, not each motion.
    - The whole screen is painted from its corner, wherever a resize has left the cursor.
    - What the terminal's encoding lacks is replaced by question marks of the same width.
    - How busy the line is, is kept in ``pace``.
    """

    can: Abilities = Abilities()
    pace: Pace = Pace()
    is_alternate = False  # whether the terminal shows the alternate screen
    _title = ""
    _url = ""  # where what is written now leads
    _is_utf8 = True
    _is_cursor_shown: bool | None = None

    @classmethod
    def open(cls, stdout: TextIO, environ: Mapping[str, str] = os.environ) -> ScreenOutput:
        """The terminal of this process."""
        output = cls.from_pty(stdout, term=environ.get("TERM"))
        assert isinstance(output, cls)
        output.can = abilities(environ)
        output.pace = Pace(_speed(stdout))
        output._is_utf8 = (stdout.encoding or "utf-8").lower().replace("-", "") == "utf8"
        return output

    # ------------------------------------------------------------ calling the person

    def ring(self) -> None:
        """Sound the bell, or whatever the terminal does in its place."""
        self.bell()

    def set_title(self, title: str) -> None:
        """Set the title of the window, as long as the alternate screen is shown."""
        title = harmless(title)[:MAX_TITLE]
        if title != self._title:
            self._title = title
            self._write_title()

    def notify(self, title: str, body: str) -> None:
        """Have the terminal show a notice outside of it; nothing if it can't."""
        title, body = harmless(title).replace(";", ","), harmless(body)[:MAX_NOTICE]
        if self.can.notices == 9:  # with the title first: a digit there would mean something else
            self._command(f"9;{title}: {body}", wrapped=True)
        elif self.can.notices:
            self._command(f"777;notify;{title};{body}", wrapped=True)

    def copy(self, text: str) -> bool:
        """Put a text into the clipboard; whether it was sent to the terminal, which may still refuse it."""
        data = text.encode(errors="replace")
        if not self.can.clipboard or len(data) > MAX_COPY:
            return False
        command = f"52;c;{base64.b64encode(data).decode()}"
        self._command(command)
        if self.can.is_tmux:  # it takes the one with `set-clipboard on`, the other with `allow-passthrough on`
            self._command(command, wrapped=True)
        return True

    def _command(self, command: str, *, wrapped: bool = False) -> None:
        """Send an operating system command; wrapped: through tmux, to the terminal behind it."""
        whole = f"\x1b]{command}{ST}"
        if wrapped and self.can.is_tmux:
            whole = f"\x1bPtmux;{whole.replace(chr(0x1B), chr(0x1B) * 2)}{ST}"
        self.write_raw(whole)
        self.flush()

    # ------------------------------------------------------------ how the terminal is set

    def enter_alternate_screen(self) -> None:
        """Cover what the terminal shows, and its title."""
        super().enter_alternate_screen()
        self.is_alternate = True
        if self._is_utf8:
            self.write_raw(columns.question())
        if self.can.title:
            self.write_raw(_SAVE_TITLE)
        self._write_title()

    def quit_alternate_screen(self) -> None:
        """Uncover it."""
        super().quit_alternate_screen()
        self.is_alternate = False
        if self.can.title:
            self.write_raw(f"\x1b]2;{ST}{_RESTORE_TITLE}")  # empty where it could not be saved

    def _write_title(self) -> None:
        if self.is_alternate and self.can.title and self._title:
            self._command(f"2;{self._title}")

    @property
    def responds_to_cpr(self) -> bool:
        """Not asked."""
        return False

    def disable_bracketed_paste(self) -> None:
        """Not while the screen is only painted anew."""
        if not self.is_alternate:
            super().disable_bracketed_paste()

    def enable_mouse_support(self) -> None:
        """Presses and the wheel."""
        self.write_raw(_WHEEL_ON)

    def disable_mouse_support(self) -> None:
        """None."""
        self.write_raw(_WHEEL_OFF)

    def hide_cursor(self) -> None:
        """Hide it."""
        if self._is_cursor_shown is not False:
            self._is_cursor_shown = False
            self.write_raw("\x1b[?25l")

    def show_cursor(self) -> None:
        """Show it, blinking or not as before."""
        if self._is_cursor_shown is not True:
            self._is_cursor_shown = True
            self.write_raw("\x1b[?25h")

    def disable_autowrap(self) -> None:
        """Called when the whole screen is painted: that begins in its corner."""
        super().disable_autowrap()
        if self.is_alternate:
            self.write_raw("\x1b[H")

    # ------------------------------------------------------------ what is written

    def write(self, data: str) -> None:
        """Text. What a terminal may draw wider or narrower than we think moves nothing else."""
        if data.isascii():
            super().write(data)
        else:
            self.write_raw(placed(data.replace("\x1b", "?")))

    def set_attributes(self, attrs: Attrs, color_depth: ColorDepth) -> None:
        """Of what is written next; it may lead somewhere."""
        is_link = isinstance(attrs, LinkedAttrs)
        self._lead_to(attrs.url if isinstance(attrs, LinkedAttrs) and self.can.links else "")
        super().set_attributes(Attrs(*attrs) if is_link else attrs, color_depth)

    def reset_attributes(self) -> None:
        """What is written next is plain, and leads nowhere."""
        self._lead_to("")
        super().reset_attributes()

    def _lead_to(self, url: str) -> None:
        if url != self._url:
            self.write_raw(hyperlinks.begin(url) if url else hyperlinks.END)
            self._url = url

    def flush(self) -> None:
        """Write what waits; waits until the terminal, or the system, has taken it."""
        if not self._buffer:
            return
        data = "".join(self._buffer)
        if not self._is_utf8:
            data = fitting(data, self.encoding())
        self._buffer = [data]
        with self.pace.writing(len(data)):
            super().flush()


def fitting(text: str, encoding: str) -> str:
    """A text that can be encoded, as wide as before."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return "".join(_fitting(character, encoding) for character in text)
    return text


# What the chat itself paints with.
_SIMILAR = {"│": "|", "─": "-", "·": "-", "…": "~", "●": "*", "○": "o", "\u25cc": "o"}


def _fitting(character: str, encoding: str) -> str:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return _SIMILAR.get(character) or "?" * width(character)
    return character


def _speed(stdout: TextIO) -> float:
    """Characters a second that the line takes; 0: as many as one likes. Only a real line has a speed that is low:
    sshd hands it on. The one that terminal emulators tell means nothing."""
    try:
        speed = termios.tcgetattr(stdout.fileno())[5]
    except (OSError, termios.error):
        return 0
    return _SPEEDS.get(speed, 0) / 10  # a start bit and a stop bit beside the eight


_SPEEDS = {
    getattr(termios, f"B{baud}"): baud
    for baud in (50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200)
    if hasattr(termios, f"B{baud}")
}
