"""Which variables configure a process, and are they all right?

Every setting is one variable `NEWSWATCH_<NAME>`; an empty one counts as not set. A secret may stand in a file instead:
`NEWSWATCH_<NAME>_FILE`. All mistakes are reported at once, and a name that nobody knows is one of them.
"""

import difflib
import os
import re
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

import platformdirs
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from wire.errors import Misconfigured

PREFIX = "NEWSWATCH_"
FILE_SUFFIX = "_FILE"
HIDDEN = "********"
PASSWORD = re.compile(r"(://[^:/@]*:).*(?=@)|(password=)[^&]*")  # in a database's address
LARGEST_PORT = 65535
Number = Annotated[float, Field(allow_inf_nan=False)]
HOUR, DAY, YEAR_DAYS = 3600.0, 86400.0, 366.0
ADDRESS = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)*")  # enough to tell a name from an address
# Pydantic's words, in those of people who set variables.
PLAINER = {
    "int_parsing": "write a whole number, e.g. 8",
    "int_from_float": "write a whole number, e.g. 8",
    "float_parsing": "write a number, e.g. 2.5",
    "finite_number": "write a number, e.g. 2.5",
}
Words = Annotated[tuple[str, ...], NoDecode]  # written as one comma-separated variable


class Settings(BaseSettings):
    """What a process is told from outside. Frozen; read once, at start. A field with `repr=False` is a secret."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True, env_ignore_empty=True
    )

    home: Path = Field(
        default_factory=lambda: platformdirs.user_data_path("newswatch"),
        description="Folder for the embedded broker's data, SQLite files, snapshots and logs.",
    )
    instance: str = Field(
        default="1",
        pattern=r"^[A-Za-z0-9._-]{1,64}$",
        description="This process's static place in its consumer group: unique per program, the same after a restart.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level that is logged."
    )
    log_format: Literal["console", "json"] = Field(default="console", description="Lines for people or for machines.")
    host: str = Field(default="127.0.0.1", description="Address on which /healthz, /readyz and /metrics listen.")
    port: int = Field(default=0, ge=0, le=65535, description="Port of /healthz, /readyz and /metrics; 0 picks one.")

    kafka: str = Field(
        default="", description="Bootstrap servers of your Kafka, host:port[,…]. Empty: the embedded broker."
    )
    kafka_prefix: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9._-]{0,64}$",
        description="Put before every topic and group name, so that several installations share one Kafka.",
    )
    kafka_replication: int = Field(default=1, ge=1, le=9, description="Replicas of each topic that we create.")
    kafka_port: int = Field(default=19092, ge=1, le=65534, description="Port of the embedded broker on loopback.")
    kafka_home: Path | None = Field(
        default=None, description="An unpacked Kafka 4.2 to launch, instead of fetching its jars."
    )
    kafka_topic_bytes: int = Field(
        default=512 * 1024**2, ge=1024**2, description="Size limit of one partition on the embedded broker, in bytes."
    )
    java: Path | None = Field(default=None, description="The java command to use, instead of the packaged one.")

    feeds: Path | None = Field(default=None, description="YAML or OPML file of the feeds. Default: HOME/feeds.yaml.")
    ingest_database: str = Field(
        default="",
        repr=False,
        description="Where the poller keeps its state (SQLAlchemy URL). Default: SQLite in HOME.",
    )
    poll_interval: Number = Field(
        default=900.0, ge=0.05, le=31 * DAY, description="Seconds between two polls of a feed."
    )
    poll_timeout: Number = Field(default=30.0, gt=0, le=HOUR, description="Seconds that one poll may take in all.")
    poll_max_bytes: int = Field(default=10 * 1024**2, ge=1024, description="Largest feed document, decompressed.")
    poll_parallel: int = Field(default=100, ge=1, description="Polls in flight at once.")
    contact: str = Field(default="", description="Address or page where publishers reach you; sent in the User-Agent.")
    allow_private: Words = Field(
        default=(),
        description="Private hosts or networks that feeds and webhooks may be at, e.g. intranet.example,10.1.0.0/16.",
    )
    own_hosts: Words = Field(
        default=(), description="Hosts of your own (host or host:port): no start gap and no least interval there."
    )

    story_articles: int = Field(
        default=1_000_000, ge=100, description="How many articles the story window holds at most."
    )
    story_hours: Number = Field(
        default=72.0, gt=0, le=24 * YEAR_DAYS, description="How long the story window is, in hours."
    )
    story_memory_days: Number = Field(
        default=30.0,
        gt=0,
        le=100 * YEAR_DAYS,
        description="How long an alerted story is remembered, so that a late copy stays silent.",
    )
    stall_seconds: Number = Field(
        default=10.0,
        gt=0,
        le=HOUR,
        description="Seconds without progress, while there is work, after which a program restarts.",
    )

    alerts_database: str = Field(
        default="",
        repr=False,
        description="Watchlists, subscriptions, alerts, deliveries (SQLAlchemy URL). Default: SQLite in HOME.",
    )
    send_parallel: int = Field(default=8, ge=1, description="Deliveries in flight at once.")
    send_lease: Number = Field(
        default=60.0,
        gt=1,
        le=HOUR,
        description="Seconds after which a claimed delivery without an outcome is tried again.",
    )
    age_gate_hours: Number = Field(
        default=24.0,
        gt=0,
        le=24 * 200 * YEAR_DAYS,
        description="An article published longer ago than this is held, not alerted.",
    )
    smtp_host: str = Field(default="", description="Mail server for e-mail channels.")
    smtp_port: int = Field(default=587, ge=1, le=65535, description="Its port.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(default="starttls", description="How it is encrypted.")
    smtp_user: str = Field(default="", description="Its user, when it asks for one.")
    smtp_password: SecretStr = Field(default=SecretStr(""), repr=False, description="The user's password.")
    smtp_from: str = Field(default="", description="Sender of our mails, e.g. newswatch@news.example.")
    webhook_ports: Words = Field(default=("80", "443", "8080", "8443"), description="Ports that webhooks may use.")

    @field_validator("allow_private", "own_hosts", "webhook_ports", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(word for word in value.replace(",", " ").split())
        return value

    @field_validator("kafka")
    @classmethod
    def _addresses(cls, value: str) -> str:
        servers = [server.strip() for server in value.split(",")] if value else []
        for server in servers:
            host, _, port = server.rpartition(":")
            if not host or not _is_port(port):
                raise ValueError(f"{server!r} is not host:port; write e.g. broker.example:9092")
        return ",".join(servers)

    @field_validator("allow_private")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for word in value:
            _refuse_url(word)
            if "/" in word:
                ip_network(word)
        return value

    @field_validator("own_hosts")
    @classmethod
    def _hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for word in value:
            _refuse_url(word)
        return value

    @field_validator("smtp_from")
    @classmethod
    def _sender(cls, value: str) -> str:
        if value and not ADDRESS.fullmatch(value):
            raise ValueError(f"{value!r} is no address; write e.g. newswatch@news.example")
        return value

    @field_validator("ingest_database", "alerts_database")
    @classmethod
    def _database(cls, value: str) -> str:
        """Only the mistake that a driver answers worst; the rest is checked where the database is opened."""
        if value.startswith("postgres:"):
            raise ValueError("no database address; did you mean postgresql://user:password@host/name?")
        return value

    @field_validator("webhook_ports")
    @classmethod
    def _ports(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for word in value:
            if not _is_port(word):
                raise ValueError(f"{word!r} is not a port; write e.g. 443,8443")
        return value

    @field_validator("home", "kafka_home", "java", "feeds")
    @classmethod
    def _at_home(cls, value: Path | None) -> Path | None:
        """`~` in a variable is nobody's to expand but ours; a folder of that name is never what was meant."""
        return value.expanduser() if value else value

    @property
    def feeds_file(self) -> Path:
        return self.feeds or self.home / "feeds.yaml"

    @property
    def ingest_url(self) -> str:
        return self.ingest_database or f"sqlite:///{self.home / 'ingest.sqlite'}"

    @property
    def alerts_url(self) -> str:
        return self.alerts_database or f"sqlite:///{self.home / 'alerts.sqlite'}"

    @property
    def bootstrap(self) -> str:
        return self.kafka or f"127.0.0.1:{self.kafka_port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """One setting as `config show` prints it; a secret's value is already hidden."""

    name: str
    value: str
    origin: Literal["default", "variable", "file"]
    description: str


