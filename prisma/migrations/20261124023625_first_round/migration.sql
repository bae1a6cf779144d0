-- CreateEnum
CREATE TYPE "phone_kind" AS ENUM ('mobile', 'landline');

-- CreateEnum
CREATE TYPE "opt_out_entry" AS ENUM ('stop', 'undo');

-- CreateEnum
CREATE TYPE "opt_out_source" AS ENUM ('voice', 'sms', 'hand');

-- CreateEnum
CREATE TYPE "retailer_status" AS ENUM ('active', 'closed');

-- CreateEnum
CREATE TYPE "round_state" AS ENUM ('draft', 'committed', 'fielding', 'paused', 'closed', 'cancelled');

-- CreateEnum
CREATE TYPE "rest_reason" AS ENUM ('rested', 'shared-phone');

-- CreateEnum
CREATE TYPE "exclusion_reason" AS ENUM ('no-phone', 'opted-out', 'closed');

-- CreateEnum
CREATE TYPE "case_state" AS ENUM ('pending', 'active', 'done');

-- CreateEnum
CREATE TYPE "channel" AS ENUM ('voice', 'sms');

-- CreateEnum
CREATE TYPE "attempt_state" AS ENUM ('claimed', 'dialing', 'queued', 'ringing', 'in-progress', 'sending', 'sent', 'delivered', 'unknown', 'ended');

-- CreateEnum
CREATE TYPE "message_state" AS ENUM ('planned', 'sending', 'sent', 'delivered', 'failed', 'unknown');

-- CreateEnum
CREATE TYPE "role" AS ENUM ('admin', 'supervisor', 'desk', 'manager', 'auditor');

-- CreateTable
CREATE TABLE "installation" (
    "key" TEXT NOT NULL,
    "value" JSONB NOT NULL,

    CONSTRAINT "installation_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "district" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,

    CONSTRAINT "district_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "manager" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "district_id" TEXT NOT NULL,

    CONSTRAINT "manager_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "phone" (
    "id" UUID NOT NULL,
    "blind_index" BYTEA NOT NULL,
    "sealed" BYTEA NOT NULL,
    "masked" TEXT NOT NULL,
    "kind" "phone_kind" NOT NULL,
    "proven_at" TIMESTAMPTZ(3),
    "opted_out_at" TIMESTAMPTZ(3),

    CONSTRAINT "phone_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "opt_out" (
    "id" BIGSERIAL NOT NULL,
    "phone_id" UUID NOT NULL,
    "entry" "opt_out_entry" NOT NULL,
    "source" "opt_out_source" NOT NULL,
    "attempt_id" UUID,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "opt_out_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "retailer" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "stratum" TEXT NOT NULL,
    "language" TEXT NOT NULL DEFAULT 'zh-CN',
    "time_zone" TEXT NOT NULL DEFAULT 'Asia/Shanghai',
    "status" "retailer_status" NOT NULL DEFAULT 'active',
    "phone_id" UUID,

    CONSTRAINT "retailer_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "assignment" (
    "retailer_id" TEXT NOT NULL,
    "manager_id" TEXT NOT NULL,
    "from_day" DATE NOT NULL,
    "until_day" DATE,

    CONSTRAINT "assignment_pkey" PRIMARY KEY ("retailer_id","from_day")
);

-- CreateTable
CREATE TABLE "unit_indicator" (
    "period" TEXT NOT NULL,
    "manager_id" TEXT NOT NULL,
    "code" TEXT NOT NULL,
    "value" DECIMAL(12,4),

    CONSTRAINT "unit_indicator_pkey" PRIMARY KEY ("period","manager_id","code")
);

-- CreateTable
CREATE TABLE "questionnaire" (
    "id" TEXT NOT NULL,
    "document" JSONB NOT NULL,
    "hash" TEXT NOT NULL,

    CONSTRAINT "questionnaire_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "rule_set" (
    "id" TEXT NOT NULL,
    "effective_from" TEXT NOT NULL,
    "document" JSONB NOT NULL,
    "hash" TEXT NOT NULL,

    CONSTRAINT "rule_set_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "round" (
    "id" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "state" "round_state" NOT NULL DEFAULT 'draft',
    "questionnaire_id" TEXT NOT NULL,
    "rule_set_id" TEXT NOT NULL,
    "launched_at" TIMESTAMPTZ(3) NOT NULL,
    "fielding_at" TIMESTAMPTZ(3),
    "closed_at" TIMESTAMPTZ(3),
    "reason" TEXT,

    CONSTRAINT "round_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "draw" (
    "round_id" TEXT NOT NULL,
    "commitments" TEXT[],
    "sealed_nonces" BYTEA NOT NULL,
    "public_value" TEXT NOT NULL,
    "operator_trusted" BOOLEAN NOT NULL,
    "frame_hash" TEXT,
    "frozen_at" TIMESTAMPTZ(3),
    "revealed_at" TIMESTAMPTZ(3),

    CONSTRAINT "draw_pkey" PRIMARY KEY ("round_id")
);

