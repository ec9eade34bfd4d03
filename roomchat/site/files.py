"""The files of the page, as they are in the package."""

from __future__ import annotations

from importlib.resources import files

from roomchat.wires.site import Request, Response

_KINDS = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "webmanifest": "application/manifest+json",
}
_NOTHING = Response(404, [("Content-Type", "text/plain; charset=utf-8")], b"There is no such page.\n")


class Files:
    """All of them, in memory. See ``Site``."""

    def __init__(self) -> None:
        self._found: dict[str, Response] = {}
        waiting = [("/", files("roomchat") / "web")]
        while waiting:
            path, folder = waiting.pop()
            for one in folder.iterdir():
                if one.is_dir():
                    waiting.append((f"{path}{one.name}/", one))
                elif kind := _KINDS.get(one.name.rpartition(".")[2]):
                    headers = [("Content-Type", kind), ("Cache-Control", "no-cache")]
                    self._found[path + one.name] = Response(200, headers, one.read_bytes())
        self._found["/"] = self._found["/index.html"]

    def answer(self, request: Request) -> Response:
        """The file of that name."""
        return self._found.get(request.path, _NOTHING)
