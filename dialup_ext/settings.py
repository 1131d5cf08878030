"""Every setting in one table: name, default, unit, help. Nothing is configured anywhere else.

A value comes from the command line, else the environment (`DIALUP_<NAME>`; `PORT` and
`DIALUP_HOME` as they are), else `config/settings.json` under the home, else the default here.
`docs/operators/settings.md` is generated from this table and a test compares them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dialup_ext.errors import BadInput


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table. `kind` is the Python type a value must have."""

    name: str
    default: Any
    unit: str
    help: str

    @property
    def kind(self) -> type:
        return type(self.default)


TABLE: tuple[Setting, ...] = (
    Setting("domain", "dialup.localhost", "host name",
            "The parent domain: sites are <site>.<domain>, labs <account>.editor.<domain>."),
    Setting("port", 8080, "TCP port", "Where Caddy listens in a trial, on loopback."),
    Setting("bind", "127.0.0.1", "address", "The address Caddy listens on."),
    Setting("scheme", "http", "http or https", "How people reach this server."),
    Setting("caddy", "", "path",
            "The Caddy program; empty: the one installed with dialup, else the one on PATH."),
    Setting("driver", "", "process or docker", "What runs instances, from now on. Empty: what was stored, chosen at the first start."),
    Setting("database_url", "", "SQLAlchemy URL", "Empty: SQLite in the home's data folder."),
    Setting("health_timeout", 30.0, "seconds", "How long a new instance may take to answer."),
    Setting("wake_timeout", 30.0, "seconds", "How long a visitor's request waits for a site that has to be woken."),
    Setting("held_requests", 500, "requests", "How many may wait at once for sites that have to be woken."),
    Setting("sleep_least", 60, "seconds", "The shortest time without a visit after which a site may be told to sleep."),
    Setting("health_path", "/", "URL path", "What a new instance must answer with 2xx or 3xx."),
    Setting("drain_seconds", 5.0, "seconds",
            "How long the old release finishes its requests after the switch."),
    Setting("build_timeout", 600.0, "seconds", "The most a build may take."),
    Setting("build_memory_mb", 1024, "MiB", "The memory of a build; Next fails under 512."),
    Setting("build_disk_mb", 2048, "MiB", "What the build of a site may write, its dependencies apart."),
    Setting("cache_max_mb", 512, "MiB", "What npm and pip may each keep of an account's packages between two builds."),
    Setting("builds_at_once", 1, "builds", "How many builds run side by side."),
    Setting("deploys_waiting", 20, "deployments", "How many may wait before new ones are refused; half of them for one account."),
    Setting("releases_kept", 10, "releases", "How many releases of a site stay for rolling back."),
    Setting("preview_idle", 3600.0, "seconds", "A preview nobody asks for is stopped after this."),
    Setting("session_idle", 86400.0, "seconds", "A login unused for this long ends."),
    Setting("session_lifetime", 604800.0, "seconds", "A login ends after this in any case."),
    Setting("admin_session_lifetime", 43200.0, "seconds", "The same for an admin."),
    Setting("key_lifetime_days", 90, "days", "How long an API key is good when nothing is said."),
    Setting("lab_start_timeout", 60.0, "seconds", "How long a lab may take to answer."),
    Setting("lab_memory_mb", 1024, "MiB", "The memory of a lab."),
    Setting("static_memory_mb", 64, "MiB", "The memory of a static site's container, if it has one."),
    Setting("static_cpu", 0.1, "cores", "The CPU of a static site's container, if it has one."),
    Setting("static_container", False, "yes or no",
            "Give each site of files a container with nginx; docker driver only. Releases from before stay as they are."),
    Setting("nodejs_memory_mb", 256, "MiB", "The memory of a Node site."),
    Setting("nodejs_cpu", 0.25, "cores", "The CPU of a Node site."),
    Setting("astro_memory_mb", 128, "MiB", "The memory of an Astro site that runs."),
    Setting("astro_cpu", 0.15, "cores", "The CPU of an Astro site that runs."),
    Setting("next_memory_mb", 256, "MiB", "The memory of a Next site."),
    Setting("next_cpu", 0.25, "cores", "The CPU of a Next site."),
    Setting("python_memory_mb", 256, "MiB", "The memory of a Python site."),
    Setting("python_cpu", 0.25, "cores", "The CPU of a Python site."),
    Setting("python_dev_memory_mb", 512, "MiB", "The memory of a Python preview, which installs its packages too."),
    Setting("notebook_memory_mb", 512, "MiB", "The memory of a notebook site: 90 for its server, 60 for each visitor."),
    Setting("notebook_cpu", 0.5, "cores", "The CPU of a notebook site."),
    Setting("notebook_timeout", 120.0, "seconds", "How long a notebook may take to run to its end before it is live."),
    Setting("nodejs_dev_memory_mb", 512, "MiB", "The memory of a Node preview."),
    Setting("nodejs_dev_cpu", 0.3, "cores", "The CPU of a Node preview."),
    Setting("static_dev_memory_mb", 128, "MiB", "The memory of a static preview."),
    Setting("previews_at_once", 3, "previews", "How many previews one account may have open."),
    Setting("memory_budget_mb", 0, "MiB",
            "What all instances together may use; 0: this machine's memory without 1,536 MiB, or a quarter, for itself."),
    Setting("port_range_start", 20000, "TCP port", "Instances of the process driver listen from here,"),
    Setting("port_range_end", 29999, "TCP port", "to here. Below the kernel's ephemeral ports."),
    Setting("log_max_mb", 10, "MiB", "An instance's log is cut to its newest half above this."),
    Setting("upload_lifetime", 3600.0, "seconds", "An unfinished upload is swept after this."),
    Setting("min_free_mb", 512, "MiB", "Below this much free disk uploads and builds are refused."),
    Setting("storage_walls", "auto", "auto, on or off",
            "Each account's files on a disk of its own (needs root and loop devices). auto: what was stored, chosen at "
            "the first start; off makes no new ones."),
    Setting("ca_bundle", "", "path",
            "A file with certificates that builds and previews trust besides the usual ones, for mirrors of your own."),
    Setting("npm_registry", "", "URL", "An npm mirror for builds; empty: npm's own setting."),
    Setting("node_image", "", "image name",
            "What Node sites run in; empty: `dialup images build` if it was run, else one from a registry."),
    Setting("pypi_index", "", "URL", "A PyPI mirror for builds; empty: pip's own setting."),
    Setting("python_image", "", "image name",
            "What Python sites run in; empty: `dialup images build` if it was run, else one from a registry."),
    Setting("lab_image", "", "image name",
            "What labs and static previews run in; empty: the one `dialup images build` made."),
    Setting("nginx_image", "", "image name",
            "What `static_container` runs; empty: `dialup images build` if it was run, else one from a registry."),
    Setting("network_pool", "10.210.0.0/16", "range of addresses",
            "The docker driver takes its networks from here, two per account."),
    Setting("network_allow", "", "ranges of addresses",
            "Private addresses containers may reach all the same, such as a package mirror; with commas."),
    Setting("force", False, "yes or no",
            "Allow what the process driver refuses: other people on a server without isolation."),
)

