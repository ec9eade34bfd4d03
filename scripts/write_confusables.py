"""Write roomchat/chat/confusables.py from Unicode's confusables.txt:

    scripts/write_confusables.py confusables.txt

The file is at https://www.unicode.org/Public/security/latest/. Only characters that names can have are kept: taken
apart, as the rule compares them.
"""

from __future__ import annotations

import re
import sys
import textwrap
import unicodedata
from contextlib import suppress
from pathlib import Path

from precis_i18n import get_profile

ALLOWED = get_profile("UsernameCasePreserved")
TARGET = Path(__file__).parents[1] / "roomchat" / "chat" / "confusables.py"
HEAD = '''"""Characters that look like others. Written by scripts/write_confusables.py; see looks.py.

Source: confusables.txt of Unicode {version}, as far as names can have the characters.
"""

from __future__ import annotations

VERSION = "{version}"  # of Unicode

# A word each: what they look like, then ":", then those that do; all as hexadecimal code points.
CONFUSABLES = """
'''
LINE = re.compile(r"([0-9A-F]+) ;\s([0-9A-F ]+) ;\sMA")
# Whatever rules a character's neighbours must keep, one of these beside it does.
AROUND = ["{}", "a{}", "1{}", "\u0915\u094d{}", "\u05d0{}", "\u0628{}\u0628", "l{}l", "\u0375{}\u03b1"]


def can_be_in_a_name(character: str) -> bool:
    """Whether it can be in a name, beside some others at least."""
    for around in AROUND:
        with suppress(UnicodeEncodeError):
            return bool(ALLOWED.enforce(around.format(character)))
    return False


def main(path: str) -> None:
    """Read the one, write the other."""
    text = Path(path).read_text(encoding="utf-8-sig")
    version = re.search(r"Version: ([0-9.]+)", text)
    found: dict[str, list[str]] = {}
    for one, like in LINE.findall(text):
        character, looks = chr(int(one, 16)), "".join(chr(int(code, 16)) for code in like.split())
        if unicodedata.normalize("NFD", character) == character and can_be_in_a_name(character):
            found.setdefault(looks, []).append(character)
    words = [f"{_codes(looks)}:{_codes(found[looks], ',')}" for looks in sorted(found)]
    table = textwrap.fill(" ".join(words), 115, break_on_hyphens=False, break_long_words=False)
    head = HEAD.format(version=version[1] if version else "?")
    TARGET.write_text(f'{head}{table}\n"""\n', encoding="utf-8")


def _codes(characters: str | list[str], between: str = "+") -> str:
    return between.join(f"{ord(one):x}" for one in characters)


if __name__ == "__main__":
    main(sys.argv[1])
