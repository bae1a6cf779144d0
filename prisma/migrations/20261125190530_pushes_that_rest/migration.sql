-- What waited before is due since it came.
ALTER TABLE "text_push" ADD COLUMN     "due_at" TIMESTAMPTZ(3),
ADD COLUMN     "tries" SMALLINT NOT NULL DEFAULT 0;
UPDATE "text_push" SET "due_at" = "at";
ALTER TABLE "text_push" ALTER COLUMN "due_at" SET NOT NULL;

-- CreateIndex
CREATE INDEX "text_push_due_at_idx" ON "text_push"("due_at");
