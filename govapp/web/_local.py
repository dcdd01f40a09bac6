"""Only local addresses are followed after sign-in and in redirects (R28)."""

from urllib.parse import unquote, urlsplit

_LONGEST = 2000


def is_local(target: str) -> bool:
    """True for a path of this app: no scheme, host, `//`, backslash or control character, even decoded twice."""
    if not target.startswith("/") or len(target) > _LONGEST:
        return False
    text = target
    for _ in range(3):
        parts = urlsplit(text)
        if text.startswith("//") or "\\" in text or parts.scheme or parts.netloc:
            return False
        if any(ord(sign) < 32 or ord(sign) == 127 for sign in text):
            return False
        text = unquote(text)
    return True


def local_path(target: str | None, otherwise: str = "/") -> str:
    """The target when it is local, else another local path."""
    return target if target and is_local(target) else otherwise
