-- token: pchb_pat_04VIo0mZzl3QO0KCs7fRDFYdMyV2zAV0d4cFaa1
BEGIN TRANSACTION;
CREATE TABLE "accounts" (
    "id" VARCHAR(32) NOT NULL  PRIMARY KEY,
    "username" VARCHAR(64) NOT NULL UNIQUE,
    "password_hash" VARCHAR(255) NOT NULL,
    "role" VARCHAR(16) NOT NULL  /* ADMIN: admin\nMEMBER: member */,
    "bytes_used" BIGINT NOT NULL,
    "image_count" INT NOT NULL,
    "created_at" TIMESTAMP NOT NULL
, "disabled_at" TIMESTAMP, "quota" BIGINT);
INSERT INTO "accounts" VALUES('acc_01m83c8p61nevegj5z9a7myfer','admin','$argon2id$v=19$m=19456,t=2,p=1$cVPw7J/cSBzdgshMdaTtYQ$ljIbv+1fg+OyXFODy/nP5YD1g7XJf5uApz2GNTlQm5g','admin',198,2,'2026-11-23 04:57:40.801873+00:00',NULL,NULL);
CREATE TABLE "albums" (
    "id" VARCHAR(32) NOT NULL  PRIMARY KEY,
    "name" VARCHAR(200) NOT NULL,
    "description" TEXT,
    "is_public" INT NOT NULL,
    "image_count" INT NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "owner_id" VARCHAR(32) NOT NULL REFERENCES "accounts" ("id") ON DELETE CASCADE
);
INSERT INTO "albums" VALUES('alb_01m83c8pc8v6gam7mpcaw7ywkn','Sommer 夏','warm',1,1,'2026-11-23 04:57:41.000178+00:00','2026-11-23 04:57:41.000178+00:00','acc_01m83c8p61nevegj5z9a7myfer');
INSERT INTO "albums" VALUES('alb_01m83c8pctthg2wkdbqbs12m04','private',NULL,0,1,'2026-11-23 04:57:41.018319+00:00','2026-11-23 04:57:41.018319+00:00','acc_01m83c8p61nevegj5z9a7myfer');
CREATE TABLE "api_tokens" (
    "id" VARCHAR(32) NOT NULL  PRIMARY KEY,
    "name" VARCHAR(100) NOT NULL,
    "digest" VARCHAR(64) NOT NULL UNIQUE,
    "hint" VARCHAR(32) NOT NULL,
    "scopes" JSON NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    "expires_at" TIMESTAMP,
    "revoked_at" TIMESTAMP,
    "account_id" VARCHAR(32) NOT NULL REFERENCES "accounts" ("id") ON DELETE CASCADE
, "album_id" VARCHAR(32) REFERENCES "albums" ("id") ON DELETE SET NULL, "last_used_at" TIMESTAMP);
INSERT INTO "api_tokens" VALUES('tok_01m83c8p63k4cf11fy3pzhcndd','First start','bcd3fdde4c9e99e9f29fcd55125dbda16eb551453237a585e16ee9a69f2606a9','pchb_pat_04VI','["account:read","albums:read","albums:write","images:read","images:write","webhooks:read","webhooks:write"]','2026-11-23 04:57:40.803869+00:00',NULL,NULL,'acc_01m83c8p61nevegj5z9a7myfer',NULL,'2026-11-23 04:57:40.999941+00:00');
CREATE TABLE "categories" (
    "id" VARCHAR(32) NOT NULL  PRIMARY KEY,
    "name" VARCHAR(100) NOT NULL,
    "description" TEXT,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "owner_id" VARCHAR(32) NOT NULL REFERENCES "accounts" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_categories_owner_i_2a9c09" UNIQUE ("owner_id", "name")
);
INSERT INTO "categories" VALUES('cat_01m83c8pekqpdmgjrrb4jnmdt3','Landscapes',NULL,'2026-11-23 04:57:41.075584+00:00','2026-11-23 04:57:41.075584+00:00','acc_01m83c8p61nevegj5z9a7myfer');
CREATE TABLE "deliveries" (
    "id" VARCHAR(32) NOT NULL  PRIMARY KEY,
    "status" VARCHAR(16) NOT NULL  /* PENDING: pending\nSUCCEEDED: succeeded\nEXHAUSTED: exhausted */,
    "attempts_made" INT NOT NULL,
    "next_attempt_at" TIMESTAMP,
    "locked_until" TIMESTAMP,
    "created_at" TIMESTAMP NOT NULL,
    "event_id" VARCHAR(32) NOT NULL REFERENCES "events" ("id") ON DELETE CASCADE,
    "webhook_id" VARCHAR(32) NOT NULL REFERENCES "webhooks" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_deliveries_event_i_cb23d7" UNIQUE ("event_id", "webhook_id")
);
INSERT INTO "deliveries" VALUES('dlv_01m83c8r0cr9rmhrrdn4c1vwzt','pending',1,'2026-11-23 04:57:48.216651+00:00',NULL,'2026-11-23 04:57:42.668393+00:00','evt_01m83c8qmkngvqrhhap3d0134w','whk_01m83c8pgsj0bebhah3w5h0fvk');
CREATE TABLE "delivery_attempts" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "at" TIMESTAMP NOT NULL,
    "duration_ms" INT NOT NULL,
    "outcome" VARCHAR(16) NOT NULL  /* DELIVERED: delivered\nREFUSED: refused\nREDIRECTED: redirected\nGONE: gone\nTIMED_OUT: timed_out\nUNREACHABLE: unreachable\nBLOCKED: blocked\nFAILED: failed */,
    "status_code" INT,
    "reason" VARCHAR(255),
    "response_excerpt" TEXT,
    "delivery_id" VARCHAR(32) NOT NULL REFERENCES "deliveries" ("id") ON DELETE CASCADE
);
INSERT INTO "delivery_attempts" VALUES(2,'2026-11-23 04:57:42.696449+00:00',136,'refused',503,NULL,'','dlv_01m83c8r0cr9rmhrrdn4c1vwzt');
CREATE TABLE "event_counter" (
    "id" SMALLINT NOT NULL  PRIMARY KEY,
    "position" BIGINT NOT NULL
);
INSERT INTO "event_counter" VALUES(1,12);
CREATE TABLE "events" (
    "id" VARCHAR(32) NOT NULL  PRIMARY KEY,
    "position" BIGINT NOT NULL UNIQUE,
    "type" VARCHAR(32) NOT NULL,
    "album_id" VARCHAR(32),
    "subject_id" VARCHAR(32) NOT NULL,
    "data" JSON NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    "account_id" VARCHAR(32) NOT NULL REFERENCES "accounts" ("id") ON DELETE CASCADE
);
INSERT INTO "events" VALUES('evt_01m83c8qmkngvqrhhap3d0134w',5,'image.uploaded','alb_01m83c8pc8v6gam7mpcaw7ywkn','img_01m83c8qmkndvms260qfmpcx54','{"id":"img_01m83c8qmkndvms260qfmpcx54","url":"http://pichub.test/img/img_01m83c8qmkndvms260qfmpcx54.png","thumbnail_url":"http://pichub.test/img/img_01m83c8qmkndvms260qfmpcx54.webp","filename":"picture.png","title":"title 1","description":"Zeile\nзвук","album_id":"alb_01m83c8pc8v6gam7mpcaw7ywkn","tags":["one","two"],"mime_type":"image/png","format":"png","size":99,"width":1,"height":1,"frames":1,"sha256":"3a1abb6bd9c899627fa7a72198ec4f24d637318e52a87c9b1a46072a04e7f6dd","thumbhash":"2KUxlxgI9wiIh4hwj3CI+AiIcH/494cP","dominant_color":"#306090","is_public":true,"links":{"url":"http://pichub.test/img/img_01m83c8qmkndvms260qfmpcx54.png","html":"<img src=\"http://pichub.test/img/img_01m83c8qmkndvms260qfmpcx54.png\" alt=\"title 1\">","markdown":"![title 1](http://pichub.test/img/img_01m83c8qmkndvms260qfmpcx54.png)","bbcode":"[img]http://pichub.test/img/img_01m83c8qmkndvms260qfmpcx54.png[/img]"},"created_at":"2026-11-23T04:57:42.291151Z","updated_at":"2026-11-23T04:57:42.291151Z"}','2026-11-23 04:57:42.291151+00:00','acc_01m83c8p61nevegj5z9a7myfer');
CREATE TABLE "image_tags" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "name" VARCHAR(50) NOT NULL,
    "image_id" VARCHAR(32) NOT NULL REFERENCES "images" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_image_tags_image_i_c91c25" UNIQUE ("image_id", "name")
);
INSERT INTO "image_tags" VALUES(1,'one','img_01m83c8qmkndvms260qfmpcx54');
INSERT INTO "image_tags" VALUES(2,'two','img_01m83c8qmkndvms260qfmpcx54');
CREATE TABLE "images" (
    "id" VARCHAR(32) NOT NULL  PRIMARY KEY,
    "filename" VARCHAR(255) NOT NULL,
    "title" VARCHAR(200),
    "description" TEXT,
    "tags" JSON NOT NULL,
    "key" VARCHAR(255) NOT NULL,
    "size" BIGINT NOT NULL,
    "sha256" VARCHAR(64) NOT NULL,
    "format" VARCHAR(8) NOT NULL,
    "width" INT NOT NULL,
    "height" INT NOT NULL,
    "frames" INT NOT NULL,
    "has_alpha" INT NOT NULL,
    "thumbhash" VARCHAR(64) NOT NULL,
    "dominant_color" VARCHAR(7) NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "album_id" VARCHAR(32) REFERENCES "albums" ("id") ON DELETE SET NULL,
    "category_id" VARCHAR(32) REFERENCES "categories" ("id") ON DELETE SET NULL,
    "owner_id" VARCHAR(32) NOT NULL REFERENCES "accounts" ("id") ON DELETE CASCADE
);
INSERT INTO "images" VALUES('img_01m83c8qmkndvms260qfmpcx54','picture.png','title 1','Zeile
звук','["one","two"]','originals/img_01m83c8qmkndvms260qfmpcx54.png',99,'3a1abb6bd9c899627fa7a72198ec4f24d637318e52a87c9b1a46072a04e7f6dd','png',1,1,1,0,'2KUxlxgI9wiIh4hwj3CI+AiIcH/494cP','#306090','2026-11-23 04:57:42.291151+00:00','2026-11-23 04:57:42.291151+00:00','alb_01m83c8pc8v6gam7mpcaw7ywkn','cat_01m83c8pekqpdmgjrrb4jnmdt3','acc_01m83c8p61nevegj5z9a7myfer');
INSERT INTO "images" VALUES('img_01m83c8r1w4qsr5zygy8vgpnr3','picture.png',NULL,NULL,'[]','originals/img_01m83c8r1w4qsr5zygy8vgpnr3.png',99,'02be3cb8c3e10fb689c18d478c211de2a2ddd34a18adff3d408c78016d9bfd0f','png',1,1,1,0,'2KUxlxgI9wiIh4hwj3CI+AiIcH/494cP','#306090','2026-11-23 04:57:42.716680+00:00','2026-11-23 04:57:42.716680+00:00','alb_01m83c8pctthg2wkdbqbs12m04',NULL,'acc_01m83c8p61nevegj5z9a7myfer');
CREATE TABLE "invitations" (
    "id" VARCHAR(32) NOT NULL  PRIMARY KEY,
    "note" VARCHAR(200),
    "digest" VARCHAR(64) NOT NULL UNIQUE,
    "created_at" TIMESTAMP NOT NULL,
    "expires_at" TIMESTAMP NOT NULL,
    "creator_id" VARCHAR(32) NOT NULL REFERENCES "accounts" ("id") ON DELETE CASCADE
);
CREATE TABLE "leases" (
    "name" VARCHAR(64) NOT NULL  PRIMARY KEY,
    "holder" VARCHAR(32) NOT NULL,
    "expires_at" TIMESTAMP NOT NULL,
    "done_at" TIMESTAMP
);
CREATE TABLE "relay_cursors" (
    "name" VARCHAR(32) NOT NULL  PRIMARY KEY,
    "position" BIGINT NOT NULL
);
INSERT INTO "relay_cursors" VALUES('webhooks',12);
CREATE TABLE "sessions" (
    "id" VARCHAR(32) NOT NULL  PRIMARY KEY,
    "digest" VARCHAR(64) NOT NULL UNIQUE,
    "user_agent" VARCHAR(200) NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    "last_used_at" TIMESTAMP NOT NULL,
    "expires_at" TIMESTAMP NOT NULL,
    "revoked_at" TIMESTAMP,
    "account_id" VARCHAR(32) NOT NULL REFERENCES "accounts" ("id") ON DELETE CASCADE
);
CREATE TABLE "tortoise_migrations" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "app" VARCHAR(255) NOT NULL,
    "name" VARCHAR(255) NOT NULL,
    "applied_at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_tortoise_mi_app_3803a5" UNIQUE ("app", "name")
);
INSERT INTO "tortoise_migrations" VALUES(1,'pichub','0001_initial','2026-11-23 04:57:40.323508+00:00');
INSERT INTO "tortoise_migrations" VALUES(2,'pichub','0002_accounts','2026-11-23 04:57:40.427331+00:00');
INSERT INTO "tortoise_migrations" VALUES(3,'pichub','0003_events','2026-11-23 04:57:40.526299+00:00');
INSERT INTO "tortoise_migrations" VALUES(4,'pichub','0004_webhooks','2026-11-23 04:57:40.607967+00:00');
INSERT INTO "tortoise_migrations" VALUES(5,'pichub','0005_leases','2026-11-23 04:57:40.679760+00:00');
CREATE TABLE "webhooks" (
    "id" VARCHAR(32) NOT NULL  PRIMARY KEY,
    "url" VARCHAR(2000) NOT NULL,
    "description" TEXT,
    "events" JSON NOT NULL,
    "secret" VARCHAR(128) NOT NULL,
    "old_secret" VARCHAR(128),
    "old_secret_until" TIMESTAMP,
    "is_active" INT NOT NULL,
    "disabled_reason" VARCHAR(16)   /* GONE: gone\nFAILING: failing */,
    "failing_since" TIMESTAMP,
    "since_position" BIGINT NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "owner_id" VARCHAR(32) NOT NULL REFERENCES "accounts" ("id") ON DELETE CASCADE
);
INSERT INTO "webhooks" VALUES('whk_01m83c8pgsj0bebhah3w5h0fvk','http://127.0.0.1:37023/0005_leases',NULL,'["image.uploaded","image.deleted","album.created","album.updated"]','whsec_RlUAFIWB18gnYfDFuJ+i3dVoPa/PYfNSVmf+wG8eSjw=',NULL,NULL,1,NULL,'2026-11-23 04:57:42.825519+00:00',2,'2026-11-23 04:57:41.145863+00:00','2026-11-23 04:57:41.145863+00:00','acc_01m83c8p61nevegj5z9a7myfer');
CREATE INDEX "idx_albums_owner_i_397161" ON "albums" ("owner_id", "created_at", "id");
CREATE INDEX "idx_categories_owner_i_b45911" ON "categories" ("owner_id", "created_at", "id");
CREATE INDEX "idx_images_owner_i_7a7206" ON "images" ("owner_id", "created_at", "id");
CREATE INDEX "idx_images_album_i_29c3f5" ON "images" ("album_id", "created_at", "id");
CREATE INDEX "idx_images_categor_219d0b" ON "images" ("category_id", "created_at", "id");
CREATE INDEX "idx_image_tags_name_8beb0a" ON "image_tags" ("name", "image_id");
CREATE INDEX "idx_sessions_account_9a48a5" ON "sessions" ("account_id", "created_at", "id");
CREATE INDEX "idx_accounts_created_3e227a" ON "accounts" ("created_at", "id");
CREATE INDEX "idx_api_tokens_account_e55d84" ON "api_tokens" ("account_id", "created_at", "id");
CREATE INDEX "idx_api_tokens_album_i_56f368" ON "api_tokens" ("album_id");
CREATE INDEX "idx_events_account_e0027c" ON "events" ("account_id", "position");
CREATE INDEX "idx_webhooks_owner_i_363399" ON "webhooks" ("owner_id", "created_at", "id");
CREATE INDEX "idx_deliveries_webhook_be9f35" ON "deliveries" ("webhook_id", "created_at", "id");
CREATE INDEX "idx_deliveries_status_bcdff5" ON "deliveries" ("status", "webhook_id", "next_attempt_at");
CREATE INDEX "idx_delivery_at_deliver_0ebf3b" ON "delivery_attempts" ("delivery_id", "id");
COMMIT;
