-- token: pchb_pat_1vLKqiAqWlmt5eEKIUwl5ffxcqdVzU5Pt4a5UOQ
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
INSERT INTO "accounts" VALUES('acc_01m83c74p93yydvbrhrj94fqvs','admin','$argon2id$v=19$m=19456,t=2,p=1$j0fxV5xhIUwAr4MtLmqjzQ$/42pe0VnSmAlsJtyOD1uey88RQbKsYhYuPZTs9HJHvc','admin',198,2,'2026-11-23 04:56:50.121046+00:00',NULL,NULL);
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
INSERT INTO "albums" VALUES('alb_01m83c74tbnk7g8px44v1v7m09','Sommer 夏','warm',1,1,'2026-11-23 04:56:50.251728+00:00','2026-11-23 04:56:50.251728+00:00','acc_01m83c74p93yydvbrhrj94fqvs');
INSERT INTO "albums" VALUES('alb_01m83c74wv85q2xrjrq0vs9ahs','private',NULL,0,1,'2026-11-23 04:56:50.331263+00:00','2026-11-23 04:56:50.331263+00:00','acc_01m83c74p93yydvbrhrj94fqvs');
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
INSERT INTO "api_tokens" VALUES('tok_01m83c74p9h98jkp05s3fp2vhg','First start','27585f38f34e94935153c81301e2ecb5da3f41ee94116d549e9d8a1ce07fd86c','pchb_pat_1vLK','["account:read","albums:read","albums:write","images:read","images:write","webhooks:read","webhooks:write"]','2026-11-23 04:56:50.121807+00:00',NULL,NULL,'acc_01m83c74p93yydvbrhrj94fqvs',NULL,'2026-11-23 04:56:50.251503+00:00');
CREATE TABLE "categories" (
    "id" VARCHAR(32) NOT NULL  PRIMARY KEY,
    "name" VARCHAR(100) NOT NULL,
    "description" TEXT,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "owner_id" VARCHAR(32) NOT NULL REFERENCES "accounts" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_categories_owner_i_2a9c09" UNIQUE ("owner_id", "name")
);
INSERT INTO "categories" VALUES('cat_01m83c74yawef0qshx244k57ak','Landscapes',NULL,'2026-11-23 04:56:50.378319+00:00','2026-11-23 04:56:50.378319+00:00','acc_01m83c74p93yydvbrhrj94fqvs');
CREATE TABLE "image_tags" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "name" VARCHAR(50) NOT NULL,
    "image_id" VARCHAR(32) NOT NULL REFERENCES "images" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_image_tags_image_i_c91c25" UNIQUE ("image_id", "name")
);
INSERT INTO "image_tags" VALUES(1,'one','img_01m83c75y44c7cft2e96j94c7b');
INSERT INTO "image_tags" VALUES(2,'two','img_01m83c75y44c7cft2e96j94c7b');
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
INSERT INTO "images" VALUES('img_01m83c75y44c7cft2e96j94c7b','picture.png','title 1','Zeile
звук','["one","two"]','originals/img_01m83c75y44c7cft2e96j94c7b.png',99,'3a1abb6bd9c899627fa7a72198ec4f24d637318e52a87c9b1a46072a04e7f6dd','png',1,1,1,0,'2KUxlxgI9wiIh4hwj3CI+AiIcH/494cP','#306090','2026-11-23 04:56:51.396465+00:00','2026-11-23 04:56:51.396465+00:00','alb_01m83c74tbnk7g8px44v1v7m09','cat_01m83c74yawef0qshx244k57ak','acc_01m83c74p93yydvbrhrj94fqvs');
INSERT INTO "images" VALUES('img_01m83c75yp92g94anxpwm69nde','picture.png',NULL,NULL,'[]','originals/img_01m83c75yp92g94anxpwm69nde.png',99,'02be3cb8c3e10fb689c18d478c211de2a2ddd34a18adff3d408c78016d9bfd0f','png',1,1,1,0,'2KUxlxgI9wiIh4hwj3CI+AiIcH/494cP','#306090','2026-11-23 04:56:51.414390+00:00','2026-11-23 04:56:51.414390+00:00','alb_01m83c74wv85q2xrjrq0vs9ahs',NULL,'acc_01m83c74p93yydvbrhrj94fqvs');
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
INSERT INTO "tortoise_migrations" VALUES(1,'pichub','0001_initial','2026-11-23 04:56:49.748417+00:00');
INSERT INTO "tortoise_migrations" VALUES(2,'pichub','0002_accounts','2026-11-23 04:56:49.915497+00:00');
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
COMMIT;
