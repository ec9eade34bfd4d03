"""A server that broadcasts over WebSockets and does nothing else, as one writes it with the `websockets` library.

It stores nothing, numbers nothing for good, and has no slow readers: the least that a chat server can do there.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import defaultdict
from importlib.metadata import version

from websockets.asyncio.server import ServerConnection, broadcast, serve

ROOMS: dict[str, set[ServerConnection]] = defaultdict(set)


async def talk(connection: ServerConnection) -> None:
    """One client, until it goes."""
    name = ""
    async for line in connection:
        command = json.loads(line)
        match command["type"]:
            case "hello":
                name = command["name"]
                await connection.send('{"type":"welcome"}')
            case "join":
                ROOMS[command["room"]].add(connection)
                await connection.send('{"type":"joined"}')
            case "say":
                event = {"type": "message", "room": command["room"], "name": name, "text": command["text"]}
                broadcast(ROOMS[command["room"]], json.dumps(event) + "\n")


async def main() -> None:
    """On the port that is the first argument."""
    if sys.argv[1] == "--version":
        print(f"websockets {version('websockets')}")
        return
    async with serve(talk, "127.0.0.1", int(sys.argv[1]), compression=None, ping_interval=None) as server:
        await server.serve_forever()


asyncio.run(main())
