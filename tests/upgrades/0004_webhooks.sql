-- token: pchb_pat_2cJlGhQsW72jdxf4I6Ow1UrsBUyTKJRas2m74zF
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
INSERT INTO "accounts" VALUES('acc_01m83c836hcn21jx69e4nn3q8j','admin','$argon2id$v=19$m=19456,t=2,p=1$2XxkM3DyOPprqQeLQbOTUA$y41Z/YKv8TvvmbtrdFayYZwsBMNatEJzy9uvLL9++SA','admin',198,2,'2026-11-23 04:57:21.361642+00:00',NULL,NULL);
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
INSERT INTO "albums" VALUES('alb_01m83c83gzhvgqh9scp32bgewa','Sommer 夏','warm',1,1,'2026-11-23 04:57:21.695747+00:00','2026-11-23 04:57:21.695747+00:00','acc_01m83c836hcn21jx69e4nn3q8j');
INSERT INTO "albums" VALUES('alb_01m83c83kt24n5qav7fvr4p3a7','private',NULL,0,1,'2026-11-23 04:57:21.786173+00:00','2026-11-23 04:57:21.786173+00:00','acc_01m83c836hcn21jx69e4nn3q8j');
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
INSERT INTO "api_tokens" VALUES('tok_01m83c836kap354ma63xhpny45','First start','4c54be1f9c9ffaac3dff568401b96edc23f45b9630d9c401d8456cfd2d98b982','pchb_pat_2cJl','["account:read","albums:read","albums:write","images:read","images:write","webhooks:read","webhooks:write"]','2026-11-23 04:57:21.363383+00:00',NULL,NULL,'acc_01m83c836hcn21jx69e4nn3q8j',NULL,'2026-11-23 04:57:21.695505+00:00');
CREATE TABLE "categories" (
    "id" VARCHAR(32) NOT NULL  PRIMARY KEY,
    "name" VARCHAR(100) NOT NULL,
    "description" TEXT,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "owner_id" VARCHAR(32) NOT NULL REFERENCES "accounts" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_categories_owner_i_2a9c09" UNIQUE ("owner_id", "name")
);
INSERT INTO "categories" VALUES('cat_01m83c83p3w6ea08qh59rem40y','Landscapes',NULL,'2026-11-23 04:57:21.859878+00:00','2026-11-23 04:57:21.859878+00:00','acc_01m83c836hcn21jx69e4nn3q8j');
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
INSERT INTO "events" VALUES('evt_01m83c854afsr5kf8pv9krnerr',5,'image.uploaded','alb_01m83c83gzhvgqh9scp32bgewa','img_01m83c854aphrnbjh33bbtp1ph','{"id":"img_01m83c854aphrnbjh33bbtp1ph","url":"http://pichub.test/img/img_01m83c854aphrnbjh33bbtp1ph.png","thumbnail_url":"http://pichub.test/img/img_01m83c854aphrnbjh33bbtp1ph.webp","filename":"picture.png","title":"title 1","description":"Zeile\nзвук","album_id":"alb_01m83c83gzhvgqh9scp32bgewa","tags":["one","two"],"mime_type":"image/png","format":"png","size":99,"width":1,"height":1,"frames":1,"sha256":"3a1abb6bd9c899627fa7a72198ec4f24d637318e52a87c9b1a46072a04e7f6dd","thumbhash":"2KUxlxgI9wiIh4hwj3CI+AiIcH/494cP","dominant_color":"#306090","is_public":true,"links":{"url":"http://pichub.test/img/img_01m83c854aphrnbjh33bbtp1ph.png","html":"<img src=\"http://pichub.test/img/img_01m83c854aphrnbjh33bbtp1ph.png\" alt=\"title 1\">","markdown":"![title 1](http://pichub.test/img/img_01m83c854aphrnbjh33bbtp1ph.png)","bbcode":"[img]http://pichub.test/img/img_01m83c854aphrnbjh33bbtp1ph.png[/img]"},"created_at":"2026-11-23T04:57:23.338390Z","updated_at":"2026-11-23T04:57:23.338390Z"}','2026-11-23 04:57:23.338390+00:00','acc_01m83c836hcn21jx69e4nn3q8j');
CREATE TABLE "image_tags" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "name" VARCHAR(50) NOT NULL,
    "image_id" VARCHAR(32) NOT NULL REFERENCES "images" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_image_tags_image_i_c91c25" UNIQUE ("image_id", "name")
);
INSERT INTO "image_tags" VALUES(1,'one','img_01m83c854aphrnbjh33bbtp1ph');
INSERT INTO "image_tags" VALUES(2,'two','img_01m83c854aphrnbjh33bbtp1ph');
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
INSERT INTO "images" VALUES('img_01m83c854aphrnbjh33bbtp1ph','picture.png','title 1','Zeile
звук','["one","two"]','originals/img_01m83c854aphrnbjh33bbtp1ph.png',99,'3a1abb6bd9c899627fa7a72198ec4f24d637318e52a87c9b1a46072a04e7f6dd','png',1,1,1,0,'2KUxlxgI9wiIh4hwj3CI+AiIcH/494cP','#306090','2026-11-23 04:57:23.338390+00:00','2026-11-23 04:57:23.338390+00:00','alb_01m83c83gzhvgqh9scp32bgewa','cat_01m83c83p3w6ea08qh59rem40y','acc_01m83c836hcn21jx69e4nn3q8j');
INSERT INTO "images" VALUES('img_01m83c85cqd230gw16ft1cacr0','picture.png',NULL,NULL,'[]','originals/img_01m83c85cqd230gw16ft1cacr0.png',99,'02be3cb8c3e10fb689c18d478c211de2a2ddd34a18adff3d408c78016d9bfd0f','png',1,1,1,0,'2KUxlxgI9wiIh4hwj3CI+AiIcH/494cP','#306090','2026-11-23 04:57:23.607517+00:00','2026-11-23 04:57:23.607517+00:00','alb_01m83c83kt24n5qav7fvr4p3a7',NULL,'acc_01m83c836hcn21jx69e4nn3q8j');
CREATE TABLE "invitations" (
    "id" VARCHAR(32) NOT NULL  PRIMARY KEY,
    "note" VARCHAR(200),
    "digest" VARCHAR(64) NOT NULL UNIQUE,
    "created_at" TIMESTAMP NOT NULL,
    "expires_at" TIMESTAMP NOT NULL,
    "creator_id" VARCHAR(32) NOT NULL REFERENCES "accounts" ("id") ON DELETE CASCADE
);
CREATE TABLE "relay_cursors" (
    "name" VARCHAR(32) NOT NULL  PRIMARY KEY,
    "position" BIGINT NOT NULL
);
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
INSERT INTO "tortoise_migrations" VALUES(1,'pichub','0001_initial','2026-11-23 04:57:20.562344+00:00');
INSERT INTO "tortoise_migrations" VALUES(2,'pichub','0002_accounts','2026-11-23 04:57:20.800733+00:00');
INSERT INTO "tortoise_migrations" VALUES(3,'pichub','0003_events','2026-11-23 04:57:20.976517+00:00');
INSERT INTO "tortoise_migrations" VALUES(4,'pichub','0004_webhooks','2026-11-23 04:57:21.157672+00:00');
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
INSERT INTO "webhooks" VALUES('whk_01m83c83qszr5z826zqa1q0rdd','http://127.0.0.1:37023/0004_webhooks',NULL,'["image.uploaded","image.deleted","album.created","album.updated"]','whsec_GiVQdvMh9BPtBVpMFn+BnRkD2X6ED2jEMr42dmgLaKs=',NULL,NULL,1,NULL,NULL,2,'2026-11-23 04:57:21.913490+00:00','2026-11-23 04:57:21.913490+00:00','acc_01m83c836hcn21jx69e4nn3q8j');
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
