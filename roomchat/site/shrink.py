"""Scripts and styles as they are served: without what is there only for those who read the sources."""

from __future__ import annotations

import re
from string import ascii_letters

NESTED = 3  # templates within templates, on one line

# What ends on the line on which it begins, of what may hold the marks of something else.
_STRING = r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'"""


def _template(depth: int) -> str:
    """A pattern of a template that ends on the line on which it begins."""
    if not depth:
        return r"`(?:[^`\\]|\\.)*`"
    within = _template(depth - 1)
    code = rf"(?:[^`{{}}\"']|{_STRING}|{within}|\{{(?:[^`{{}}\"']|{_STRING}|{within})*\}})*"
    return rf"`(?:[^`\\$]|\\.|\$(?!\{{)|\$\{{{code}\}})*`"


_COMMENT = r"(?P<comment>/\*.*?\*/)"
# Spaces beside marks that are never the half of something, as "+" and "*" are, mean nothing. In a style they do
# before ":" and around "(".
_IN_STYLE = re.compile(f"{_STRING}|{_COMMENT}| ?(?P<mark>[{{}};,]|(?<=:)(?= )) ?")
_IN_SCRIPT = re.compile(
    rf"{_STRING}|{_template(NESTED)}|{_COMMENT}|(?P<rest>//.*)"
    r"|/(?![*\s])(?:[^/\\\[]|\\.|\[(?:[^\]\\]|\\.)*\])+/"  # a pattern; a division has a space behind it
    r"| ?(?P<mark>[={}()\[\],;:?<>|&]) ?"
)

# A private member of a class where it is declared, and wherever it is used. In a string that could be some words
# with a "#" that a class of the same module has as well; a test rules it out.
_DECLARED = re.compile(r"^(?:static |async |get |set |\*)*#(\w+)", re.MULTILINE)
_PRIVATE = re.compile(r"(?<![\w\"'`/&#])#(\w+)")


def shrink(text: str, *, script: bool) -> str | None:
    """Leave out comments, empty lines, and spaces that mean nothing: four tenths of the bytes that are sent. Lines
    of a script are never put together, so where a statement ends stays the same.

    Args:
        text: JavaScript or CSS.
        script: it is JavaScript, which has comments with ``//``, too.
    Returns:
        None: a line may end within something longer, as a template. Then it can't be known which of the next lines
        are comments, and the text is to be served as it is.
    """
    form = _IN_SCRIPT if script else _IN_STYLE
    kept = []
    in_comment = False
    for line in map(str.strip, text.split("\n")):
        if in_comment:
            _, end, behind = line.partition("*/")
            if behind:
                return None
            in_comment = not end
        elif line.startswith("/*") and "*/" not in line[2:]:
            in_comment = True
        elif bare := form.sub(_kept, line).strip():
            left = form.sub("", bare) if "`" in bare or "/*" in bare else ""
            if bare.endswith("\\") or "/*" in left or (script and "`" in left):
                return None
            kept.append(bare if not script and bare[-1] in "{};," else bare + "\n")
    return None if in_comment else "".join(kept)


def shorten(text: str) -> str:
    """Give the private members of a module's classes names of one letter. No other name can be changed without
    knowing what it stands for: a private one is always behind a "#", and means nothing outside its class.

    Args:
        text: a module without comments and indentation.
    """
    short = dict(zip(dict.fromkeys(_DECLARED.findall(text)), ascii_letters, strict=False))
    return _PRIVATE.sub(lambda found: f"#{short.get(found[1], found[1])}", text)


def _kept(found: re.Match[str]) -> str:
    """What is left of a piece of a line."""
    if found.lastgroup is None:
        return found[0]
    return found["mark"] or " " * (found.lastgroup == "comment")  # a space: there may be words on both sides
