-- CreateTable
CREATE TABLE "voice_message" (
    "recording_id" TEXT NOT NULL,
    "case_id" UUID NOT NULL,
    "attempt_id" UUID NOT NULL,
    "seconds" INTEGER NOT NULL,
    "counts" BOOLEAN NOT NULL,
    "sealed" BYTEA,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "fetched_at" TIMESTAMPTZ(3),
    "deleted_at_carrier" TIMESTAMPTZ(3),
    "check_at" TIMESTAMPTZ(3),
    "checks" SMALLINT NOT NULL DEFAULT 0,

    CONSTRAINT "voice_message_pkey" PRIMARY KEY ("recording_id")
);

-- CreateIndex
CREATE INDEX "voice_message_case_id_idx" ON "voice_message"("case_id");

-- AddForeignKey
ALTER TABLE "voice_message" ADD CONSTRAINT "voice_message_case_id_fkey" FOREIGN KEY ("case_id") REFERENCES "survey_case"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- Nothing is deleted at the carrier that counts and is not kept here.
ALTER TABLE "voice_message" ADD CONSTRAINT "voice_message_kept_before_deleted" CHECK (NOT "counts" OR "deleted_at_carrier" IS NULL OR "sealed" IS NOT NULL);
CREATE INDEX "voice_message_to_check" ON "voice_message" ("check_at") WHERE "check_at" IS NOT NULL;
