-- AlterTable
ALTER TABLE "follow_up" ADD COLUMN     "confirmed_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "charted_week" (
    "round_id" TEXT NOT NULL,
    "manager_id" TEXT NOT NULL,
    "district_id" TEXT NOT NULL,
    "week" DATE NOT NULL,
    "responses" INTEGER NOT NULL,
    "points" DOUBLE PRECISION NOT NULL,
    "squares" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "charted_week_pkey" PRIMARY KEY ("round_id","manager_id","week")
);

-- CreateTable
CREATE TABLE "alarm" (
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "level" TEXT NOT NULL,
    "subject_kind" TEXT NOT NULL,
    "subject_id" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "limit" TEXT NOT NULL,
    "opened_at" TIMESTAMPTZ(3) NOT NULL,
    "acknowledged_at" TIMESTAMPTZ(3),
    "acknowledged_by" TEXT,
    "note" TEXT,
    "closed_at" TIMESTAMPTZ(3),

    CONSTRAINT "alarm_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "charted_week_week_idx" ON "charted_week"("week");

-- CreateIndex
CREATE INDEX "alarm_opened_at_id_idx" ON "alarm"("opened_at" DESC, "id");

-- CreateIndex
CREATE INDEX "follow_up_created_at_idx" ON "follow_up"("created_at");

-- One open alarm for each kind and subject, whatever runs at once.
CREATE UNIQUE INDEX "alarm_open" ON "alarm" ("kind", "subject_kind", "subject_id") WHERE "closed_at" IS NULL;
