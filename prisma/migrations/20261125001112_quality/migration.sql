-- AlterTable
ALTER TABLE "invalidation" DROP CONSTRAINT "invalidation_pkey",
ADD COLUMN     "id" BIGSERIAL NOT NULL,
ADD COLUMN     "withdrawn_at" TIMESTAMPTZ(3),
ADD CONSTRAINT "invalidation_pkey" PRIMARY KEY ("id");

-- CreateTable
CREATE TABLE "staff_phone" (
    "id" UUID NOT NULL,
    "blind_index" BYTEA NOT NULL,
    "sealed" BYTEA NOT NULL,
    "masked" TEXT NOT NULL,
    "employee" TEXT NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "until" TIMESTAMPTZ(3),
    "added_by" TEXT NOT NULL,
    "removed_by" TEXT,

    CONSTRAINT "staff_phone_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "staff_phone_blind_index_idx" ON "staff_phone"("blind_index");

-- CreateIndex
CREATE INDEX "invalidation_case_id_idx" ON "invalidation"("case_id");

-- A number stands on the staff's list once, a response is invalid by a rule once at a time, and a manager is flagged for
-- one kind of thing once a round: in a unique index every NULL is another one.
CREATE UNIQUE INDEX "staff_phone_current" ON "staff_phone" ("blind_index") WHERE "until" IS NULL;
CREATE UNIQUE INDEX "invalidation_in_force" ON "invalidation" ("case_id", "rule") WHERE "withdrawn_at" IS NULL;
CREATE UNIQUE INDEX "flag_once_a_manager" ON "flag" ("round_id", "manager_id", "kind") WHERE "case_id" IS NULL;

-- An invalidation is withdrawn, and nothing else of it changes; a verdict that was given stands.
CREATE FUNCTION "refuse_rewriting"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_TABLE_NAME = 'invalidation' THEN
    IF OLD.withdrawn_at IS NULL AND NEW.withdrawn_at IS NOT NULL
      AND to_jsonb(NEW) - 'withdrawn_at' = to_jsonb(OLD) - 'withdrawn_at' THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'an invalidation is withdrawn, never changed';
  END IF;
  IF (OLD.first_by IS NULL OR (NEW.first_by, NEW.first_verdict, NEW.first_reason, NEW.first_at) IS NOT DISTINCT FROM (OLD.first_by, OLD.first_verdict, OLD.first_reason, OLD.first_at))
    AND OLD.second_by IS NULL AND NEW.first_by IS DISTINCT FROM NEW.second_by
    AND (NEW.kind, NEW.evidence) IS NOT DISTINCT FROM (OLD.kind, OLD.evidence) THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'a flag takes two verdicts, of two people, and neither changes';
END $$;
CREATE TRIGGER "invalidation_history" BEFORE UPDATE ON "invalidation" FOR EACH ROW EXECUTE FUNCTION "refuse_rewriting"();
CREATE TRIGGER "invalidation_stays" BEFORE DELETE ON "invalidation" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "flag_history" BEFORE UPDATE ON "flag" FOR EACH ROW EXECUTE FUNCTION "refuse_rewriting"();
