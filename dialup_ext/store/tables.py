"""All tables. Names and columns are the brief's where it has them; the rest is what it forgot.

Ids are random 128-bit text, so that nobody can count or guess other people's things (R20).
Secrets (session ids, keys, links, codes) are stored as SHA-256 only.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from dialup_ext.store.types import Instant

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_ID = 32
_HASH = 64


def _owner(name: str = "user_id", *, nullable: bool = False) -> Column[str]:
    return Column(name, String(_ID), ForeignKey("users.id", ondelete="CASCADE"), nullable=nullable)


users = Table(
    "users", metadata,
    Column("id", String(_ID), primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("email", String(254), unique=True),
    Column("password_hash", Text),
    Column("role", String(16), nullable=False, default="user"),
    Column("max_sites", Integer, nullable=False, default=3),
    Column("max_memory_mb", Integer, nullable=False, default=512),
    Column("max_cpu_cores", Float, nullable=False, default=0.5),
    Column("max_storage_mb", Integer, nullable=False, default=4096),
    Column("max_builds", Integer, nullable=False, default=1),
    Column("can_create_sites", Boolean, nullable=False, default=True),
    Column("can_use_editor", Boolean, nullable=False, default=True),
    Column("is_active", Boolean, nullable=False, default=True),
    Column("created_at", Instant, nullable=False),
)

sessions = Table(
    "sessions", metadata,
    Column("token_hash", String(_HASH), primary_key=True),
    _owner(),
    Column("host", String(253), nullable=False),  # a session is good at one host only
    Column("created_at", Instant, nullable=False),
    Column("used_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("address", String(64)),
    Column("agent", String(200)),
    Column("id", String(_ID), nullable=False, unique=True),  # what lists and revocations name
    # the portal session a lab's or preview's session came from: it ends with it
    Column("parent_id", String(_ID), index=True),
)

api_keys = Table(
    "api_keys", metadata,
    Column("id", String(_ID), primary_key=True),
    Column("public_id", String(16), nullable=False, unique=True),
    Column("secret_hash", String(_HASH), nullable=False),
    _owner(),
    Column("name", String(80), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("sites", JSON),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("used_at", Instant),
    Column("used_from", String(64)),
)

one_time_links = Table(
    "one_time_links", metadata,
    Column("token_hash", String(_HASH), primary_key=True),
    _owner(),
    Column("purpose", String(16), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
)

handover_codes = Table(
    "handover_codes", metadata,
    Column("code_hash", String(_HASH), primary_key=True),
    _owner(),
    Column("host", String(253), nullable=False),
    Column("state_hash", String(_HASH)),
    Column("next_path", Text, nullable=False),
    Column("session_id", String(_ID)),
    Column("expires_at", Instant, nullable=False),
)

site_templates = Table(
    "site_templates", metadata,
    Column("id", String(_ID), primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("description", Text),
    Column("template_path", Text, nullable=False),
    Column("preview_image", Text),
    Column("framework", String(32)),
    Column("is_active", Boolean, nullable=False, default=True),
)

user_sites = Table(
    "user_sites", metadata,
    Column("id", String(_ID), primary_key=True),
    _owner(),
    Column("name", String(64), nullable=False, unique=True),
    Column("site_type", String(32), nullable=False),
    Column("template", String(64)),
    Column("stopped", Boolean, nullable=False, default=False),
    Column("sleep_after", Integer),  # seconds; NULL: never
    Column("asleep", Boolean, nullable=False, default=False),
    Column("halted", Text),  # why it is no longer started by itself
    Column("volume", Boolean, nullable=False, default=False),
    Column("live_release_id", String(_ID)),
    Column("live_deployment_id", String(_ID)),
    Column("storage_used_bytes", BigInteger, nullable=False, default=0),
    Column("releases_made", Integer, nullable=False, default=0),
    Column("last_deployed", Instant),
    Column("last_edited", Instant),
    Column("error_message", Text),
    Column("created_at", Instant, nullable=False),
    Index("ix_user_sites_user_id", "user_id"),
)

retired_names = Table(
    "retired_names", metadata,  # of removed sites: kept for the account that had them (R18)
    Column("name", String(64), primary_key=True),
    _owner(),
    Column("retired_at", Instant, nullable=False),
)

releases = Table(
    "releases", metadata,
    Column("id", String(_ID), primary_key=True),
    Column("site_id", String(_ID), ForeignKey("user_sites.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("digest", String(_HASH), nullable=False),
    Column("root", Text, nullable=False, default=""),
    Column("layer", String(_HASH)),
    Column("why", Text, nullable=False, default=""),
    Column("builder", String(64), nullable=False, default=""),
    Column("built", String(_HASH)),  # the manifest of what the build made
    Column("runs", Boolean, nullable=False, default=False),
    Column("start", JSON, nullable=False, default=list),
    Column("config", JSON, nullable=False, default=dict),
    Column("file_count", Integer, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", String(64), nullable=False),
    UniqueConstraint("site_id", "number"),
    UniqueConstraint("site_id", "digest"),
)

deployments = Table(
    "deployments", metadata,
    Column("id", String(_ID), primary_key=True),
    Column("site_id", String(_ID), ForeignKey("user_sites.id", ondelete="CASCADE"), nullable=False),
    Column("release_id", String(_ID), ForeignKey("releases.id", ondelete="CASCADE"), nullable=False),
    Column("action", String(16), nullable=False),
    Column("deploy_status", String(16), nullable=False),
    # the site's id while unfinished, NULL after: "at most one" as a plain unique constraint,
    # since MySQL has no partial indexes
    Column("unfinished", String(_ID), unique=True),
    Column("attempt", Integer, nullable=False, default=1),
    Column("cancel_wanted", Boolean, nullable=False, default=False),
    Column("failure", JSON),
    Column("build_duration_seconds", Float),
    Column("created_at", Instant, nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("deployed_at", Instant),
    Index("ix_deployments_site_id_created_at", "site_id", "created_at"),
)

editor_sessions = Table(
    "editor_sessions", metadata,  # one row per running lab or preview
    Column("id", String(_ID), primary_key=True),
    _owner(),
    Column("site_id", String(_ID), ForeignKey("user_sites.id", ondelete="CASCADE")),
    Column("kind", String(16), nullable=False),
    Column("instance_key", String(128), nullable=False, unique=True),
    Column("secret", String(64)),  # a lab's own secret; opens that lab only
    Column("state", String(16), nullable=False),
    Column("message", Text),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    UniqueConstraint("user_id", "kind", "site_id"),
)

env_vars = Table(
    "env_vars", metadata,
    Column("id", String(_ID), primary_key=True),
    Column("site_id", String(_ID), ForeignKey("user_sites.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(128), nullable=False),
    Column("value", Text, nullable=False),  # encrypted, whether secret or not
    Column("secret", Boolean, nullable=False, default=False),
    Column("changed_at", Instant, nullable=False),
    UniqueConstraint("site_id", "name"),
)

preview_links = Table(
    "preview_links", metadata,
    Column("id", String(_ID), primary_key=True),
    Column("site_id", String(_ID), ForeignKey("user_sites.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("token_hash", String(_HASH), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
)

settings = Table(
    "settings", metadata,
    Column("name", String(64), primary_key=True),
    Column("value", JSON, nullable=False),
)

idempotency_keys = Table(
    "idempotency_keys", metadata,
    _owner(),
    Column("key", String(128), nullable=False),
    Column("request_hash", String(_HASH), nullable=False),
    Column("status", Integer),
    Column("answer", JSON),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("user_id", "key"),
)
