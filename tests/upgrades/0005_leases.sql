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
INSERT INTO "accounts" VALUES('acc_01m83c8p61nevegj5z9a7myfer','admin','$argon2id$v=19$m=19456,t=2,p=1$cVPw7J/cSBzdgshMdaTtYQ$ljIbv+1fg+OyXFODy/nP5YD1g7XJf5uApz2GNTlQm5g','admin',495,5,'2026-11-23 04:57:40.801873+00:00',NULL,NULL);
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
INSERT INTO "albums" VALUES('alb_01m83c8pc8v6gam7mpcaw7ywkn','Sommer 夏','warm',1,2,'2026-11-23 04:57:41.000178+00:00','2026-11-23 04:57:41.000178+00:00','acc_01m83c8p61nevegj5z9a7myfer');
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
INSERT INTO "api_tokens" VALUES('tok_01m83c8v0q03g06dfr2xy7tqnc','Command line','2be8c5e3f4952eb9b6f23f5c2d1a99ac336cd58c39eae4345a781bc499da9502','pchb_pat_0J4N','["account:read","albums:read","albums:write","images:read","images:write","webhooks:read","webhooks:write"]','2026-11-23 04:57:45.751809+00:00',NULL,NULL,'acc_01m83c8p61nevegj5z9a7myfer',NULL,NULL);
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
INSERT INTO "deliveries" VALUES('dlv_01m83c8qfg0jdmzfqj77be5d5a','pending',1,'2026-11-23 04:57:48.285725+00:00',NULL,'2026-11-23 04:57:42.128656+00:00','evt_01m83c8qcne6g64rjqkeasywqj','whk_01m83c8pgsj0bebhah3w5h0fvk');
INSERT INTO "deliveries" VALUES('dlv_01m83c8qfgqb0cq7141shamxc3','pending',1,'2026-11-23 04:57:47.848732+00:00',NULL,'2026-11-23 04:57:42.128656+00:00','evt_01m83c8qcnxnkc08cdgjwy4jaj','whk_01m83c8pgsj0bebhah3w5h0fvk');
INSERT INTO "deliveries" VALUES('dlv_01m83c8r0cr9rmhrrdn4c1vwzt','pending',1,'2026-11-23 04:57:48.216651+00:00',NULL,'2026-11-23 04:57:42.668393+00:00','evt_01m83c8qmkngvqrhhap3d0134w','whk_01m83c8pgsj0bebhah3w5h0fvk');
INSERT INTO "deliveries" VALUES('dlv_01m83c8r0czsq47vgedfw4zeb8','pending',1,'2026-11-23 04:57:48.174773+00:00',NULL,'2026-11-23 04:57:42.668393+00:00','evt_01m83c8qmkjj9wshs7eegd4hwq','whk_01m83c8pgsj0bebhah3w5h0fvk');
INSERT INTO "deliveries" VALUES('dlv_01m83c8r8e6pvw93g7360m7xw7','pending',1,'2026-11-23 04:57:48.387559+00:00',NULL,'2026-11-23 04:57:42.926813+00:00','evt_01m83c8r1wxdbxgbc4q040s56j','whk_01m83c8pgsj0bebhah3w5h0fvk');
INSERT INTO "deliveries" VALUES('dlv_01m83c8r8ehknqbspq1p3g7cv6','pending',1,'2026-11-23 04:57:47.987461+00:00',NULL,'2026-11-23 04:57:42.926813+00:00','evt_01m83c8r1wkrkk4tcpb1jdzw9p','whk_01m83c8pgsj0bebhah3w5h0fvk');
INSERT INTO "deliveries" VALUES('dlv_01m83c8rb1c39cm17qz568qhnp','pending',1,'2026-11-23 04:57:48.144693+00:00',NULL,'2026-11-23 04:57:43.009858+00:00','evt_01m83c8radjqnz774s4pt6341f','whk_01m83c8pgsj0bebhah3w5h0fvk');
INSERT INTO "deliveries" VALUES('dlv_01m83c8rcgamqb2yddbk849yct','pending',1,'2026-11-23 04:57:48.275124+00:00',NULL,'2026-11-23 04:57:43.056576+00:00','evt_01m83c8rbphpy8p895yyw8nc1n','whk_01m83c8pgsj0bebhah3w5h0fvk');
INSERT INTO "deliveries" VALUES('dlv_01m83c8rj7txsrspzfck835rkr','pending',1,'2026-11-23 04:57:48.387295+00:00',NULL,'2026-11-23 04:57:43.239171+00:00','evt_01m83c8rfcdx8hwrn2eatjkd6k','whk_01m83c8pgsj0bebhah3w5h0fvk');
INSERT INTO "deliveries" VALUES('dlv_01m83c8rn7ry2jn1t2x9kevbtv','pending',1,'2026-11-23 04:57:48.543416+00:00',NULL,'2026-11-23 04:57:43.335507+00:00','evt_01m83c8rj3234kj95rtsff0x00','whk_01m83c8pgsj0bebhah3w5h0fvk');
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
INSERT INTO "delivery_attempts" VALUES(1,'2026-11-23 04:57:42.548716+00:00',277,'refused',503,NULL,'','dlv_01m83c8qfgqb0cq7141shamxc3');
INSERT INTO "delivery_attempts" VALUES(2,'2026-11-23 04:57:42.696449+00:00',136,'refused',503,NULL,'','dlv_01m83c8r0cr9rmhrrdn4c1vwzt');
INSERT INTO "delivery_attempts" VALUES(3,'2026-11-23 04:57:42.548323+00:00',285,'refused',503,NULL,'','dlv_01m83c8qfg0jdmzfqj77be5d5a');
INSERT INTO "delivery_attempts" VALUES(4,'2026-11-23 04:57:42.703512+00:00',280,'refused',503,NULL,'','dlv_01m83c8r0czsq47vgedfw4zeb8');
INSERT INTO "delivery_attempts" VALUES(5,'2026-11-23 04:57:42.939336+00:00',44,'refused',503,NULL,'','dlv_01m83c8r8e6pvw93g7360m7xw7');
INSERT INTO "delivery_attempts" VALUES(6,'2026-11-23 04:57:42.963872+00:00',20,'refused',503,NULL,'','dlv_01m83c8r8ehknqbspq1p3g7cv6');
INSERT INTO "delivery_attempts" VALUES(7,'2026-11-23 04:57:43.019999+00:00',11,'refused',503,NULL,'','dlv_01m83c8rb1c39cm17qz568qhnp');
INSERT INTO "delivery_attempts" VALUES(8,'2026-11-23 04:57:43.108201+00:00',40,'refused',503,NULL,'','dlv_01m83c8rcgamqb2yddbk849yct');
INSERT INTO "delivery_attempts" VALUES(9,'2026-11-23 04:57:43.317331+00:00',5,'refused',503,NULL,'','dlv_01m83c8rj7txsrspzfck835rkr');
INSERT INTO "delivery_attempts" VALUES(10,'2026-11-23 04:57:43.431468+00:00',50,'refused',503,NULL,'','dlv_01m83c8rn7ry2jn1t2x9kevbtv');
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
INSERT INTO "events" VALUES('evt_01m83c8pc8kgg163x1px7qd480',1,'album.created','alb_01m83c8pc8v6gam7mpcaw7ywkn','alb_01m83c8pc8v6gam7mpcaw7ywkn','{"id":"alb_01m83c8pc8v6gam7mpcaw7ywkn","name":"Sommer 夏","description":"warm","is_public":true,"image_count":0,"created_at":"2026-11-23T04:57:41.000178Z","updated_at":"2026-11-23T04:57:41.000178Z"}','2026-11-23 04:57:41.000178+00:00','acc_01m83c8p61nevegj5z9a7myfer');
INSERT INTO "events" VALUES('evt_01m83c8pctgcr7t0wnbqkcc48c',2,'album.created','alb_01m83c8pctthg2wkdbqbs12m04','alb_01m83c8pctthg2wkdbqbs12m04','{"id":"alb_01m83c8pctthg2wkdbqbs12m04","name":"private","description":null,"is_public":false,"image_count":0,"created_at":"2026-11-23T04:57:41.018319Z","updated_at":"2026-11-23T04:57:41.018319Z"}','2026-11-23 04:57:41.018319+00:00','acc_01m83c8p61nevegj5z9a7myfer');
INSERT INTO "events" VALUES('evt_01m83c8qcne6g64rjqkeasywqj',3,'image.uploaded','alb_01m83c8pc8v6gam7mpcaw7ywkn','img_01m83c8qcnbdn9xtd99pg421pa','{"id":"img_01m83c8qcnbdn9xtd99pg421pa","url":"http://pichub.test/img/img_01m83c8qcnbdn9xtd99pg421pa.png","thumbnail_url":"http://pichub.test/img/img_01m83c8qcnbdn9xtd99pg421pa.webp","filename":"picture.png","title":null,"description":null,"album_id":"alb_01m83c8pc8v6gam7mpcaw7ywkn","tags":[],"mime_type":"image/png","format":"png","size":99,"width":1,"height":1,"frames":1,"sha256":"e2286875a1109b4ecf16e5b76d1f597cfdb13ff96c3fb0300cdf9ecdbadbe163","thumbhash":"2KUxlxgI9wiIh4hwj3CI+AiIcH/494cP","dominant_color":"#306090","is_public":true,"links":{"url":"http://pichub.test/img/img_01m83c8qcnbdn9xtd99pg421pa.png","html":"<img src=\"http://pichub.test/img/img_01m83c8qcnbdn9xtd99pg421pa.png\" alt=\"picture.png\">","markdown":"![picture.png](http://pichub.test/img/img_01m83c8qcnbdn9xtd99pg421pa.png)","bbcode":"[img]http://pichub.test/img/img_01m83c8qcnbdn9xtd99pg421pa.png[/img]"},"created_at":"2026-11-23T04:57:42.037329Z","updated_at":"2026-11-23T04:57:42.037329Z"}','2026-11-23 04:57:42.037329+00:00','acc_01m83c8p61nevegj5z9a7myfer');
INSERT INTO "events" VALUES('evt_01m83c8qcnxnkc08cdgjwy4jaj',4,'album.updated','alb_01m83c8pc8v6gam7mpcaw7ywkn','alb_01m83c8pc8v6gam7mpcaw7ywkn','{"id":"alb_01m83c8pc8v6gam7mpcaw7ywkn","name":"Sommer 夏","description":"warm","is_public":true,"image_count":1,"created_at":"2026-11-23T04:57:41.000178Z","updated_at":"2026-11-23T04:57:41.000178Z","changes":["images"],"images_added":["img_01m83c8qcnbdn9xtd99pg421pa"],"images_removed":[]}','2026-11-23 04:57:42.037329+00:00','acc_01m83c8p61nevegj5z9a7myfer');
INSERT INTO "events" VALUES('evt_01m83c8qmkngvqrhhap3d0134w',5,'image.uploaded','alb_01m83c8pc8v6gam7mpcaw7ywkn','img_01m83c8qmkndvms260qfmpcx54','{"id":"img_01m83c8qmkndvms260qfmpcx54","url":"http://pichub.test/img/img_01m83c8qmkndvms260qfmpcx54.png","thumbnail_url":"http://pichub.test/img/img_01m83c8qmkndvms260qfmpcx54.webp","filename":"picture.png","title":"title 1","description":"Zeile\nзвук","album_id":"alb_01m83c8pc8v6gam7mpcaw7ywkn","tags":["one","two"],"mime_type":"image/png","format":"png","size":99,"width":1,"height":1,"frames":1,"sha256":"3a1abb6bd9c899627fa7a72198ec4f24d637318e52a87c9b1a46072a04e7f6dd","thumbhash":"2KUxlxgI9wiIh4hwj3CI+AiIcH/494cP","dominant_color":"#306090","is_public":true,"links":{"url":"http://pichub.test/img/img_01m83c8qmkndvms260qfmpcx54.png","html":"<img src=\"http://pichub.test/img/img_01m83c8qmkndvms260qfmpcx54.png\" alt=\"title 1\">","markdown":"![title 1](http://pichub.test/img/img_01m83c8qmkndvms260qfmpcx54.png)","bbcode":"[img]http://pichub.test/img/img_01m83c8qmkndvms260qfmpcx54.png[/img]"},"created_at":"2026-11-23T04:57:42.291151Z","updated_at":"2026-11-23T04:57:42.291151Z"}','2026-11-23 04:57:42.291151+00:00','acc_01m83c8p61nevegj5z9a7myfer');
INSERT INTO "events" VALUES('evt_01m83c8qmkjj9wshs7eegd4hwq',6,'album.updated','alb_01m83c8pc8v6gam7mpcaw7ywkn','alb_01m83c8pc8v6gam7mpcaw7ywkn','{"id":"alb_01m83c8pc8v6gam7mpcaw7ywkn","name":"Sommer 夏","description":"warm","is_public":true,"image_count":2,"created_at":"2026-11-23T04:57:41.000178Z","updated_at":"2026-11-23T04:57:41.000178Z","changes":["images"],"images_added":["img_01m83c8qmkndvms260qfmpcx54"],"images_removed":[]}','2026-11-23 04:57:42.291151+00:00','acc_01m83c8p61nevegj5z9a7myfer');
INSERT INTO "events" VALUES('evt_01m83c8r1wxdbxgbc4q040s56j',7,'image.uploaded','alb_01m83c8pctthg2wkdbqbs12m04','img_01m83c8r1w4qsr5zygy8vgpnr3','{"id":"img_01m83c8r1w4qsr5zygy8vgpnr3","url":"http://pichub.test/img/img_01m83c8r1w4qsr5zygy8vgpnr3.png","thumbnail_url":"http://pichub.test/img/img_01m83c8r1w4qsr5zygy8vgpnr3.webp","filename":"picture.png","title":null,"description":null,"album_id":"alb_01m83c8pctthg2wkdbqbs12m04","tags":[],"mime_type":"image/png","format":"png","size":99,"width":1,"height":1,"frames":1,"sha256":"02be3cb8c3e10fb689c18d478c211de2a2ddd34a18adff3d408c78016d9bfd0f","thumbhash":"2KUxlxgI9wiIh4hwj3CI+AiIcH/494cP","dominant_color":"#306090","is_public":false,"links":{"url":"http://pichub.test/img/img_01m83c8r1w4qsr5zygy8vgpnr3.png","html":"<img src=\"http://pichub.test/img/img_01m83c8r1w4qsr5zygy8vgpnr3.png\" alt=\"picture.png\">","markdown":"![picture.png](http://pichub.test/img/img_01m83c8r1w4qsr5zygy8vgpnr3.png)","bbcode":"[img]http://pichub.test/img/img_01m83c8r1w4qsr5zygy8vgpnr3.png[/img]"},"created_at":"2026-11-23T04:57:42.716680Z","updated_at":"2026-11-23T04:57:42.716680Z"}','2026-11-23 04:57:42.716680+00:00','acc_01m83c8p61nevegj5z9a7myfer');
INSERT INTO "events" VALUES('evt_01m83c8r1wkrkk4tcpb1jdzw9p',8,'album.updated','alb_01m83c8pctthg2wkdbqbs12m04','alb_01m83c8pctthg2wkdbqbs12m04','{"id":"alb_01m83c8pctthg2wkdbqbs12m04","name":"private","description":null,"is_public":false,"image_count":1,"created_at":"2026-11-23T04:57:41.018319Z","updated_at":"2026-11-23T04:57:41.018319Z","changes":["images"],"images_added":["img_01m83c8r1w4qsr5zygy8vgpnr3"],"images_removed":[]}','2026-11-23 04:57:42.716680+00:00','acc_01m83c8p61nevegj5z9a7myfer');
INSERT INTO "events" VALUES('evt_01m83c8radjqnz774s4pt6341f',9,'image.uploaded',NULL,'img_01m83c8rad2hx02xx77kn7ykwm','{"id":"img_01m83c8rad2hx02xx77kn7ykwm","url":"http://pichub.test/img/img_01m83c8rad2hx02xx77kn7ykwm.png","thumbnail_url":"http://pichub.test/img/img_01m83c8rad2hx02xx77kn7ykwm.webp","filename":"picture.png","title":"title 3","description":"Zeile\nзвук","album_id":null,"tags":["one","two"],"mime_type":"image/png","format":"png","size":99,"width":1,"height":1,"frames":1,"sha256":"c92f73ce6981b06174609d6430bafd6c2ee2dcce62b3a507128284c454a24d6f","thumbhash":"2KUxlxgI9wiIh4hwj3CI+AiIcH/494cP","dominant_color":"#306090","is_public":true,"links":{"url":"http://pichub.test/img/img_01m83c8rad2hx02xx77kn7ykwm.png","html":"<img src=\"http://pichub.test/img/img_01m83c8rad2hx02xx77kn7ykwm.png\" alt=\"title 3\">","markdown":"![title 3](http://pichub.test/img/img_01m83c8rad2hx02xx77kn7ykwm.png)","bbcode":"[img]http://pichub.test/img/img_01m83c8rad2hx02xx77kn7ykwm.png[/img]"},"created_at":"2026-11-23T04:57:42.989008Z","updated_at":"2026-11-23T04:57:42.989008Z"}','2026-11-23 04:57:42.989008+00:00','acc_01m83c8p61nevegj5z9a7myfer');
INSERT INTO "events" VALUES('evt_01m83c8rbphpy8p895yyw8nc1n',10,'image.uploaded',NULL,'img_01m83c8rbp2cnpaszysdq5b5qn','{"id":"img_01m83c8rbp2cnpaszysdq5b5qn","url":"http://pichub.test/img/img_01m83c8rbp2cnpaszysdq5b5qn.png","thumbnail_url":"http://pichub.test/img/img_01m83c8rbp2cnpaszysdq5b5qn.webp","filename":"picture.png","title":null,"description":null,"album_id":null,"tags":[],"mime_type":"image/png","format":"png","size":99,"width":1,"height":1,"frames":1,"sha256":"f7a755b4a076d6a6834de353f6fe85ce4c63e49aa0b08d4ebeaddc0b4b993853","thumbhash":"2KUxlxgI9wiIh4hwj3CI+AiIcH/494cP","dominant_color":"#306090","is_public":true,"links":{"url":"http://pichub.test/img/img_01m83c8rbp2cnpaszysdq5b5qn.png","html":"<img src=\"http://pichub.test/img/img_01m83c8rbp2cnpaszysdq5b5qn.png\" alt=\"picture.png\">","markdown":"![picture.png](http://pichub.test/img/img_01m83c8rbp2cnpaszysdq5b5qn.png)","bbcode":"[img]http://pichub.test/img/img_01m83c8rbp2cnpaszysdq5b5qn.png[/img]"},"created_at":"2026-11-23T04:57:43.030824Z","updated_at":"2026-11-23T04:57:43.030824Z"}','2026-11-23 04:57:43.030824+00:00','acc_01m83c8p61nevegj5z9a7myfer');
INSERT INTO "events" VALUES('evt_01m83c8rfcdx8hwrn2eatjkd6k',11,'image.uploaded',NULL,'img_01m83c8rfcn497bzbd237shygz','{"id":"img_01m83c8rfcn497bzbd237shygz","url":"http://pichub.test/img/img_01m83c8rfcn497bzbd237shygz.png","thumbnail_url":"http://pichub.test/img/img_01m83c8rfcn497bzbd237shygz.webp","filename":"picture.png","title":null,"description":null,"album_id":null,"tags":[],"mime_type":"image/png","format":"png","size":100,"width":1,"height":1,"frames":1,"sha256":"3878d6b818e21ef5e9a924053bfd1f8f2de3fe230ca8298f2f653563018c864e","thumbhash":"2KUxlxgI9wiIh4hwj3CI+AiIcH/494cP","dominant_color":"#306090","is_public":true,"links":{"url":"http://pichub.test/img/img_01m83c8rfcn497bzbd237shygz.png","html":"<img src=\"http://pichub.test/img/img_01m83c8rfcn497bzbd237shygz.png\" alt=\"picture.png\">","markdown":"![picture.png](http://pichub.test/img/img_01m83c8rfcn497bzbd237shygz.png)","bbcode":"[img]http://pichub.test/img/img_01m83c8rfcn497bzbd237shygz.png[/img]"},"created_at":"2026-11-23T04:57:43.148589Z","updated_at":"2026-11-23T04:57:43.148589Z"}','2026-11-23 04:57:43.148589+00:00','acc_01m83c8p61nevegj5z9a7myfer');
INSERT INTO "events" VALUES('evt_01m83c8rj3234kj95rtsff0x00',12,'image.deleted',NULL,'img_01m83c8rfcn497bzbd237shygz','{"id":"img_01m83c8rfcn497bzbd237shygz","url":"http://pichub.test/img/img_01m83c8rfcn497bzbd237shygz.png","thumbnail_url":"http://pichub.test/img/img_01m83c8rfcn497bzbd237shygz.webp","filename":"picture.png","title":null,"description":null,"album_id":null,"tags":[],"mime_type":"image/png","format":"png","size":100,"width":1,"height":1,"frames":1,"sha256":"3878d6b818e21ef5e9a924053bfd1f8f2de3fe230ca8298f2f653563018c864e","thumbhash":"2KUxlxgI9wiIh4hwj3CI+AiIcH/494cP","dominant_color":"#306090","is_public":true,"links":{"url":"http://pichub.test/img/img_01m83c8rfcn497bzbd237shygz.png","html":"<img src=\"http://pichub.test/img/img_01m83c8rfcn497bzbd237shygz.png\" alt=\"picture.png\">","markdown":"![picture.png](http://pichub.test/img/img_01m83c8rfcn497bzbd237shygz.png)","bbcode":"[img]http://pichub.test/img/img_01m83c8rfcn497bzbd237shygz.png[/img]"},"created_at":"2026-11-23T04:57:43.148589Z","updated_at":"2026-11-23T04:57:43.148589Z"}','2026-11-23 04:57:43.235073+00:00','acc_01m83c8p61nevegj5z9a7myfer');
CREATE TABLE "image_tags" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "name" VARCHAR(50) NOT NULL,
    "image_id" VARCHAR(32) NOT NULL REFERENCES "images" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_image_tags_image_i_c91c25" UNIQUE ("image_id", "name")
);
INSERT INTO "image_tags" VALUES(1,'one','img_01m83c8qmkndvms260qfmpcx54');
INSERT INTO "image_tags" VALUES(2,'two','img_01m83c8qmkndvms260qfmpcx54');
INSERT INTO "image_tags" VALUES(3,'one','img_01m83c8rad2hx02xx77kn7ykwm');
INSERT INTO "image_tags" VALUES(4,'two','img_01m83c8rad2hx02xx77kn7ykwm');
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
INSERT INTO "images" VALUES('img_01m83c8qcnbdn9xtd99pg421pa','picture.png',NULL,NULL,'[]','originals/img_01m83c8qcnbdn9xtd99pg421pa.png',99,'e2286875a1109b4ecf16e5b76d1f597cfdb13ff96c3fb0300cdf9ecdbadbe163','png',1,1,1,0,'2KUxlxgI9wiIh4hwj3CI+AiIcH/494cP','#306090','2026-11-23 04:57:42.037329+00:00','2026-11-23 04:57:42.037329+00:00','alb_01m83c8pc8v6gam7mpcaw7ywkn',NULL,'acc_01m83c8p61nevegj5z9a7myfer');
INSERT INTO "images" VALUES('img_01m83c8qmkndvms260qfmpcx54','picture.png','title 1','Zeile
звук','["one","two"]','originals/img_01m83c8qmkndvms260qfmpcx54.png',99,'3a1abb6bd9c899627fa7a72198ec4f24d637318e52a87c9b1a46072a04e7f6dd','png',1,1,1,0,'2KUxlxgI9wiIh4hwj3CI+AiIcH/494cP','#306090','2026-11-23 04:57:42.291151+00:00','2026-11-23 04:57:42.291151+00:00','alb_01m83c8pc8v6gam7mpcaw7ywkn','cat_01m83c8pekqpdmgjrrb4jnmdt3','acc_01m83c8p61nevegj5z9a7myfer');
INSERT INTO "images" VALUES('img_01m83c8r1w4qsr5zygy8vgpnr3','picture.png',NULL,NULL,'[]','originals/img_01m83c8r1w4qsr5zygy8vgpnr3.png',99,'02be3cb8c3e10fb689c18d478c211de2a2ddd34a18adff3d408c78016d9bfd0f','png',1,1,1,0,'2KUxlxgI9wiIh4hwj3CI+AiIcH/494cP','#306090','2026-11-23 04:57:42.716680+00:00','2026-11-23 04:57:42.716680+00:00','alb_01m83c8pctthg2wkdbqbs12m04',NULL,'acc_01m83c8p61nevegj5z9a7myfer');
INSERT INTO "images" VALUES('img_01m83c8rad2hx02xx77kn7ykwm','picture.png','title 3','Zeile
звук','["one","two"]','originals/img_01m83c8rad2hx02xx77kn7ykwm.png',99,'c92f73ce6981b06174609d6430bafd6c2ee2dcce62b3a507128284c454a24d6f','png',1,1,1,0,'2KUxlxgI9wiIh4hwj3CI+AiIcH/494cP','#306090','2026-11-23 04:57:42.989008+00:00','2026-11-23 04:57:42.989008+00:00',NULL,NULL,'acc_01m83c8p61nevegj5z9a7myfer');
INSERT INTO "images" VALUES('img_01m83c8rbp2cnpaszysdq5b5qn','picture.png',NULL,NULL,'[]','originals/img_01m83c8rbp2cnpaszysdq5b5qn.png',99,'f7a755b4a076d6a6834de353f6fe85ce4c63e49aa0b08d4ebeaddc0b4b993853','png',1,1,1,0,'2KUxlxgI9wiIh4hwj3CI+AiIcH/494cP','#306090','2026-11-23 04:57:43.030824+00:00','2026-11-23 04:57:43.030824+00:00',NULL,NULL,'acc_01m83c8p61nevegj5z9a7myfer');
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