def load() -> Settings:
    """The settings in this process's environment.

    Raises:
        Misconfigured: with every mistake, one a line.
    """
    secrets, mistakes = _secrets_in_files()
    mistakes += [_unknown(variable) for variable in os.environ if _is_unknown(variable)]
    try:
        settings = Settings(**secrets)
    except ValidationError as error:
        mistakes += [_explain(detail) for detail in error.errors()]
    if mistakes:
        raise Misconfigured("\n".join(mistakes))
    return settings


def environment(settings: Settings) -> dict[str, str]:
    """The variables that make another process read these very settings, laid over this process's own environment.

    A secret that stands in a file stays there: the other process reads the same file.
    """
    return {
        _variable(name): _plain(getattr(settings, name))
        for name in sorted(settings.model_fields_set)
        if _origin(name) != "file"
    }


def origins(settings: Settings) -> list[Origin]:
    """Every setting with its value and where it came from."""
    return [
        Origin(
            name=_variable(name),
            value=_shown(field, getattr(settings, name)),
            origin=_origin(name),
            description=field.description or "",
        )
        for name, field in Settings.model_fields.items()
    ]


def _secrets_in_files() -> tuple[dict[str, Any], list[str]]:
    values: dict[str, Any] = {}
    mistakes: list[str] = []
    for name in Settings.model_fields:
        if _origin(name) != "file":
            continue
        variable = _variable(name) + FILE_SUFFIX
        try:
            values[name] = Path(os.environ[variable]).expanduser().read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as error:
            mistakes.append(f"{variable}: cannot read {os.environ[variable]}: {error.strerror}")
        except UnicodeDecodeError:
            mistakes.append(f"{variable}: {os.environ[variable]} is not a text in UTF-8")
    return values, mistakes