-- CreateTable
CREATE TABLE "frame_line" (
    "round_id" TEXT NOT NULL,
    "retailer_id" TEXT NOT NULL,
    "manager_id" TEXT NOT NULL,
    "stratum" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "phone_id" UUID NOT NULL,
    "resting" "rest_reason",

    CONSTRAINT "frame_line_pkey" PRIMARY KEY ("round_id","retailer_id")
);

-- CreateTable
CREATE TABLE "exclusion" (
    "round_id" TEXT NOT NULL,
    "retailer_id" TEXT NOT NULL,
    "manager_id" TEXT NOT NULL,
    "reason" "exclusion_reason" NOT NULL,

    CONSTRAINT "exclusion_pkey" PRIMARY KEY ("round_id","retailer_id")
);

-- CreateTable
CREATE TABLE "survey_case" (
    "id" UUID NOT NULL,
    "round_id" TEXT NOT NULL,
    "retailer_id" TEXT NOT NULL,
    "manager_id" TEXT NOT NULL,
    "phone_id" UUID NOT NULL,
    "position" INTEGER NOT NULL,
    "wave" INTEGER NOT NULL,
    "time_zone" TEXT NOT NULL,
    "state" "case_state" NOT NULL DEFAULT 'pending',
    "disposition" TEXT NOT NULL DEFAULT 'never-attempted',
    "answers" JSONB NOT NULL DEFAULT '{}',
    "overall" SMALLINT,
    "due_at" TIMESTAMPTZ(3),
    "due_channel" "channel",

    CONSTRAINT "survey_case_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "attempt" (
    "id" UUID NOT NULL,
    "case_id" UUID NOT NULL,
    "round_id" TEXT NOT NULL,
    "phone_id" UUID NOT NULL,
    "channel" "channel" NOT NULL,
    "number" INTEGER NOT NULL,
    "slot_at" TIMESTAMPTZ(3) NOT NULL,
    "state" "attempt_state" NOT NULL DEFAULT 'claimed',
    "carrier_id" TEXT,
    "result" TEXT,
    "error_code" INTEGER,
    "outcome" TEXT,
    "turn" INTEGER NOT NULL DEFAULT 0,
    "conversation" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "dialed_at" TIMESTAMPTZ(3),
    "answered_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "touched_at" TIMESTAMPTZ(3) NOT NULL,
    "check_at" TIMESTAMPTZ(3),
    "checks" SMALLINT NOT NULL DEFAULT 0,

    CONSTRAINT "attempt_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "message" (
    "id" UUID NOT NULL,
    "attempt_id" UUID NOT NULL,
    "text" TEXT NOT NULL,
    "state" "message_state" NOT NULL DEFAULT 'planned',
    "carrier_id" TEXT,
    "error_code" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "sent_at" TIMESTAMPTZ(3),
    "check_at" TIMESTAMPTZ(3),
    "checks" SMALLINT NOT NULL DEFAULT 0,

    CONSTRAINT "message_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "turn" (
    "attempt_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "input" JSONB NOT NULL,
    "reply" JSONB NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "turn_pkey" PRIMARY KEY ("attempt_id","number")
);

-- CreateTable
CREATE TABLE "answer" (
    "attempt_id" UUID NOT NULL,
    "turn" INTEGER NOT NULL,
    "case_id" UUID NOT NULL,
    "item" TEXT NOT NULL,
    "value" SMALLINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "answer_pkey" PRIMARY KEY ("attempt_id","turn")
);

-- CreateTable
CREATE TABLE "inbound_text" (
    "carrier_id" TEXT NOT NULL,
    "attempt_id" UUID,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "inbound_text_pkey" PRIMARY KEY ("carrier_id")
);

