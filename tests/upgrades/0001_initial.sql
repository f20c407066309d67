-- token: pchb_pat_1C6WVvASpMwehMQJUM1YLWodBFBOsoVBq28Bxf0
BEGIN TRANSACTION;
CREATE TABLE "accounts" (
    "id" VARCHAR(32) NOT NULL  PRIMARY KEY,
    "username" VARCHAR(64) NOT NULL UNIQUE,
    "password_hash" VARCHAR(255) NOT NULL,
    "role" VARCHAR(16) NOT NULL  /* ADMIN: admin\nMEMBER: member */,
    "bytes_used" BIGINT NOT NULL,
    "image_count" INT NOT NULL,
    "created_at" TIMESTAMP NOT NULL
);
INSERT INTO "accounts" VALUES('acc_01m83c6mr3j35xexvsbw4v6xd6','admin','$argon2id$v=19$m=19456,t=2,p=1$R9QCY+zq0L2ioTv5NBwyjw$jYtcWLmq5+dN/o9UdnnO49qdnvoOuU7SFS6sU1unfWU','admin',198,2,'2026-11-23 04:56:33.795412+00:00');
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
INSERT INTO "albums" VALUES('alb_01m83c6n20rnqa6ewj6yx84yas','Sommer 夏','warm',1,1,'2026-11-23 04:56:34.112107+00:00','2026-11-23 04:56:34.112107+00:00','acc_01m83c6mr3j35xexvsbw4v6xd6');
INSERT INTO "albums" VALUES('alb_01m83c6n3x2eg2d7kv4cwptem4','private',NULL,0,1,'2026-11-23 04:56:34.173664+00:00','2026-11-23 04:56:34.173664+00:00','acc_01m83c6mr3j35xexvsbw4v6xd6');
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
);
INSERT INTO "api_tokens" VALUES('tok_01m83c6mr3e429x3qkasa2py36','First start','3c4b08645580e6760b64a88b176175596f2e8c6e3e460450e79ea1fa51899125','pchb_pat_1C6W','["account:read","albums:read","albums:write","images:read","images:write","webhooks:read","webhooks:write"]','2026-11-23 04:56:33.795412+00:00',NULL,NULL,'acc_01m83c6mr3j35xexvsbw4v6xd6');
CREATE TABLE "categories" (
    "id" VARCHAR(32) NOT NULL  PRIMARY KEY,
    "name" VARCHAR(100) NOT NULL,
    "description" TEXT,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "owner_id" VARCHAR(32) NOT NULL REFERENCES "accounts" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_categories_owner_i_2a9c09" UNIQUE ("owner_id", "name")
);
INSERT INTO "categories" VALUES('cat_01m83c6n4avtwyjjd9c0y2xre6','Landscapes',NULL,'2026-11-23 04:56:34.186283+00:00','2026-11-23 04:56:34.186283+00:00','acc_01m83c6mr3j35xexvsbw4v6xd6');
CREATE TABLE "image_tags" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "name" VARCHAR(50) NOT NULL,
    "image_id" VARCHAR(32) NOT NULL REFERENCES "images" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_image_tags_image_i_c91c25" UNIQUE ("image_id", "name")
);
INSERT INTO "image_tags" VALUES(1,'one','img_01m83c6p6n3p07br206crctpg1');
INSERT INTO "image_tags" VALUES(2,'two','img_01m83c6p6n3p07br206crctpg1');
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
INSERT INTO "images" VALUES('img_01m83c6p6n3p07br206crctpg1','picture.png','title 1','Zeile
звук','["one","two"]','originals/img_01m83c6p6n3p07br206crctpg1.png',99,'3a1abb6bd9c899627fa7a72198ec4f24d637318e52a87c9b1a46072a04e7f6dd','png',1,1,1,0,'2KUxlxgI9wiIh4hwj3CI+AiIcH/494cP','#306090','2026-11-23 04:56:35.285069+00:00','2026-11-23 04:56:35.285069+00:00','alb_01m83c6n20rnqa6ewj6yx84yas','cat_01m83c6n4avtwyjjd9c0y2xre6','acc_01m83c6mr3j35xexvsbw4v6xd6');
INSERT INTO "images" VALUES('img_01m83c6pbqjb6mh2sj6sv64zsy','picture.png',NULL,NULL,'[]','originals/img_01m83c6pbqjb6mh2sj6sv64zsy.png',99,'02be3cb8c3e10fb689c18d478c211de2a2ddd34a18adff3d408c78016d9bfd0f','png',1,1,1,0,'2KUxlxgI9wiIh4hwj3CI+AiIcH/494cP','#306090','2026-11-23 04:56:35.447445+00:00','2026-11-23 04:56:35.447445+00:00','alb_01m83c6n3x2eg2d7kv4cwptem4',NULL,'acc_01m83c6mr3j35xexvsbw4v6xd6');
CREATE TABLE "tortoise_migrations" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "app" VARCHAR(255) NOT NULL,
    "name" VARCHAR(255) NOT NULL,
    "applied_at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_tortoise_mi_app_3803a5" UNIQUE ("app", "name")
);
INSERT INTO "tortoise_migrations" VALUES(1,'pichub','0001_initial','2026-11-23 04:56:33.553681+00:00');
CREATE INDEX "idx_albums_owner_i_397161" ON "albums" ("owner_id", "created_at", "id");
CREATE INDEX "idx_categories_owner_i_b45911" ON "categories" ("owner_id", "created_at", "id");
CREATE INDEX "idx_images_owner_i_7a7206" ON "images" ("owner_id", "created_at", "id");
CREATE INDEX "idx_images_album_i_29c3f5" ON "images" ("album_id", "created_at", "id");
CREATE INDEX "idx_images_categor_219d0b" ON "images" ("category_id", "created_at", "id");
CREATE INDEX "idx_image_tags_name_8beb0a" ON "image_tags" ("name", "image_id");
COMMIT;