_KINDS = {int: "a whole number", float: "a number", str: "a text", bool: "yes or no"}
_BY_NAME = {setting.name: setting for setting in TABLE}
_ENVIRONMENT = {"PORT": "port"} | {f"DIALUP_{s.name.upper()}": s.name for s in TABLE}


class Settings:
    """The settings in force. Attributes carry the names of the table; `home` is the data's root."""

    def __init__(self, home: Path, **values: Any) -> None:
        self.home = home.absolute()
        unknown = sorted(set(values) - set(_BY_NAME))
        if unknown:
            raise BadInput(f"There is no setting “{unknown[0]}”.", code="unknown_setting",
                           hint=f"Take it out of the configuration. There are: {', '.join(_BY_NAME)}.")
        self._values = {s.name: parse(s.name, values.get(s.name, s.default)) for s in TABLE}

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["_values"][name]
        except KeyError:
            raise AttributeError(name) from None

    def as_dict(self) -> dict[str, Any]:
        return dict(self._values)

    def with_values(self, **values: Any) -> Settings:
        """The same settings but for `values`."""
        return Settings(self.home, **{**self._values, **values})

    def limits(self, kind: str) -> tuple[int, float]:
        """Memory in MiB and cores an instance of a site of this kind may use: `<kind>_memory_mb`, `<kind>_cpu`.

        A kind without settings of its own has those of a Node site.
        """
        chosen = kind if f"{kind}_memory_mb" in self._values and f"{kind}_cpu" in self._values else "nodejs"
        return int(self._values[f"{chosen}_memory_mb"]), float(self._values[f"{chosen}_cpu"])

    def check_driver(self, driver: str) -> None:
        """Raise `BadInput` (`bad_setting`) when a setting asks for what that driver has not."""
        if self.static_container and driver != "docker":
            raise BadInput(f"The setting “static_container” needs containers, and the {driver} driver has none.",
                           code="bad_setting", hint="Turn it off, Caddy serves static sites then; or use the docker driver.")

    # -- places ---------------------------------------------------------------------------------
    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def run(self) -> Path:
        """Sockets. Short, because a socket's path ends at 107 bytes; see `runtime_directory`."""
        return runtime_directory(self.home)

    @property
    def resolved_database_url(self) -> str:
        return str(self.database_url) or f"sqlite:///{self.data / 'database.sqlite'}"

    def volume(self, account: str, site_id: str) -> Path:
        """The folder a site's program keeps its data in, when it has one."""
        return self.home / "volumes" / account / site_id

    # -- addresses ------------------------------------------------------------------------------
    def origin(self, host: str) -> str:
        """`https://host[:port]`: how a browser writes this host's origin."""
        usual = {"http": 80, "https": 443}[self.scheme]
        return f"{self.scheme}://{host}" + ("" if self.port == usual else f":{self.port}")

    @property
    def portal_host(self) -> str:
        return f"admin.{self.domain}"

    @property
    def editor_host(self) -> str:
        return f"editor.{self.domain}"

    def lab_host(self, account: str) -> str:
        return f"{account}.editor.{self.domain}"

    def site_host(self, site: str) -> str:
        return f"{site}.{self.domain}"

    def preview_host(self, site: str) -> str:
        return f"{site}-dev.{self.domain}"


