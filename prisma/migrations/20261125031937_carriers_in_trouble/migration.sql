-- AlterTable
ALTER TABLE "pace" ADD COLUMN     "rest_until" TIMESTAMPTZ(3),
ADD COLUMN     "silences" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "troubled_at" TIMESTAMPTZ(3),
ADD COLUMN     "troubles" INTEGER NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "round_served" (
    "carrier" TEXT NOT NULL,
    "round_id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "round_served_pkey" PRIMARY KEY ("carrier","round_id")
);

-- CreateTable
CREATE TABLE "incident" (
    "id" UUID NOT NULL,
    "carrier" TEXT NOT NULL,
    "error_code" INTEGER,
    "refusals" INTEGER NOT NULL DEFAULT 1,
    "opened_at" TIMESTAMPTZ(3) NOT NULL,
    "last_at" TIMESTAMPTZ(3) NOT NULL,
    "closed_at" TIMESTAMPTZ(3),
    "closed_by" TEXT,

    CONSTRAINT "incident_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "incident_opened_at_idx" ON "incident"("opened_at" DESC);

-- AddForeignKey
ALTER TABLE "round_served" ADD CONSTRAINT "round_served_round_id_fkey" FOREIGN KEY ("round_id") REFERENCES "round"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- One open incident a carrier, however many requests it refuses.
CREATE UNIQUE INDEX "incident_open" ON "incident" ("carrier") WHERE "closed_at" IS NULL;

-- Each round's due cases by themselves, since rounds take turns.
DROP INDEX "survey_case_due";
CREATE INDEX "survey_case_due" ON "survey_case" ("round_id", "due_channel", "due_at", "position", "id") WHERE "due_at" IS NOT NULL;
DROP INDEX "survey_case_spot_check_due";
CREATE INDEX "survey_case_spot_check_due" ON "survey_case" ("round_id", "due_channel", "due_at", "position", "id") WHERE "due_at" IS NOT NULL AND "wave" = 0;