def _is_secret(field: FieldInfo) -> bool:
    return not field.repr


def _is_unknown(variable: str) -> bool:
    """Whether it looks like a setting of ours and is none; those of the tests (NEWSWATCH_TEST_…, _DATA) are known."""
    if not variable.startswith(PREFIX) or variable.startswith((f"{PREFIX}TEST_", f"{PREFIX}DATA")):
        return False
    name = variable.removeprefix(PREFIX).lower()
    field = Settings.model_fields.get(name.removesuffix(FILE_SUFFIX.lower()))
    is_secret_file = name.endswith(FILE_SUFFIX.lower()) and field is not None and _is_secret(field)
    return name not in Settings.model_fields and not is_secret_file


def _unknown(variable: str) -> str:
    name = variable.removeprefix(PREFIX).removesuffix(FILE_SUFFIX).lower()
    near = difflib.get_close_matches(name, Settings.model_fields, n=1, cutoff=0.7)
    hint = f"; did you mean {_variable(near[0])}?" if near else "; `newswatch config show` lists all settings"
    return f"{variable}: no such setting{hint}"


def _explain(detail: Any) -> str:
    said = PLAINER.get(detail["type"]) or detail["msg"].removeprefix("Value error, ")
    return f"{_variable(str(detail['loc'][0]))}: {said}"


def _variable(name: str) -> str:
    return PREFIX + name.upper()


def _refuse_url(word: str) -> None:
    scheme, mark, _ = word.partition("://")
    if mark:
        raise ValueError(f"{word!r} is an address; write a host or network, without {scheme}://")


def _is_port(word: str) -> bool:
    return word.isascii() and word.isdecimal() and 1 <= int(word) <= LARGEST_PORT


def _shown(field: FieldInfo, value: object) -> str:
    """Of a database's address everything but the password is worth seeing."""
    plain = _plain(value)
    if not _is_secret(field):
        return plain
    if isinstance(value, SecretStr):
        return HIDDEN if plain else ""
    return PASSWORD.sub(lambda found: (found[1] or found[2]) + HIDDEN, plain)


def _plain(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, tuple):
        return ",".join(value)
    return "" if value is None else str(value)


def _origin(name: str) -> Literal["default", "variable", "file"]:
    """Where `load` finds it: in its file before its variable."""
    variable = _variable(name)
    if _is_secret(Settings.model_fields[name]) and os.environ.get(variable + FILE_SUFFIX):
        return "file"
    return "variable" if os.environ.get(variable) else "default"