def load_settings(home: Path | None = None, environment: Mapping[str, str] | None = None,
                  **overrides: Any) -> Settings:
    """Read file, environment and `overrides` (the strongest; None means not given)."""
    environment = os.environ if environment is None else environment
    home = home or default_home(environment)
    values = _from_file(home / "config" / "settings.json")
    values |= {name: environment[key] for key, name in _ENVIRONMENT.items() if environment.get(key)}
    values |= {name: value for name, value in overrides.items() if value is not None}
    return Settings(home, **values)


def default_home(environment: Mapping[str, str]) -> Path:
    """`DIALUP_HOME`, else what `make up` made in this checkout, else the user's data folder (XDG)."""
    if environment.get("DIALUP_HOME"):
        return Path(environment["DIALUP_HOME"]).expanduser().absolute()
    checkout = Path(__file__).resolve().parents[1]
    if (checkout / "Makefile").exists() and (checkout / ".dialup").is_dir():
        return checkout / ".dialup"
    data = environment.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser() / "dialup"


def runtime_directory(home: Path) -> Path:
    """`<home>/run` when a socket path fits in it, else a short per-user folder under /tmp."""
    direct = home / "run"
    longest = len(os.fsencode(direct / "labs" / ("x" * 31) / "hub.sock"))
    if longest <= 100:
        return direct
    import hashlib

    mark = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return Path(f"/tmp/dialup-{os.getuid()}-{mark}")  # noqa: S108 - made with mode 0700, see Doors


def parse(name: str, value: Any) -> Any:
    """`value` as the type of setting `name`, or `BadInput` that names the unit."""
    setting = _BY_NAME[name]
    try:
        if setting.kind is bool:
            return value if isinstance(value, bool) else str(value).lower() in ("1", "yes", "true", "on")
        result = setting.kind(value)
    except (TypeError, ValueError):
        raise BadInput(f"The setting “{name}” cannot be “{value}”.", code="bad_setting",
                       hint=f"It is {_KINDS[setting.kind]} ({setting.unit}).") from None
    if name == "port" and not 0 < result < 65536:
        raise BadInput(f"{value} is not a TCP port.", hint="Use 1 to 65535.", code="bad_setting")
    if name == "storage_walls" and result not in ("auto", "on", "off"):
        raise BadInput("The setting “storage_walls” is auto, on or off.", code="bad_setting")
    if name == "scheme" and result not in ("http", "https"):
        raise BadInput("The scheme is http or https.", code="bad_setting")
    return result


def _from_file(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise BadInput(f"{path} is not valid JSON: {error}.", code="bad_setting",
                       hint="Mend or remove the file.") from error
    if not isinstance(found, dict):
        raise BadInput(f"{path} must hold one JSON object.", code="bad_setting")
    return found
