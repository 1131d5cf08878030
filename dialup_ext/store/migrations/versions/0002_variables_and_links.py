"""Environment variables of sites, links to previews."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dialup_ext.store import types

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "env_vars",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("site_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("secret", sa.Boolean(), nullable=False),
        sa.Column("changed_at", types.Instant(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"], ["user_sites.id"], name=op.f("fk_env_vars_site_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_env_vars")),
        sa.UniqueConstraint("site_id", "name", name=op.f("uq_env_vars_site_id_name")),
    )
    op.create_table(
        "preview_links",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("site_id", sa.String(length=32), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", types.Instant(length=32), nullable=False),
        sa.Column("expires_at", types.Instant(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"], ["user_sites.id"], name=op.f("fk_preview_links_site_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_preview_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_preview_links_token_hash")),
    )
    op.create_index(op.f("ix_preview_links_site_id"), "preview_links", ["site_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_preview_links_site_id"), table_name="preview_links")
    op.drop_table("preview_links")
    op.drop_table("env_vars")
