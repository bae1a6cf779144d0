-- CreateEnum
CREATE TYPE "phone_kind" AS ENUM ('mobile', 'landline');

-- CreateEnum
CREATE TYPE "opt_out_entry" AS ENUM ('stop', 'undo');

-- CreateEnum
CREATE TYPE "opt_out_source" AS ENUM ('voice', 'sms', 'desk', 'hand');

-- CreateEnum
CREATE TYPE "retailer_status" AS ENUM ('active', 'closed');

-- CreateEnum
CREATE TYPE "round_state" AS ENUM ('draft', 'committed', 'fielding', 'paused', 'closed', 'cancelled');

-- CreateEnum
CREATE TYPE "release_kind" AS ENUM ('wave', 'spot-check');

-- CreateEnum
CREATE TYPE "spot_check_state" AS ENUM ('scheduled', 'released', 'cancelled');

-- CreateEnum
CREATE TYPE "rest_reason" AS ENUM ('rested', 'shared-phone');

-- CreateEnum
CREATE TYPE "exclusion_reason" AS ENUM ('no-phone', 'opted-out', 'closed');

-- CreateEnum
CREATE TYPE "case_state" AS ENUM ('pending', 'active', 'done');

-- CreateEnum
CREATE TYPE "channel" AS ENUM ('voice', 'sms', 'desk');

-- CreateEnum
CREATE TYPE "attempt_state" AS ENUM ('claimed', 'dialing', 'queued', 'ringing', 'in-progress', 'sending', 'sent', 'delivered', 'unknown', 'ended');

-- CreateEnum
CREATE TYPE "message_state" AS ENUM ('planned', 'sending', 'sent', 'delivered', 'failed', 'unknown');

-- CreateEnum
CREATE TYPE "desk_reason" AS ENUM ('person-wanted', 'no-keypad', 'language', 'hung-up-twice', 'not-rated', 'silent-sample', 'number-check', 'recheck');

-- CreateEnum
CREATE TYPE "desk_task_state" AS ENUM ('waiting', 'taken', 'done');

-- CreateEnum
CREATE TYPE "follow_up_state" AS ENUM ('open', 'taken', 'done', 'reopened');

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
    "ordering_half_days" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "delivery_half_days" TEXT[] DEFAULT ARRAY[]::TEXT[],

    CONSTRAINT "retailer_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "retailer_phone" (
    "id" BIGSERIAL NOT NULL,
    "retailer_id" TEXT NOT NULL,
    "phone_id" UUID NOT NULL,
    "place" SMALLINT NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "until" TIMESTAMPTZ(3),
    "changed_by" TEXT NOT NULL,

    CONSTRAINT "retailer_phone_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "roster_import" (
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "file_name" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "created" INTEGER NOT NULL,
    "changed" INTEGER NOT NULL,
    "unchanged" INTEGER NOT NULL,
    "diff" JSONB NOT NULL,

    CONSTRAINT "roster_import_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "list_confirmation" (
    "manager_id" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "retailers" INTEGER NOT NULL,
    "remark" TEXT,

    CONSTRAINT "list_confirmation_pkey" PRIMARY KEY ("manager_id","period")
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
    "published_at" TIMESTAMPTZ(3),
    "published_by" TEXT,

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
    "closes_at" TIMESTAMPTZ(3),

    CONSTRAINT "round_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "draw" (
    "round_id" TEXT NOT NULL,
    "public_event" TEXT,
    "public_event_at" TIMESTAMPTZ(3),
    "public_value" TEXT,
    "operator_trusted" BOOLEAN NOT NULL,
    "frame_hash" TEXT,
    "frozen_at" TIMESTAMPTZ(3),
    "revealed_at" TIMESTAMPTZ(3),

    CONSTRAINT "draw_pkey" PRIMARY KEY ("round_id")
);

-- CreateTable
CREATE TABLE "nonce" (
    "round_id" TEXT NOT NULL,
    "place" SMALLINT NOT NULL,
    "holder" TEXT NOT NULL,
    "holder_name" TEXT NOT NULL,
    "substitute" TEXT,
    "commitment" TEXT,
    "committed_at" TIMESTAMPTZ(3),
    "sealed" BYTEA,
    "handed_in_at" TIMESTAMPTZ(3),
    "handed_in_by" TEXT,

    CONSTRAINT "nonce_pkey" PRIMARY KEY ("round_id","place")
);

