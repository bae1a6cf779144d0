-- CreateEnum
CREATE TYPE "indicator_source" AS ENUM ('imported', 'computed', 'appeal');

-- AlterTable
ALTER TABLE "unit_indicator" ADD COLUMN     "done" DECIMAL(16,4),
ADD COLUMN     "due" DECIMAL(16,4),
ADD COLUMN     "events" INTEGER,
ADD COLUMN     "source" "indicator_source" NOT NULL DEFAULT 'imported';

-- CreateTable
CREATE TABLE "work_event" (
    "id" UUID NOT NULL,
    "manager_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "reference" TEXT NOT NULL,
    "day" DATE NOT NULL,
    "done" DECIMAL(12,4) NOT NULL,
    "due" DECIMAL(12,4),
    "evidence" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "recorded_by" TEXT NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    "reverses" UUID,

    CONSTRAINT "work_event_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "work_event_reverses_key" ON "work_event"("reverses");

-- CreateIndex
CREATE INDEX "work_event_manager_id_kind_reference_idx" ON "work_event"("manager_id", "kind", "reference");

-- CreateIndex
CREATE INDEX "work_event_day_idx" ON "work_event"("day");

-- AddForeignKey
ALTER TABLE "work_event" ADD CONSTRAINT "work_event_manager_id_fkey" FOREIGN KEY ("manager_id") REFERENCES "manager"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "work_event" ADD CONSTRAINT "work_event_reverses_fkey" FOREIGN KEY ("reverses") REFERENCES "work_event"("id") ON DELETE SET NULL ON UPDATE CASCADE;


ALTER TABLE "work_event" ADD CONSTRAINT "work_event_amounts" CHECK ("done" >= 0 AND ("due" IS NULL OR "due" > 0));
-- What came in by a file or was mended counts nothing.
ALTER TABLE "unit_indicator" ADD CONSTRAINT "unit_indicator_provenance" CHECK ("source" = 'computed' OR ("events" IS NULL AND "done" IS NULL AND "due" IS NULL));
CREATE TRIGGER "work_event_append_only" BEFORE UPDATE OR DELETE ON "work_event" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
CREATE VIEW "work_event_standing" AS
  SELECT * FROM "work_event" e
  WHERE e."reverses" IS NULL AND NOT EXISTS (SELECT FROM "work_event" r WHERE r."reverses" = e."id");
