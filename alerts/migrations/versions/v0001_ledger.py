"""The first shape: catalog, alerts, deliveries, and the offsets that go with them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "article",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("outlet", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("published", MOMENT, nullable=True),
        sa.Column("fetched_at", MOMENT, nullable=False),
        sa.Column("backfill", sa.Integer(), nullable=False),
        sa.CheckConstraint("backfill IN (0, 1)", name=op.f("ck_article_backfill")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article")),
    )
    op.create_table(
        "change",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("changed_in", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change")),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "publication",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("topic", name=op.f("pk_publication")),
    )
    op.create_table(
        "read_offset",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("cluster", sa.Text(), nullable=False),
        sa.Column("next_offset", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("topic", "partition", name=op.f("pk_read_offset")),
    )
    op.create_table(
        "subscriber",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("changed_in", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("removed_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriber")),
    )
    op.create_table(
        "watchlist",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("entities", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("changed_in", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("removed_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watchlist")),
    )
    op.create_table(
        "alert",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("watchlist", sa.Text(), nullable=False),
        sa.Column("watchlist_version", sa.Integer(), nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("article", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("fetched_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["article"], ["article.id"], name=op.f("fk_alert_article")),
        sa.ForeignKeyConstraint(["watchlist"], ["watchlist.id"], name=op.f("fk_alert_watchlist")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sa.UniqueConstraint("id", "watchlist", name=op.f("uq_alert_id_watchlist")),
        sa.UniqueConstraint("watchlist", "story", name=op.f("uq_alert_watchlist_story")),
    )
    op.create_index(op.f("ix_alert_created_at"), "alert", ["created_at"], unique=False)
    op.create_table(
        "channel",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("subscriber", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("changed_in", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("removed_at", MOMENT, nullable=True),
        sa.CheckConstraint("state IN ('ok', 'disabled')", name=op.f("ck_channel_state")),
        sa.ForeignKeyConstraint(["subscriber"], ["subscriber.id"], name=op.f("fk_channel_subscriber")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel")),
    )
    op.create_table(
        "watchlist_version",
        sa.Column("watchlist", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("entities", sa.JSON(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.Column("changed_in", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.CheckConstraint("removed IN (0, 1)", name=op.f("ck_watchlist_version_removed")),
        sa.ForeignKeyConstraint(["watchlist"], ["watchlist.id"], name=op.f("fk_watchlist_version_watchlist")),
        sa.PrimaryKeyConstraint("watchlist", "version", name=op.f("pk_watchlist_version")),
    )
    op.create_table(
        "alert_copy",
        sa.Column("article", sa.Text(), nullable=False),
        sa.Column("watchlist", sa.Text(), nullable=False),
        sa.Column("alert", NUMBER, nullable=False),
        sa.Column("mentions", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["alert", "watchlist"], ["alert.id", "alert.watchlist"], name=op.f("fk_alert_copy_alert_watchlist")
        ),
        sa.ForeignKeyConstraint(["article"], ["article.id"], name=op.f("fk_alert_copy_article")),
        sa.PrimaryKeyConstraint("article", "watchlist", name=op.f("pk_alert_copy")),
    )
    op.create_index(op.f("ix_alert_copy_alert"), "alert_copy", ["alert"], unique=False)
    op.create_table(
        "alert_story",
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("watchlist", sa.Text(), nullable=False),
        sa.Column("alert", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["alert", "watchlist"], ["alert.id", "alert.watchlist"], name=op.f("fk_alert_story_alert_watchlist")
        ),
        sa.PrimaryKeyConstraint("story", "watchlist", name=op.f("pk_alert_story")),
    )
    op.create_index(op.f("ix_alert_story_alert"), "alert_story", ["alert"], unique=False)
    op.create_table(
        "delivery",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("alert", NUMBER, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("article", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("joined_to", NUMBER, nullable=True),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.CheckConstraint("(state = 'joined') = (joined_to IS NOT NULL)", name=op.f("ck_delivery_joined")),
        sa.CheckConstraint("(state = 'sending') = (claimed_by IS NOT NULL)", name=op.f("ck_delivery_claim")),
        sa.CheckConstraint("(state = 'sending') = (lease_until IS NOT NULL)", name=op.f("ck_delivery_lease")),
        sa.CheckConstraint(
            "(state IN ('sent', 'failed', 'dead', 'joined', 'cancelled')) = (settled_at IS NOT NULL)",
            name=op.f("ck_delivery_settled"),
        ),
        sa.CheckConstraint(
            "attempt > 0 OR state NOT IN ('sending', 'retry', 'uncertain', 'sent', 'failed')",
            name=op.f("ck_delivery_attempted"),
        ),
        sa.CheckConstraint(
            "reason <> '' OR state NOT IN ('failed', 'dead', 'cancelled')", name=op.f("ck_delivery_reason")
        ),
        sa.CheckConstraint(
            "state IN ('due', 'retry', 'uncertain', 'sending', 'sent', 'failed', 'dead', 'joined', 'cancelled')",
            name=op.f("ck_delivery_state"),
        ),
        sa.CheckConstraint("attempt >= 0", name=op.f("ck_delivery_attempt")),
        sa.ForeignKeyConstraint(["alert"], ["alert.id"], name=op.f("fk_delivery_alert")),
        sa.ForeignKeyConstraint(["article"], ["article.id"], name=op.f("fk_delivery_article")),
        sa.ForeignKeyConstraint(["channel"], ["channel.id"], name=op.f("fk_delivery_channel")),
        sa.ForeignKeyConstraint(["joined_to"], ["delivery.id"], name=op.f("fk_delivery_joined_to")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("alert", "channel", "occasion", name=op.f("uq_delivery_alert_channel_occasion")),
        sa.UniqueConstraint("key", name=op.f("uq_delivery_key")),
    )
    op.create_index(op.f("ix_delivery_channel_state"), "delivery", ["channel", "state"], unique=False)
    op.create_index(op.f("ix_delivery_joined_to"), "delivery", ["joined_to"], unique=False)
    op.create_index(
        "ix_delivery_sending",
        "delivery",
        ["lease_until"],
        unique=False,
        sqlite_where=sa.text("state = 'sending'"),
        postgresql_where=sa.text("state = 'sending'"),
    )
    op.create_index(
        "ix_delivery_waiting",
        "delivery",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('due', 'retry', 'uncertain')"),
        postgresql_where=sa.text("state IN ('due', 'retry', 'uncertain')"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("watchlist", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("published_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["watchlist", "version"],
            ["watchlist_version.watchlist", "watchlist_version.version"],
            name=op.f("fk_outbox_watchlist_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index(
        "ix_outbox_unpublished",
        "outbox",
        ["id"],
        unique=False,
        sqlite_where=sa.text("published_at IS NULL"),
        postgresql_where=sa.text("published_at IS NULL"),
    )
    op.create_table(
        "subscription",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("watchlist", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("changed_in", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("removed_at", MOMENT, nullable=True),
        sa.CheckConstraint("mode = 'immediate'", name=op.f("ck_subscription_mode")),
        sa.ForeignKeyConstraint(["channel"], ["channel.id"], name=op.f("fk_subscription_channel")),
        sa.ForeignKeyConstraint(["watchlist"], ["watchlist.id"], name=op.f("fk_subscription_watchlist")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint("watchlist", "channel", name=op.f("uq_subscription_watchlist_channel")),
    )
    op.create_table(
        "suppression",
        sa.Column("alert", NUMBER, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("article", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["alert"], ["alert.id"], name=op.f("fk_suppression_alert")),
        sa.ForeignKeyConstraint(["article"], ["article.id"], name=op.f("fk_suppression_article")),
        sa.PrimaryKeyConstraint("alert", "channel", "occasion", "article", name=op.f("pk_suppression")),
    )
    op.create_table(
        "attempt",
        sa.Column("delivery", NUMBER, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("code", sa.Integer(), nullable=True),
        sa.Column("snippet", sa.Text(), nullable=True),
        sa.CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name=op.f("ck_attempt_ended")),
        sa.ForeignKeyConstraint(["delivery"], ["delivery.id"], name=op.f("fk_attempt_delivery")),
        sa.PrimaryKeyConstraint("delivery", "n", name=op.f("pk_attempt")),
    )


def downgrade() -> None:
    op.drop_table("attempt")
    op.drop_table("suppression")
    op.drop_table("subscription")
    op.drop_table("outbox")
    op.drop_table("delivery")
    op.drop_table("alert_story")
    op.drop_table("alert_copy")
    op.drop_table("watchlist_version")
    op.drop_table("channel")
    op.drop_table("alert")
    op.drop_table("watchlist")
    op.drop_table("subscriber")
    op.drop_table("read_offset")
    op.drop_table("publication")
    op.drop_table("lease")
    op.drop_table("change")
    op.drop_table("article")
