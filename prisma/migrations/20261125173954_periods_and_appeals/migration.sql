-- CreateEnum
CREATE TYPE "appeal_kind" AS ENUM ('wrong-assignment', 'invalid-call', 'indicator');

-- CreateEnum
CREATE TYPE "appeal_state" AS ENUM ('open', 'upheld', 'dismissed', 'withdrawn');

-- AlterTable
-- What was published before there were notices held from the moment it was published.
ALTER TABLE "publication" ADD COLUMN     "appeals_until" TIMESTAMPTZ(3),
ADD COLUMN     "stage" TEXT NOT NULL DEFAULT 'final';
UPDATE "publication" SET "appeals_until" = "published_at";
ALTER TABLE "publication" ALTER COLUMN "appeals_until" SET NOT NULL, ALTER COLUMN "stage" DROP DEFAULT;

-- CreateTable
CREATE TABLE "result" (
    "publication_hash" TEXT NOT NULL,
    "manager_id" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "rating" TEXT NOT NULL,
    "tier" SMALLINT NOT NULL,
    "streak_restarts" BOOLEAN NOT NULL,
    "window_first" TEXT,
    "window_last" TEXT,
    "document" JSONB NOT NULL,

    CONSTRAINT "result_pkey" PRIMARY KEY ("publication_hash","manager_id")
);

-- CreateTable
CREATE TABLE "appeal" (
    "id" UUID NOT NULL,
    "period" TEXT NOT NULL,
    "manager_id" TEXT NOT NULL,
    "against" TEXT NOT NULL,
    "kind" "appeal_kind" NOT NULL,
    "retailer_id" TEXT,
    "indicator" TEXT,
    "value" DECIMAL(12,4),
    "statement" TEXT NOT NULL,
    "evidence" TEXT NOT NULL,
    "state" "appeal_state" NOT NULL DEFAULT 'open',
    "filed_by" TEXT NOT NULL,
    "filed_at" TIMESTAMPTZ(3) NOT NULL,
    "decided_at" TIMESTAMPTZ(3),

    CONSTRAINT "appeal_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "appeal_verdict" (
    "appeal_id" UUID NOT NULL,
    "by" TEXT NOT NULL,
    "uphold" BOOLEAN NOT NULL,
    "reason" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "appeal_verdict_pkey" PRIMARY KEY ("appeal_id","by")
);

-- CreateTable
CREATE TABLE "frame_correction" (
    "round_id" TEXT NOT NULL,
    "retailer_id" TEXT NOT NULL,
    "appeal_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "frame_correction_pkey" PRIMARY KEY ("round_id","retailer_id")
);

-- CreateIndex
CREATE INDEX "result_manager_id_period_idx" ON "result"("manager_id", "period" DESC);

-- CreateIndex
CREATE INDEX "appeal_period_manager_id_idx" ON "appeal"("period", "manager_id");

-- CreateIndex
CREATE INDEX "appeal_state_idx" ON "appeal"("state");

-- AddForeignKey
ALTER TABLE "result" ADD CONSTRAINT "result_publication_hash_fkey" FOREIGN KEY ("publication_hash") REFERENCES "publication"("hash") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "appeal" ADD CONSTRAINT "appeal_manager_id_fkey" FOREIGN KEY ("manager_id") REFERENCES "manager"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "appeal_verdict" ADD CONSTRAINT "appeal_verdict_appeal_id_fkey" FOREIGN KEY ("appeal_id") REFERENCES "appeal"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "frame_correction" ADD CONSTRAINT "frame_correction_appeal_id_fkey" FOREIGN KEY ("appeal_id") REFERENCES "appeal"("id") ON DELETE RESTRICT ON UPDATE CASCADE;


INSERT INTO "result" ("publication_hash", "manager_id", "period", "rating", "tier", "streak_restarts", "window_first", "window_last", "document")
SELECT p.hash, m->>'id', p.period, m->>'rating', (m->>'tier')::smallint, m->>'move' IN ('up', 'down', 'floor'),
       CASE WHEN m->>'customer' IS NOT NULL THEN p.period END, CASE WHEN m->>'customer' IS NOT NULL THEN p.period END, m
FROM "publication" p, jsonb_array_elements(p.document->'managers') AS m;

ALTER TABLE "publication" ADD CONSTRAINT "publication_stage" CHECK ("stage" IN ('notice', 'final'));
-- An appeal is about a shop or about an indicator.
ALTER TABLE "appeal" ADD CONSTRAINT "appeal_about_something" CHECK (CASE "kind" WHEN 'indicator'
  THEN "indicator" IS NOT NULL AND "value" IS NOT NULL AND "retailer_id" IS NULL
  ELSE "indicator" IS NULL AND "value" IS NULL AND "retailer_id" IS NOT NULL END);
CREATE UNIQUE INDEX "appeal_once_open" ON "appeal" ("period", "manager_id", "kind", coalesce("retailer_id", "indicator")) WHERE "state" = 'open';

CREATE TRIGGER "publication_append_only" BEFORE UPDATE OR DELETE ON "publication" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "result_append_only" BEFORE UPDATE OR DELETE ON "result" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "appeal_verdict_append_only" BEFORE UPDATE OR DELETE ON "appeal_verdict" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "frame_correction_append_only" BEFORE UPDATE OR DELETE ON "frame_correction" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
-- What was filed stays as it was; an open appeal is settled once.
CREATE FUNCTION "refuse_rewriting_of_appeals"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.state = 'open' AND NEW.state <> 'open'
    AND to_jsonb(NEW) - 'state' - 'decided_at' = to_jsonb(OLD) - 'state' - 'decided_at' THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'an appeal is settled once, never changed';
END $$;
CREATE TRIGGER "appeal_history" BEFORE UPDATE OR DELETE ON "appeal" FOR EACH ROW EXECUTE FUNCTION "refuse_rewriting_of_appeals"();