-- CreateTable
CREATE TABLE "release" (
    "id" BIGSERIAL NOT NULL,
    "round_id" TEXT NOT NULL,
    "manager_id" TEXT NOT NULL,
    "kind" "release_kind" NOT NULL,
    "wave" SMALLINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "count" INTEGER NOT NULL,
    "spot_check_id" UUID,

    CONSTRAINT "release_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "spot_check" (
    "id" UUID NOT NULL,
    "round_id" TEXT NOT NULL,
    "asked_by" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "manager_ids" TEXT[],
    "random_managers" INTEGER,
    "district_id" TEXT,
    "per_manager" INTEGER NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "state" "spot_check_state" NOT NULL DEFAULT 'scheduled',
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "done_at" TIMESTAMPTZ(3),
    "note" TEXT,

    CONSTRAINT "spot_check_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "round_schedule" (
    "id" UUID NOT NULL,
    "monthly" BOOLEAN NOT NULL,
    "day" SMALLINT NOT NULL,
    "time" TEXT NOT NULL,
    "next_at" TIMESTAMPTZ(3),
    "questionnaire_id" TEXT NOT NULL,
    "rule_set_id" TEXT NOT NULL,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "last_round_id" TEXT,
    "last_fault" TEXT,

    CONSTRAINT "round_schedule_pkey" PRIMARY KEY ("id")
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
    "release_id" BIGINT,
    "rotation" SMALLINT NOT NULL DEFAULT 0,
    "ordering_half_days" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "delivery_half_days" TEXT[] DEFAULT ARRAY[]::TEXT[],
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
CREATE TABLE "comment" (
    "id" BIGSERIAL NOT NULL,
    "case_id" UUID NOT NULL,
    "attempt_id" UUID NOT NULL,
    "channel" "channel" NOT NULL,
    "sealed" BYTEA NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "comment_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "desk_task" (
    "id" UUID NOT NULL,
    "case_id" UUID NOT NULL,
    "reason" "desk_reason" NOT NULL,
    "state" "desk_task_state" NOT NULL DEFAULT 'waiting',
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "taken_by" TEXT,
    "taken_at" TIMESTAMPTZ(3),
    "done_at" TIMESTAMPTZ(3),
    "attempts" SMALLINT NOT NULL DEFAULT 0,
    "outcome" TEXT,
    "answers" JSONB,

    CONSTRAINT "desk_task_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "invalidation" (
    "case_id" UUID NOT NULL,
    "rule" TEXT NOT NULL,
    "detail" JSONB NOT NULL,
    "by" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "invalidation_pkey" PRIMARY KEY ("case_id","rule")
);

-- CreateTable
CREATE TABLE "flag" (
    "id" UUID NOT NULL,
    "round_id" TEXT NOT NULL,
    "manager_id" TEXT NOT NULL,
    "case_id" UUID,
    "kind" TEXT NOT NULL,
    "evidence" JSONB NOT NULL,
    "raised_at" TIMESTAMPTZ(3) NOT NULL,
    "first_by" TEXT,
    "first_verdict" TEXT,
    "first_reason" TEXT,
    "first_at" TIMESTAMPTZ(3),
    "second_by" TEXT,
    "second_verdict" TEXT,
    "second_reason" TEXT,
    "second_at" TIMESTAMPTZ(3),

    CONSTRAINT "flag_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "follow_up" (
    "id" UUID NOT NULL,
    "case_id" UUID NOT NULL,
    "named" BOOLEAN NOT NULL,
    "state" "follow_up_state" NOT NULL DEFAULT 'open',
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "taken_by" TEXT,
    "note" TEXT,
    "done_at" TIMESTAMPTZ(3),

    CONSTRAINT "follow_up_pkey" PRIMARY KEY ("id")
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
    "manager_id" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "app_user_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_key" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "digest" BYTEA NOT NULL,
    "scopes" TEXT[],
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_key_pkey" PRIMARY KEY ("id")
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
CREATE INDEX "retailer_phone_retailer_id_idx" ON "retailer_phone"("retailer_id");

-- CreateIndex
CREATE INDEX "retailer_phone_phone_id_idx" ON "retailer_phone"("phone_id");

-- CreateIndex
CREATE INDEX "roster_import_at_idx" ON "roster_import"("at");

-- CreateIndex
CREATE INDEX "assignment_manager_id_idx" ON "assignment"("manager_id");

-- CreateIndex
CREATE INDEX "round_state_idx" ON "round"("state");

-- CreateIndex
CREATE INDEX "release_round_id_manager_id_idx" ON "release"("round_id", "manager_id");

-- CreateIndex
CREATE INDEX "spot_check_state_due_at_idx" ON "spot_check"("state", "due_at");

-- CreateIndex
CREATE INDEX "round_schedule_next_at_idx" ON "round_schedule"("next_at");

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
CREATE INDEX "comment_case_id_idx" ON "comment"("case_id");

-- CreateIndex
CREATE INDEX "desk_task_state_due_at_idx" ON "desk_task"("state", "due_at");

-- CreateIndex
CREATE UNIQUE INDEX "desk_task_case_id_reason_key" ON "desk_task"("case_id", "reason");

-- CreateIndex
CREATE UNIQUE INDEX "flag_round_id_manager_id_kind_case_id_key" ON "flag"("round_id", "manager_id", "kind", "case_id");

-- CreateIndex
CREATE UNIQUE INDEX "follow_up_case_id_key" ON "follow_up"("case_id");

-- CreateIndex
CREATE INDEX "follow_up_state_due_at_idx" ON "follow_up"("state", "due_at");

-- CreateIndex
CREATE UNIQUE INDEX "publication_previous_hash_key" ON "publication"("previous_hash");

-- CreateIndex
CREATE UNIQUE INDEX "publication_period_sequence_key" ON "publication"("period", "sequence");

-- CreateIndex
CREATE UNIQUE INDEX "app_user_manager_id_key" ON "app_user"("manager_id");

-- CreateIndex
CREATE UNIQUE INDEX "api_key_digest_key" ON "api_key"("digest");

-- CreateIndex
CREATE INDEX "session_expire_idx" ON "session"("expire");

-- AddForeignKey
ALTER TABLE "manager" ADD CONSTRAINT "manager_district_id_fkey" FOREIGN KEY ("district_id") REFERENCES "district"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "opt_out" ADD CONSTRAINT "opt_out_phone_id_fkey" FOREIGN KEY ("phone_id") REFERENCES "phone"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "retailer" ADD CONSTRAINT "retailer_phone_id_fkey" FOREIGN KEY ("phone_id") REFERENCES "phone"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "retailer_phone" ADD CONSTRAINT "retailer_phone_retailer_id_fkey" FOREIGN KEY ("retailer_id") REFERENCES "retailer"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "retailer_phone" ADD CONSTRAINT "retailer_phone_phone_id_fkey" FOREIGN KEY ("phone_id") REFERENCES "phone"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "list_confirmation" ADD CONSTRAINT "list_confirmation_manager_id_fkey" FOREIGN KEY ("manager_id") REFERENCES "manager"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

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
ALTER TABLE "nonce" ADD CONSTRAINT "nonce_round_id_fkey" FOREIGN KEY ("round_id") REFERENCES "draw"("round_id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "release" ADD CONSTRAINT "release_round_id_fkey" FOREIGN KEY ("round_id") REFERENCES "round"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "release" ADD CONSTRAINT "release_spot_check_id_fkey" FOREIGN KEY ("spot_check_id") REFERENCES "spot_check"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "spot_check" ADD CONSTRAINT "spot_check_round_id_fkey" FOREIGN KEY ("round_id") REFERENCES "round"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

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
ALTER TABLE "survey_case" ADD CONSTRAINT "survey_case_release_id_fkey" FOREIGN KEY ("release_id") REFERENCES "release"("id") ON DELETE SET NULL ON UPDATE CASCADE;

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
ALTER TABLE "comment" ADD CONSTRAINT "comment_case_id_fkey" FOREIGN KEY ("case_id") REFERENCES "survey_case"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "desk_task" ADD CONSTRAINT "desk_task_case_id_fkey" FOREIGN KEY ("case_id") REFERENCES "survey_case"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "invalidation" ADD CONSTRAINT "invalidation_case_id_fkey" FOREIGN KEY ("case_id") REFERENCES "survey_case"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "flag" ADD CONSTRAINT "flag_round_id_fkey" FOREIGN KEY ("round_id") REFERENCES "round"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "flag" ADD CONSTRAINT "flag_case_id_fkey" FOREIGN KEY ("case_id") REFERENCES "survey_case"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "follow_up" ADD CONSTRAINT "follow_up_case_id_fkey" FOREIGN KEY ("case_id") REFERENCES "survey_case"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

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

-- A nonce that was handed in has a commitment; one number of a shop stands at each place of its list.
ALTER TABLE "nonce" ADD CONSTRAINT "nonce_is_committed_first" CHECK ("sealed" IS NULL OR "commitment" IS NOT NULL);
CREATE UNIQUE INDEX "retailer_phone_current" ON "retailer_phone" ("retailer_id", "place") WHERE "until" IS NULL;

-- A published questionnaire never changes, a draft may.
CREATE FUNCTION "refuse_change_of_published"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.published_at IS NOT NULL THEN RAISE EXCEPTION 'questionnaire % is published', OLD.id; END IF;
  RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER "questionnaire_published_stays" BEFORE UPDATE OR DELETE ON "questionnaire" FOR EACH ROW EXECUTE FUNCTION "refuse_change_of_published"();

-- The opt-out ledger, the release log and the audit log are only ever added to.
CREATE FUNCTION "refuse_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
CREATE TRIGGER "opt_out_append_only" BEFORE UPDATE OR DELETE ON "opt_out" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "release_append_only" BEFORE UPDATE OR DELETE ON "release" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "audit_append_only" BEFORE UPDATE OR DELETE ON "audit" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
