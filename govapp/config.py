"""Settings: read once from the environment (or var/settings.env), typed and documented field by field."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent
_SAMPLES = ("change-me", "changeme", "secret", "sample", "example", "password", "dev", "test-key", "insecure")
_SHORTEST_KEY = 32


class Settings(BaseSettings):
    """All settings. Names in the environment carry the prefix GOVAPP_."""

    model_config = SettingsConfigDict(
        env_prefix="GOVAPP_", env_file=ROOT / "var" / "settings.env", extra="ignore", frozen=True
    )

    env: Literal["production", "demo", "test"] = Field("production", description="production, demo or test")
    database_url: str = Field("", description="database; empty means SQLite var/govapp.db")
    redis_url: str = Field(
        "", description="Redis or Valkey; empty means the embedded Valkey on var/valkey.sock"
    )
    files: Path = Field(ROOT / "var" / "files", description="folder of evidence files and reports")
    secret_key: SecretStr = Field(
        SecretStr(""), description="signs cookies and tokens; at least 32 characters"
    )
    secret_key_fallbacks: list[SecretStr] = Field(
        [], description="earlier secret keys, while they are rotated out"
    )
    audit_key: SecretStr = Field(
        SecretStr(""), description="key of the history's chain; keep it outside the database"
    )
    audit_key_id: str = Field("k1", description="name of the audit key, stored with every log row")
    audit_keys_earlier: dict[str, SecretStr] = Field(
        {}, description='earlier audit keys by their names, as JSON: {"k0": "..."}; to verify older rows'
    )
    base_url: str = Field("", description="address people use; empty means http://HOST:PORT")
    smtp_url: str = Field(
        "", description="mail server, smtp://user:password@host:port; empty: mail stays in the outbox"
    )
    mail_sender: str = Field("govapp@localhost", description="sender of mail")
    host: str = Field("127.0.0.1", description="address the web server listens on")
    port: int = Field(8000, description="port the web server listens on")
    workers: int = Field(2, description="web server processes", ge=1, le=64)
    job_workers: int = Field(1, description="report worker processes", ge=0, le=64)
    trusted_proxies: int = Field(
        0, description="number of proxies in front whose X-Forwarded headers count", ge=0, le=5
    )
    session_idle_minutes: int = Field(
        120, description="a session ends after so many minutes without use", ge=1
    )
    session_hours: int = Field(12, description="a session ends after so many hours in any case", ge=1)
    upload_mb: int = Field(64, description="largest request body in megabytes", ge=1, le=1024)
    upload_quota_mb: int = Field(
        2048, description="largest sum of new files one person may upload within a day", ge=1
    )
    timezone: str = Field("Europe/Berlin", description="time zone for readers and organizations without one")
    metrics_token: SecretStr = Field(SecretStr(""), description="token for /metrics; empty: the page is off")

    @field_validator("secret_key", "audit_key")
    @classmethod
    def _strong(cls, value: SecretStr, info) -> SecretStr:  # type: ignore[no-untyped-def]  # pydantic's own type moves
        text = value.get_secret_value()
        name = f"GOVAPP_{info.field_name.upper()}"
        if not text:
            raise ValueError(f"{name} is missing: set it to at least {_SHORTEST_KEY} random characters")
        if len(text) < _SHORTEST_KEY:
            raise ValueError(f"{name} is too short: at least {_SHORTEST_KEY} random characters are needed")
        if len(set(text)) < 8 or any(text.lower().startswith(sample) for sample in _SAMPLES):
            raise ValueError(f"{name} is a known sample: make a random one")
        return value

    @model_validator(mode="before")
    @classmethod
    def _present(cls, values: dict[str, object]) -> dict[str, object]:
        values.setdefault("secret_key", "")
        values.setdefault("audit_key", "")
        return values

    @property
    def database(self) -> str:
        """The database URL with its default filled in."""
        return self.database_url or f"sqlite:///{ROOT / 'var' / 'govapp.db'}"

    @property
    def redis(self) -> str:
        """The Redis URL with its default (embedded Valkey's socket) filled in."""
        return self.redis_url or f"unix://{ROOT / 'var' / 'valkey.sock'}"

    @property
    def address(self) -> str:
        """The address people open in a browser."""
        return self.base_url or f"http://{self.host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """True when the server listens on this machine only."""
        return self.host in {"127.0.0.1", "::1", "localhost"}

    @property
    def secure_cookies(self) -> bool:
        """Cookies are Secure with the __Host- name unless served in plain http on a loopback address (R26)."""
        return self.address.startswith("https://") or not self.loopback