-- CreateTable
CREATE TABLE "outbox" (
    "id" BIGSERIAL NOT NULL,
    "topic" TEXT NOT NULL,
    "case_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "outbox_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "pace" (
    "carrier" TEXT NOT NULL,
    "last_slot" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "pace_pkey" PRIMARY KEY ("carrier")
);

-- CreateTable
CREATE TABLE "publication" (
    "hash" TEXT NOT NULL,
    "previous_hash" TEXT,
    "period" TEXT NOT NULL,
    "sequence" INTEGER NOT NULL,
    "document" JSONB NOT NULL,
    "published_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "publication_pkey" PRIMARY KEY ("hash")
);

-- CreateTable
CREATE TABLE "app_user" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "role" "role" NOT NULL,
    "district_id" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "app_user_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sign_in_link" (
    "digest" BYTEA NOT NULL,
    "user_id" UUID NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "used_at" TIMESTAMPTZ(3),

    CONSTRAINT "sign_in_link_pkey" PRIMARY KEY ("digest")
);

-- CreateTable
CREATE TABLE "session" (
    "sid" VARCHAR NOT NULL,
    "sess" JSON NOT NULL,
    "expire" TIMESTAMP(6) NOT NULL,

    CONSTRAINT "session_pkey" PRIMARY KEY ("sid")
);

-- CreateTable
CREATE TABLE "audit" (
    "sequence" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "actor" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "detail" JSONB NOT NULL,
    "previous_hash" TEXT NOT NULL,
    "hash" TEXT NOT NULL,

    CONSTRAINT "audit_pkey" PRIMARY KEY ("sequence")
);

-- CreateIndex
CREATE UNIQUE INDEX "phone_blind_index_key" ON "phone"("blind_index");

-- CreateIndex
CREATE INDEX "opt_out_phone_id_id_idx" ON "opt_out"("phone_id", "id");

-- CreateIndex
CREATE INDEX "retailer_phone_id_idx" ON "retailer"("phone_id");

-- CreateIndex
CREATE INDEX "assignment_manager_id_idx" ON "assignment"("manager_id");

-- CreateIndex
CREATE INDEX "round_state_idx" ON "round"("state");

-- CreateIndex
CREATE INDEX "frame_line_round_id_manager_id_position_idx" ON "frame_line"("round_id", "manager_id", "position");

-- CreateIndex
CREATE INDEX "survey_case_round_id_manager_id_disposition_idx" ON "survey_case"("round_id", "manager_id", "disposition");

-- CreateIndex
CREATE INDEX "survey_case_phone_id_idx" ON "survey_case"("phone_id");

-- CreateIndex
CREATE UNIQUE INDEX "survey_case_round_id_retailer_id_key" ON "survey_case"("round_id", "retailer_id");

-- CreateIndex
CREATE INDEX "attempt_round_id_touched_at_idx" ON "attempt"("round_id", "touched_at" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "attempt_case_id_number_key" ON "attempt"("case_id", "number");

-- CreateIndex
CREATE UNIQUE INDEX "message_carrier_id_key" ON "message"("carrier_id");

-- CreateIndex
CREATE INDEX "message_attempt_id_idx" ON "message"("attempt_id");

-- CreateIndex
CREATE INDEX "answer_case_id_idx" ON "answer"("case_id");

-- CreateIndex
CREATE UNIQUE INDEX "publication_previous_hash_key" ON "publication"("previous_hash");

-- CreateIndex
CREATE UNIQUE INDEX "publication_period_sequence_key" ON "publication"("period", "sequence");

-- CreateIndex
CREATE INDEX "session_expire_idx" ON "session"("expire");

-- AddForeignKey
ALTER TABLE "manager" ADD CONSTRAINT "manager_district_id_fkey" FOREIGN KEY ("district_id") REFERENCES "district"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "opt_out" ADD CONSTRAINT "opt_out_phone_id_fkey" FOREIGN KEY ("phone_id") REFERENCES "phone"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "retailer" ADD CONSTRAINT "retailer_phone_id_fkey" FOREIGN KEY ("phone_id") REFERENCES "phone"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "assignment" ADD CONSTRAINT "assignment_retailer_id_fkey" FOREIGN KEY ("retailer_id") REFERENCES "retailer"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "assignment" ADD CONSTRAINT "assignment_manager_id_fkey" FOREIGN KEY ("manager_id") REFERENCES "manager"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "unit_indicator" ADD CONSTRAINT "unit_indicator_manager_id_fkey" FOREIGN KEY ("manager_id") REFERENCES "manager"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "round" ADD CONSTRAINT "round_questionnaire_id_fkey" FOREIGN KEY ("questionnaire_id") REFERENCES "questionnaire"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "round" ADD CONSTRAINT "round_rule_set_id_fkey" FOREIGN KEY ("rule_set_id") REFERENCES "rule_set"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "draw" ADD CONSTRAINT "draw_round_id_fkey" FOREIGN KEY ("round_id") REFERENCES "round"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "frame_line" ADD CONSTRAINT "frame_line_round_id_fkey" FOREIGN KEY ("round_id") REFERENCES "round"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "frame_line" ADD CONSTRAINT "frame_line_retailer_id_fkey" FOREIGN KEY ("retailer_id") REFERENCES "retailer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "exclusion" ADD CONSTRAINT "exclusion_round_id_fkey" FOREIGN KEY ("round_id") REFERENCES "round"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "survey_case" ADD CONSTRAINT "survey_case_round_id_fkey" FOREIGN KEY ("round_id") REFERENCES "round"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "survey_case" ADD CONSTRAINT "survey_case_retailer_id_fkey" FOREIGN KEY ("retailer_id") REFERENCES "retailer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "survey_case" ADD CONSTRAINT "survey_case_phone_id_fkey" FOREIGN KEY ("phone_id") REFERENCES "phone"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attempt" ADD CONSTRAINT "attempt_case_id_fkey" FOREIGN KEY ("case_id") REFERENCES "survey_case"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attempt" ADD CONSTRAINT "attempt_round_id_fkey" FOREIGN KEY ("round_id") REFERENCES "round"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attempt" ADD CONSTRAINT "attempt_phone_id_fkey" FOREIGN KEY ("phone_id") REFERENCES "phone"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "message" ADD CONSTRAINT "message_attempt_id_fkey" FOREIGN KEY ("attempt_id") REFERENCES "attempt"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "turn" ADD CONSTRAINT "turn_attempt_id_fkey" FOREIGN KEY ("attempt_id") REFERENCES "attempt"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "answer" ADD CONSTRAINT "answer_case_id_fkey" FOREIGN KEY ("case_id") REFERENCES "survey_case"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "outbox" ADD CONSTRAINT "outbox_case_id_fkey" FOREIGN KEY ("case_id") REFERENCES "survey_case"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "app_user" ADD CONSTRAINT "app_user_district_id_fkey" FOREIGN KEY ("district_id") REFERENCES "district"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sign_in_link" ADD CONSTRAINT "sign_in_link_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "app_user"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What the schema cannot say ─────────────────────────────────────────────────────────────────────────────────────────

-- Never call twice: one live call a number, and one open thread, over all rounds and carriers.
CREATE UNIQUE INDEX "attempt_one_live_call_per_phone" ON "attempt" ("phone_id") WHERE "channel" = 'voice' AND "state" <> 'ended';
CREATE UNIQUE INDEX "attempt_one_open_thread_per_phone" ON "attempt" ("phone_id") WHERE "channel" = 'sms' AND "state" <> 'ended';

-- What the dispatcher, the reconciler and the settler look for: few rows among many.
CREATE INDEX "survey_case_due" ON "survey_case" ("due_channel", "due_at", "position", "id") WHERE "due_at" IS NOT NULL;
CREATE INDEX "survey_case_open" ON "survey_case" ("round_id") WHERE "state" <> 'done';
CREATE INDEX "attempt_to_check" ON "attempt" ("check_at") WHERE "check_at" IS NOT NULL;
CREATE INDEX "attempt_live" ON "attempt" ("channel") WHERE "state" <> 'ended';
CREATE INDEX "message_to_check" ON "message" ("check_at") WHERE "check_at" IS NOT NULL;

ALTER TABLE "survey_case" ADD CONSTRAINT "survey_case_overall_on_the_scale" CHECK ("overall" BETWEEN 1 AND 5);
ALTER TABLE "survey_case" ADD CONSTRAINT "survey_case_due_is_whole" CHECK (("due_at" IS NULL) = ("due_channel" IS NULL));
ALTER TABLE "unit_indicator" ADD CONSTRAINT "unit_indicator_from_nought" CHECK ("value" >= 0);
ALTER TABLE "assignment" ADD CONSTRAINT "assignment_ends_after_it_begins" CHECK ("until_day" > "from_day");

-- The opt-out ledger and the audit log are only ever added to.
CREATE FUNCTION "refuse_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
CREATE TRIGGER "opt_out_append_only" BEFORE UPDATE OR DELETE ON "opt_out" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "audit_append_only" BEFORE UPDATE OR DELETE ON "audit" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
