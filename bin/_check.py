"""bin/check: lint and types, all tools at once; prints only what is wrong and one line per tool."""

import os
import subprocess
import sys
import time

from _setup import PYTHON, ensure_packages, ensure_venv
from _system import ROOT, SetupError

_CODE = ["govapp", "bin", "tests", "migrations", "wsgi.py", "gunicorn.conf.py"]
_TYPED = ["govapp", "bin", "tests/support", "wsgi.py"]
_TOOLS = {
    "ruff": ["ruff", "check", "--quiet", *_CODE],
    "mypy": ["mypy", *_TYPED],
    "djlint": ["djlint", "--lint", "--quiet", "templates"],
    "bandit": [
        "bandit",
        "--quiet",
        "--recursive",
        "--configfile",
        "pyproject.toml",
        "govapp",
        "bin",
        "wsgi.py",
    ],
}


def check() -> int:
    """Run every tool side by side; 0 when none has anything to say."""
    begun = time.monotonic()
    running = {
        name: subprocess.Popen(
            [str(PYTHON), "-m", *command],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=dict(os.environ, NO_COLOR="1"),
        )
        for name, command in _TOOLS.items()
    }
    bad = []
    for name, process in running.items():
        said, _ = process.communicate()
        if process.returncode:
            bad.append(name)
            print(f"--- {name}\n{said.strip()}\n")
    verdict = f"not clean: {', '.join(bad)}" if bad else f"clean: {', '.join(_TOOLS)}"
    print(f"check {verdict} ({time.monotonic() - begun:.0f} s)", flush=True)
    return 1 if bad else 0


def main() -> int:
    """Set up what the tools need, then check."""
    try:
        ensure_venv()
        ensure_packages("runtime", "test")
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    return check()


if __name__ == "__main__":
    sys.exit(main())
