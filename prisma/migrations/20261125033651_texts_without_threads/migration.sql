-- DropForeignKey
ALTER TABLE "message" DROP CONSTRAINT "message_attempt_id_fkey";

-- AlterTable
ALTER TABLE "message" ADD COLUMN     "error_name" TEXT,
ADD COLUMN     "segments" SMALLINT,
ALTER COLUMN "attempt_id" DROP NOT NULL;

-- CreateTable
CREATE TABLE "notice" (
    "message_id" UUID NOT NULL,
    "text" TEXT NOT NULL,
    "occasion" TEXT NOT NULL,
    "blind_index" BYTEA NOT NULL,
    "sealed" BYTEA NOT NULL,
    "case_id" UUID,
    "follow_up_id" UUID,
    "language" TEXT NOT NULL,
    "time_zone" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3),
    "answer" SMALLINT,

    CONSTRAINT "notice_pkey" PRIMARY KEY ("message_id")
);

-- CreateTable
CREATE TABLE "text_push" (
    "id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "sealed" BYTEA NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "text_push_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "notice_blind_index_idx" ON "notice"("blind_index");

-- CreateIndex
CREATE INDEX "notice_case_id_idx" ON "notice"("case_id");

-- CreateIndex
CREATE INDEX "notice_follow_up_id_idx" ON "notice"("follow_up_id");

-- CreateIndex
CREATE UNIQUE INDEX "notice_text_blind_index_occasion_key" ON "notice"("text", "blind_index", "occasion");

-- AddForeignKey
ALTER TABLE "message" ADD CONSTRAINT "message_attempt_id_fkey" FOREIGN KEY ("attempt_id") REFERENCES "attempt"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "notice" ADD CONSTRAINT "notice_message_id_fkey" FOREIGN KEY ("message_id") REFERENCES "message"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "notice" ADD CONSTRAINT "notice_case_id_fkey" FOREIGN KEY ("case_id") REFERENCES "survey_case"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "notice" ADD CONSTRAINT "notice_follow_up_id_fkey" FOREIGN KEY ("follow_up_id") REFERENCES "follow_up"("id") ON DELETE SET NULL ON UPDATE CASCADE;
