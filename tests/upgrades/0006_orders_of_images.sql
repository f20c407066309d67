-- token: pchb_pat_1fmdvuIkE5Dhoq7V2AN97vnU3B6IYqJxG4AIKjR
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
INSERT INTO "accounts" VALUES('acc_01m83c9c9fp7kqn15y3n3wmwe0','admin','$argon2id$v=19$m=19456,t=2,p=1$PnrT8k4+EHNJ9v+UhzGMXA$amrMB4Ci1ueYTgYijohoW4g2syLBoevZ3nx1WEzWJCw','admin',396,4,'2026-11-23 04:58:03.439725+00:00',NULL,NULL);
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
INSERT INTO "albums" VALUES('alb_01m83c9cjnkthcmshmydscgj6e','Sommer 夏','warm',1,2,'2026-11-23 04:58:03.733049+00:00','2026-11-23 04:58:03.733049+00:00','acc_01m83c9c9fp7kqn15y3n3wmwe0');
INSERT INTO "albums" VALUES('alb_01m83c9ckt6pce2tc9ws597d2b','private',NULL,0,1,'2026-11-23 04:58:03.770731+00:00','2026-11-23 04:58:03.770731+00:00','acc_01m83c9c9fp7kqn15y3n3wmwe0');
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
INSERT INTO "api_tokens" VALUES('tok_01m83c9c9kmd0kab4yezccy6qt','First start','adca71bb5967531d91f1af362b1a8ebd28679f76ba9fa7834fa547b580ef8f84','pchb_pat_1fmd','["account:read","albums:read","albums:write","images:read","images:upload","images:write","webhooks:read","webhooks:write"]','2026-11-23 04:58:03.443146+00:00',NULL,NULL,'acc_01m83c9c9fp7kqn15y3n3wmwe0',NULL,'2026-11-23 04:58:03.732797+00:00');
CREATE TABLE "categories" (
    "id" VARCHAR(32) NOT NULL  PRIMARY KEY,
    "name" VARCHAR(100) NOT NULL,
    "description" TEXT,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "owner_id" VARCHAR(32) NOT NULL REFERENCES "accounts" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_categories_owner_i_2a9c09" UNIQUE ("owner_id", "name")
);
INSERT INTO "categories" VALUES('cat_01m83c9cnqvdnnwfznefnk0j4p','Landscapes',NULL,'2026-11-23 04:58:03.831673+00:00','2026-11-23 04:58:03.831673+00:00','acc_01m83c9c9fp7kqn15y3n3wmwe0');
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
INSERT INTO "deliveries" VALUES('dlv_01m83c9essdb2p4b29za4aqnjt','pending',1,'2026-11-23 04:58:11.761181+00:00',NULL,'2026-11-23 04:58:06.009949+00:00','evt_01m83c9ep9q5h1vxgjgw1gnnfr','whk_01m83c9cq7whhbvh8jpzyn528g');
INSERT INTO "deliveries" VALUES('dlv_01m83c9esss3nm40rg21rdd5hx','pending',1,'2026-11-23 04:58:11.477169+00:00',NULL,'2026-11-23 04:58:06.009949+00:00','evt_01m83c9ep9cfpmh7ersectj8ta','whk_01m83c9cq7whhbvh8jpzyn528g');
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
INSERT INTO "delivery_attempts" VALUES(2,'2026-11-23 04:58:06.013360+00:00',248,'refused',503,NULL,'','dlv_01m83c9esss3nm40rg21rdd5hx');
INSERT INTO "delivery_attempts" VALUES(4,'2026-11-23 04:58:06.013119+00:00',273,'refused',503,NULL,'','dlv_01m83c9essdb2p4b29za4aqnjt');
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
INSERT INTO "events" VALUES('evt_01m83c9ep9q5h1vxgjgw1gnnfr',5,'image.uploaded','alb_01m83c9cjnkthcmshmydscgj6e','img_01m83c9ep9jbx9zebre7anbtcq','{"id":"img_01m83c9ep9jbx9zebre7anbtcq","url":"http://pichub.test/img/img_01m83c9ep9jbx9zebre7anbtcq.png","thumbnail_url":"http://pichub.test/img/img_01m83c9ep9jbx9zebre7anbtcq.webp","filename":"picture.png","title":"title 1","description":"Zeile\nзвук","album_id":"alb_01m83c9cjnkthcmshmydscgj6e","tags":["one","two"],"mime_type":"image/png","format":"png","size":99,"width":1,"height":1,"frames":1,"sha256":"3a1abb6bd9c899627fa7a72198ec4f24d637318e52a87c9b1a46072a04e7f6dd","thumbhash":"2KUxlxgI9wiIh4hwj3CI+AiIcH/494cP","dominant_color":"#306090","is_public":true,"links":{"url":"http://pichub.test/img/img_01m83c9ep9jbx9zebre7anbtcq.png","html":"<img src=\"http://pichub.test/img/img_01m83c9ep9jbx9zebre7anbtcq.png\" alt=\"title 1\">","markdown":"![title 1](http://pichub.test/img/img_01m83c9ep9jbx9zebre7anbtcq.png)","bbcode":"[img]http://pichub.test/img/img_01m83c9ep9jbx9zebre7anbtcq.png[/img]"},"created_at":"2026-11-23T04:58:05.897691Z","updated_at":"2026-11-23T04:58:05.897691Z"}','2026-11-23 04:58:05.897691+00:00','acc_01m83c9c9fp7kqn15y3n3wmwe0');
INSERT INTO "events" VALUES('evt_01m83c9ep9cfpmh7ersectj8ta',6,'album.updated','alb_01m83c9cjnkthcmshmydscgj6e','alb_01m83c9cjnkthcmshmydscgj6e','{"id":"alb_01m83c9cjnkthcmshmydscgj6e","name":"Sommer 夏","description":"warm","is_public":true,"image_count":2,"created_at":"2026-11-23T04:58:03.733049Z","updated_at":"2026-11-23T04:58:03.733049Z","changes":["images"],"images_added":["img_01m83c9ep9jbx9zebre7anbtcq"],"images_removed":[]}','2026-11-23 04:58:05.897691+00:00','acc_01m83c9c9fp7kqn15y3n3wmwe0');
CREATE TABLE "image_tags" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "name" VARCHAR(50) NOT NULL,
    "image_id" VARCHAR(32) NOT NULL REFERENCES "images" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_image_tags_image_i_c91c25" UNIQUE ("image_id", "name")
);
INSERT INTO "image_tags" VALUES(1,'one','img_01m83c9ep9jbx9zebre7anbtcq');
INSERT INTO "image_tags" VALUES(2,'two','img_01m83c9ep9jbx9zebre7anbtcq');
INSERT INTO "image_tags" VALUES(3,'one','img_01m83c9f4xks8gskgn9j23wjsk');
INSERT INTO "image_tags" VALUES(4,'two','img_01m83c9f4xks8gskgn9j23wjsk');
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
INSERT INTO "images" VALUES('img_01m83c9ebfs45qwh57gsz7dx36','picture.png',NULL,NULL,'[]','originals/img_01m83c9ebfs45qwh57gsz7dx36.png',99,'e2286875a1109b4ecf16e5b76d1f597cfdb13ff96c3fb0300cdf9ecdbadbe163','png',1,1,1,0,'2KUxlxgI9wiIh4hwj3CI+AiIcH/494cP','#306090','2026-11-23 04:58:05.551661+00:00','2026-11-23 04:58:05.551661+00:00','alb_01m83c9cjnkthcmshmydscgj6e',NULL,'acc_01m83c9c9fp7kqn15y3n3wmwe0');
INSERT INTO "images" VALUES('img_01m83c9ep9jbx9zebre7anbtcq','picture.png','title 1','Zeile
звук','["one","two"]','originals/img_01m83c9ep9jbx9zebre7anbtcq.png',99,'3a1abb6bd9c899627fa7a72198ec4f24d637318e52a87c9b1a46072a04e7f6dd','png',1,1,1,0,'2KUxlxgI9wiIh4hwj3CI+AiIcH/494cP','#306090','2026-11-23 04:58:05.897691+00:00','2026-11-23 04:58:05.897691+00:00','alb_01m83c9cjnkthcmshmydscgj6e','cat_01m83c9cnqvdnnwfznefnk0j4p','acc_01m83c9c9fp7kqn15y3n3wmwe0');
INSERT INTO "images" VALUES('img_01m83c9evby2bqhvhqfn3rkt5y','picture.png',NULL,NULL,'[]','originals/img_01m83c9evby2bqhvhqfn3rkt5y.png',99,'02be3cb8c3e10fb689c18d478c211de2a2ddd34a18adff3d408c78016d9bfd0f','png',1,1,1,0,'2KUxlxgI9wiIh4hwj3CI+AiIcH/494cP','#306090','2026-11-23 04:58:06.059465+00:00','2026-11-23 04:58:06.059465+00:00','alb_01m83c9ckt6pce2tc9ws597d2b',NULL,'acc_01m83c9c9fp7kqn15y3n3wmwe0');
INSERT INTO "images" VALUES('img_01m83c9f4xks8gskgn9j23wjsk','picture.png','title 3','Zeile
звук','["one","two"]','originals/img_01m83c9f4xks8gskgn9j23wjsk.png',99,'c92f73ce6981b06174609d6430bafd6c2ee2dcce62b3a507128284c454a24d6f','png',1,1,1,0,'2KUxlxgI9wiIh4hwj3CI+AiIcH/494cP','#306090','2026-11-23 04:58:06.365438+00:00','2026-11-23 04:58:06.365438+00:00',NULL,NULL,'acc_01m83c9c9fp7kqn15y3n3wmwe0');
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
INSERT INTO "tortoise_migrations" VALUES(1,'pichub','0001_initial','2026-11-23 04:58:02.616094+00:00');
INSERT INTO "tortoise_migrations" VALUES(2,'pichub','0002_accounts','2026-11-23 04:58:02.863867+00:00');
INSERT INTO "tortoise_migrations" VALUES(3,'pichub','0003_events','2026-11-23 04:58:03.006551+00:00');
INSERT INTO "tortoise_migrations" VALUES(4,'pichub','0004_webhooks','2026-11-23 04:58:03.118869+00:00');
INSERT INTO "tortoise_migrations" VALUES(5,'pichub','0005_leases','2026-11-23 04:58:03.151861+00:00');
INSERT INTO "tortoise_migrations" VALUES(6,'pichub','0006_orders_of_images','2026-11-23 04:58:03.218935+00:00');
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
INSERT INTO "webhooks" VALUES('whk_01m83c9cq7whhbvh8jpzyn528g','http://127.0.0.1:37023/0006_orders_of_images',NULL,'["image.uploaded","image.deleted","album.created","album.updated"]','whsec_V8PKwsAm3qIZilnr0/dWsr1lnZejy/O5fU0SzztJVwo=',NULL,NULL,1,NULL,'2026-11-23 04:58:06.191870+00:00',2,'2026-11-23 04:58:03.879502+00:00','2026-11-23 04:58:03.879502+00:00','acc_01m83c9c9fp7kqn15y3n3wmwe0');
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
CREATE INDEX "idx_images_owner_i_cfcf19" ON "images" ("owner_id", "filename", "id");
CREATE INDEX "idx_images_owner_i_a90e91" ON "images" ("owner_id", "size", "id");
COMMIT;
