-- CreateEnum
CREATE TYPE "visit_state" AS ENUM ('open', 'made', 'not-possible', 'cancelled');

-- AlterTable
ALTER TABLE "retailer" ADD COLUMN     "address" TEXT NOT NULL DEFAULT '';

-- CreateTable
CREATE TABLE "visit_draw" (
    "id" UUID NOT NULL,
    "sequence" BIGSERIAL NOT NULL,
    "round_id" TEXT NOT NULL,
    "asked_by" TEXT NOT NULL,
    "via" TEXT,
    "reason" TEXT NOT NULL,
    "manager_ids" TEXT[],
    "per_manager" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "visit_draw_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "visit" (
    "id" UUID NOT NULL,
    "draw_id" UUID NOT NULL,
    "period" TEXT NOT NULL,
    "manager_id" TEXT NOT NULL,
    "retailer_id" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "visitor_id" TEXT NOT NULL,
    "due_on" DATE NOT NULL,
    "state" "visit_state" NOT NULL DEFAULT 'open',
    "checklist" TEXT,
    "findings" JSONB,
    "reason" TEXT,
    "note" BYTEA,
    "counted" BOOLEAN NOT NULL DEFAULT false,
    "wrong_codes" SMALLINT NOT NULL DEFAULT 0,
    "locked_until" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "ended_by" TEXT,

    CONSTRAINT "visit_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "visit_draw_sequence_key" ON "visit_draw"("sequence");

-- CreateIndex
CREATE INDEX "visit_visitor_id_state_idx" ON "visit"("visitor_id", "state");

-- CreateIndex
CREATE INDEX "visit_manager_id_idx" ON "visit"("manager_id");

-- CreateIndex
CREATE UNIQUE INDEX "visit_period_retailer_id_key" ON "visit"("period", "retailer_id");

-- AddForeignKey
ALTER TABLE "visit_draw" ADD CONSTRAINT "visit_draw_round_id_fkey" FOREIGN KEY ("round_id") REFERENCES "round"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "visit" ADD CONSTRAINT "visit_draw_id_fkey" FOREIGN KEY ("draw_id") REFERENCES "visit_draw"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "visit" ADD CONSTRAINT "visit_retailer_id_fkey" FOREIGN KEY ("retailer_id") REFERENCES "retailer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;


-- Whatever was drawn stays as it was drawn; a visit ends once.
CREATE FUNCTION "refuse_rewriting_of_visits"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.state = 'open'
    AND (NEW.id, NEW.draw_id, NEW.period, NEW.manager_id, NEW.retailer_id, NEW.position)
      IS NOT DISTINCT FROM (OLD.id, OLD.draw_id, OLD.period, OLD.manager_id, OLD.retailer_id, OLD.position) THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'a visit is drawn once and ends once, never changed';
END $$;
CREATE TRIGGER "visit_history" BEFORE UPDATE OR DELETE ON "visit" FOR EACH ROW EXECUTE FUNCTION "refuse_rewriting_of_visits"();
CREATE TRIGGER "visit_draw_append_only" BEFORE UPDATE OR DELETE ON "visit_draw" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
ALTER TABLE "visit" ADD CONSTRAINT "visit_ended" CHECK (("state" = 'open') = ("ended_at" IS NULL));
ALTER TABLE "visit" ADD CONSTRAINT "visit_found" CHECK (("state" = 'made') = ("findings" IS NOT NULL));
