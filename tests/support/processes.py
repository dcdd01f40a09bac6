"""Helper processes of a test run: they end with it, also when it is killed, and leave no files behind."""

import atexit
import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_folders: list[Path] = []


def new_folder(name: str, owner: pwd.struct_passwd | None = None) -> Path:
    """A short private folder (sockets have short names), removed when this process ends."""
    folder = Path(tempfile.mkdtemp(prefix=f"govapp-{name}-", dir="/tmp" if Path("/tmp").is_dir() else None))
    if owner is not None:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    if not _folders:
        atexit.register(_remove_folders)
    _folders.append(folder)
    return folder


def _remove_folders() -> None:
    for folder in _folders:
        shutil.rmtree(folder, ignore_errors=True)


class Server:
    """A server of one test process. `stop` ends it in order, `kill` at once; both may be called twice."""

    def __init__(
        self,
        command: list[str],
        log: Path,
        *,
        url: str = "",
        stop_signal: signal.Signals = signal.SIGTERM,
        owner: pwd.struct_passwd | None = None,
    ) -> None:
        self.url, self.log, self._stop_signal = url, log, stop_signal
        parent, death = os.getpid(), int(stop_signal)

        def end_with_parent() -> None:
            if _LIBC is not None:
                _LIBC.prctl(_PR_SET_PDEATHSIG, death)
                if os.getppid() != parent:
                    os._exit(1)

        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=log.parent,
                start_new_session=True,
                preexec_fn=end_with_parent,  # noqa: PLW1509 - started from the main thread of a test process
                user=owner.pw_uid if owner else None,
                group=owner.pw_gid if owner else None,
                extra_groups=[] if owner else None,
            )
        atexit.register(self.stop)

    def stop(self, patience: float = 10) -> None:
        """Ask it to end and wait; kill it when it does not."""
        if self.process.poll() is None:
            self.process.send_signal(self._stop_signal)
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """Kill it and everything it started."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def failed(self) -> str | None:
        """What it said last when it has ended by itself, else None."""
        if self.process.poll() is None:
            return None
        return self.log.read_text("utf-8", "replace")[-2000:]
