"""Settings from the environment, from `.env`, or from `NAME_FILE` beside each name; sensible ones for a first try."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bookingbridge.infra.ids import new_token

DEMO_PORT = 8000


class Settings(BaseSettings):
    """What the host can set. Names of environment variables are these, in upper case."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore")

    data_dir: Path = Field(default=Path("var"), validation_alias="BOOKINGBRIDGE_DATA_DIR")
    """Where the embedded database, the generated key and the demo keep their files."""
    database_url: SecretStr | None = Field(default=None, description="The owner's URL of a PostgreSQL 15 or newer")
    postgres: Literal["any", "wheel", "system"] = Field(default="any", validation_alias="BOOKINGBRIDGE_POSTGRES")
    secret_key: SecretStr | None = Field(default=None, description="At least 32 characters; seals credentials")
    secret_keys_old: SecretStr = Field(default=SecretStr(""), description="Earlier keys, separated by spaces")
    hash_salt: SecretStr | None = Field(default=None, description="Makes hashed identifiers this installation's own")
    public_url: str = f"http://127.0.0.1:{DEMO_PORT}"
    host: str = "127.0.0.1"
    port: int = DEMO_PORT
    environment: Literal["development", "production"] = Field(
        default="development", validation_alias="BOOKINGBRIDGE_ENVIRONMENT"
    )
    trusted_proxies: str = Field(default="", description="Addresses whose X-Forwarded headers are believed")
    simulators_url: str | None = Field(default=None, description="Where `bookingbridge simulate` serves; demo only")
    is_demo: bool = Field(default=False, validation_alias="BOOKINGBRIDGE_DEMO")
    """Every business made here is a demo's, and says so on every page."""
    worker_dead_after_s: float = Field(default=15, ge=2, description="Seconds of silence after which a worker is dead")
    mail_listen: str = Field(default="", description="host:port where mail is taken in by SMTP; empty: nowhere")
    mail_domain: str = Field(default="", description="The domain of the addresses at which mail is taken in")
    log_json: bool = Field(default=False, validation_alias="BOOKINGBRIDGE_LOG_JSON")
    log_level: str = Field(default="INFO", validation_alias="BOOKINGBRIDGE_LOG_LEVEL")

    acuity_client_id: str = ""
    acuity_client_secret: SecretStr = SecretStr("")
    booksy_partner_id: str = ""
    booksy_partner_name: str = ""
    booksy_partner_key: SecretStr = SecretStr("")
    square_application_id: str = ""
    square_application_secret: SecretStr = SecretStr("")
    square_application_token: SecretStr = SecretStr("")
    stripe_client_id: str = ""
    stripe_platform_secret: SecretStr = SecretStr("")
    facebook_app_id: str = ""
    facebook_app_secret: SecretStr = SecretStr("")
    facebook_login_config_id: str = ""
    google_ads_client_id: str = ""
    google_ads_client_secret: SecretStr = SecretStr("")
    google_ads_developer_token: SecretStr = SecretStr("")
    google_calendar_client_id: str = ""
    google_calendar_client_secret: SecretStr = SecretStr("")

    @field_validator("public_url")
    @classmethod
    def _without_slash(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("PUBLIC_URL starts with http:// or https://")
        return value.rstrip("/")

    @field_validator("mail_domain")
    @classmethod
    def _a_domain(cls, value: str) -> str:
        return value.strip().lower().rstrip(".")

    @model_validator(mode="after")
    def _mail_has_both(self) -> Self:
        if self.mail_listen:
            self.mail_at()
            if not self.mail_domain:
                raise ValueError("MAIL_LISTEN needs MAIL_DOMAIN, the domain that mail is addressed to")
        return self

    def mail_at(self) -> tuple[str, int]:
        """Where mail is taken in: host and port."""
        host, _, port = self.mail_listen.rpartition(":")
        if not host or not port.isdigit() or int(port) > 65535:
            raise ValueError("MAIL_LISTEN is of the form host:port, such as 127.0.0.1:2525")
        return host.strip("[]"), int(port)

    def keys(self) -> list[str]:
        """The key ring, newest first. Without SECRET_KEY a key is made once and kept in the data folder."""
        first = self.secret_key.get_secret_value() if self.secret_key else _kept(self.data_dir / "secret.key")
        return [first, *self.secret_keys_old.get_secret_value().split()]

    def salt(self) -> str:
        """What hashed identifiers are salted with."""
        return self.hash_salt.get_secret_value() if self.hash_salt else _kept(self.data_dir / "hash.salt")

    def is_https(self) -> bool:
        return self.public_url.startswith("https://")


def _kept(path: Path) -> str:
    """The secret in this file; made at first use, readable by its owner only, the same for all processes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(new_token())
    return path.read_text(encoding="ascii").strip()


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings in force. `NAME_FILE` in the environment names a file that holds NAME's value."""
    env = os.environ if environ is None else environ
    for name, field in Settings.model_fields.items():
        variable = str(field.validation_alias or name).upper()
        file = env.get(f"{variable}_FILE")
        if file and variable not in env:
            os.environ[variable] = Path(file).read_text(encoding="utf-8").strip()
    return Settings()
