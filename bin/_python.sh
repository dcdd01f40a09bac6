# Sets $python to a Python 3.11 or newer, or says in one line that there is none.
python=
for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
  if command -v "$candidate" >/dev/null 2>&1 &&
    "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$candidate
    break
  fi
done
if [ -z "$python" ]; then
  echo "govapp needs Python 3.11 or newer, and none was found: install it (Debian, Ubuntu: sudo apt-get install python3)." >&2
  exit 1
fi
