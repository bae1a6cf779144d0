-- DropIndex
DROP INDEX "attempt_round_id_touched_at_idx";

-- CreateIndex
CREATE INDEX "attempt_round_id_ended_at_idx" ON "attempt"("round_id", "ended_at" DESC);

-- A turn moves its attempt, its case and its number, in columns of no index: with room left on their pages the new
-- versions lie beside the old ones, and no index is written.
ALTER TABLE "attempt" SET (fillfactor = 70);
ALTER TABLE "survey_case" SET (fillfactor = 80);
ALTER TABLE "phone" SET (fillfactor = 85);
