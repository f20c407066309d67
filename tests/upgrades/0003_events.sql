-- token: pchb_pat_0osMAWyO0lQPs96Alh9lozBEwIEPoLXH94aceL4
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
INSERT INTO "accounts" VALUES('acc_01m83c7krzbhfnr8yh8ak5xrhq','admin','$argon2id$v=19$m=19456,t=2,p=1$iVHwTOXdea8kgRYuYt9/gA$5zsZfqM9W5FZGzBEeTBT58bVOTG8NALlYQ3wDb+ZrGw','admin',198,2,'2026-11-23 04:57:05.567974+00:00',NULL,NULL);
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
INSERT INTO "albums" VALUES('alb_01m83c7kz8pd84gzfpzdjr28rt','Sommer 夏','warm',1,1,'2026-11-23 04:57:05.768370+00:00','2026-11-23 04:57:05.768370+00:00','acc_01m83c7krzbhfnr8yh8ak5xrhq');
INSERT INTO "albums" VALUES('alb_01m83c7m0kqm7r8kbgrqn0x9me','private',NULL,0,1,'2026-11-23 04:57:05.811665+00:00','2026-11-23 04:57:05.811665+00:00','acc_01m83c7krzbhfnr8yh8ak5xrhq');
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
INSERT INTO "api_tokens" VALUES('tok_01m83c7ks3e2r696a2sjbxbkk9','First start','63af01296dedb6a0c3b6bd3397702920bbb52f37403df13fb94cd6d26e08a773','pchb_pat_0osM','["account:read","albums:read","albums:write","images:read","images:write","webhooks:read","webhooks:write"]','2026-11-23 04:57:05.571273+00:00',NULL,NULL,'acc_01m83c7krzbhfnr8yh8ak5xrhq',NULL,'2026-11-23 04:57:05.768151+00:00');
CREATE TABLE "categories" (
    "id" VARCHAR(32) NOT NULL  PRIMARY KEY,
    "name" VARCHAR(100) NOT NULL,
    "description" TEXT,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "owner_id" VARCHAR(32) NOT NULL REFERENCES "accounts" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_categories_owner_i_2a9c09" UNIQUE ("owner_id", "name")
);
INSERT INTO "categories" VALUES('cat_01m83c7m1btdcba5h6svp319zv','Landscapes',NULL,'2026-11-23 04:57:05.835140+00:00','2026-11-23 04:57:05.835140+00:00','acc_01m83c7krzbhfnr8yh8ak5xrhq');
CREATE TABLE "event_counter" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
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
INSERT INTO "events" VALUES('evt_01m83c7mysqtca2zkyjqv2pqg2',5,'image.uploaded','alb_01m83c7kz8pd84gzfpzdjr28rt','img_01m83c7mys935pve1a4ccqy7j2','{"id":"img_01m83c7mys935pve1a4ccqy7j2","url":"http://pichub.test/img/img_01m83c7mys935pve1a4ccqy7j2.png","thumbnail_url":"http://pichub.test/img/img_01m83c7mys935pve1a4ccqy7j2.webp","filename":"picture.png","title":"title 1","description":"Zeile\nзвук","album_id":"alb_01m83c7kz8pd84gzfpzdjr28rt","tags":["one","two"],"mime_type":"image/png","format":"png","size":99,"width":1,"height":1,"frames":1,"sha256":"3a1abb6bd9c899627fa7a72198ec4f24d637318e52a87c9b1a46072a04e7f6dd","thumbhash":"2KUxlxgI9wiIh4hwj3CI+AiIcH/494cP","dominant_color":"#306090","is_public":true,"links":{"url":"http://pichub.test/img/img_01m83c7mys935pve1a4ccqy7j2.png","html":"<img src=\"http://pichub.test/img/img_01m83c7mys935pve1a4ccqy7j2.png\" alt=\"title 1\">","markdown":"![title 1](http://pichub.test/img/img_01m83c7mys935pve1a4ccqy7j2.png)","bbcode":"[img]http://pichub.test/img/img_01m83c7mys935pve1a4ccqy7j2.png[/img]"},"created_at":"2026-11-23T04:57:06.777985Z","updated_at":"2026-11-23T04:57:06.777985Z"}','2026-11-23 04:57:06.777985+00:00','acc_01m83c7krzbhfnr8yh8ak5xrhq');
CREATE TABLE "image_tags" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "name" VARCHAR(50) NOT NULL,
    "image_id" VARCHAR(32) NOT NULL REFERENCES "images" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_image_tags_image_i_c91c25" UNIQUE ("image_id", "name")
);
INSERT INTO "image_tags" VALUES(1,'one','img_01m83c7mys935pve1a4ccqy7j2');
INSERT INTO "image_tags" VALUES(2,'two','img_01m83c7mys935pve1a4ccqy7j2');
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
INSERT INTO "images" VALUES('img_01m83c7mys935pve1a4ccqy7j2','picture.png','title 1','Zeile
звук','["one","two"]','originals/img_01m83c7mys935pve1a4ccqy7j2.png',99,'3a1abb6bd9c899627fa7a72198ec4f24d637318e52a87c9b1a46072a04e7f6dd','png',1,1,1,0,'2KUxlxgI9wiIh4hwj3CI+AiIcH/494cP','#306090','2026-11-23 04:57:06.777985+00:00','2026-11-23 04:57:06.777985+00:00','alb_01m83c7kz8pd84gzfpzdjr28rt','cat_01m83c7m1btdcba5h6svp319zv','acc_01m83c7krzbhfnr8yh8ak5xrhq');
INSERT INTO "images" VALUES('img_01m83c7n0w2p3n0r844919gg98','picture.png',NULL,NULL,'[]','originals/img_01m83c7n0w2p3n0r844919gg98.png',99,'02be3cb8c3e10fb689c18d478c211de2a2ddd34a18adff3d408c78016d9bfd0f','png',1,1,1,0,'2KUxlxgI9wiIh4hwj3CI+AiIcH/494cP','#306090','2026-11-23 04:57:06.844006+00:00','2026-11-23 04:57:06.844006+00:00','alb_01m83c7m0kqm7r8kbgrqn0x9me',NULL,'acc_01m83c7krzbhfnr8yh8ak5xrhq');
CREATE TABLE "invitations" (
    "id" VARCHAR(32) NOT NULL  PRIMARY KEY,
    "note" VARCHAR(200),
    "digest" VARCHAR(64) NOT NULL UNIQUE,
    "created_at" TIMESTAMP NOT NULL,
    "expires_at" TIMESTAMP NOT NULL,
    "creator_id" VARCHAR(32) NOT NULL REFERENCES "accounts" ("id") ON DELETE CASCADE
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
INSERT INTO "tortoise_migrations" VALUES(1,'pichub','0001_initial','2026-11-23 04:57:04.855473+00:00');
INSERT INTO "tortoise_migrations" VALUES(2,'pichub','0002_accounts','2026-11-23 04:57:05.128954+00:00');
INSERT INTO "tortoise_migrations" VALUES(3,'pichub','0003_events','2026-11-23 04:57:05.371801+00:00');
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
COMMIT;
