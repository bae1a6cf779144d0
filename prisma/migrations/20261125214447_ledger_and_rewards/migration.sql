-- CreateTable
CREATE TABLE "ledger_line" (
    "id" UUID NOT NULL,
    "sequence" BIGSERIAL NOT NULL,
    "manager_id" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "publication_hash" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "about" TEXT NOT NULL,
    "amount" DECIMAL(12,2) NOT NULL,
    "due_on" DATE NOT NULL,
    "reward_id" UUID,
    "reverses" UUID,
    "reason" TEXT,
    "by" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "ledger_line_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ledger_settlement" (
    "line_id" UUID NOT NULL,
    "proof" TEXT NOT NULL,
    "by" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "ledger_settlement_pkey" PRIMARY KEY ("line_id")
);

-- CreateTable
CREATE TABLE "reward_budget" (
    "district_id" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "amount" DECIMAL(12,2) NOT NULL,
    "set_by" TEXT NOT NULL,
    "set_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "reward_budget_pkey" PRIMARY KEY ("district_id","period")
);

-- CreateTable
CREATE TABLE "reward_proposal" (
    "id" UUID NOT NULL,
    "manager_id" TEXT NOT NULL,
    "district_id" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "indicator" TEXT,
    "amount" DECIMAL(12,2) NOT NULL,
    "reason" TEXT NOT NULL,
    "evidence" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'proposed',
    "proposed_by" TEXT NOT NULL,
    "proposed_at" TIMESTAMPTZ(3) NOT NULL,
    "decided_by" TEXT,
    "decided_at" TIMESTAMPTZ(3),
    "decision" TEXT,

    CONSTRAINT "reward_proposal_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "ledger_line_sequence_key" ON "ledger_line"("sequence");

-- CreateIndex
CREATE UNIQUE INDEX "ledger_line_reverses_key" ON "ledger_line"("reverses");

-- CreateIndex
CREATE INDEX "ledger_line_manager_id_period_idx" ON "ledger_line"("manager_id", "period");

-- CreateIndex
CREATE INDEX "ledger_line_period_idx" ON "ledger_line"("period");

-- CreateIndex
CREATE INDEX "reward_proposal_district_id_period_idx" ON "reward_proposal"("district_id", "period");

-- CreateIndex
CREATE INDEX "reward_proposal_proposed_at_id_idx" ON "reward_proposal"("proposed_at" DESC, "id");

-- AddForeignKey
ALTER TABLE "ledger_line" ADD CONSTRAINT "ledger_line_manager_id_fkey" FOREIGN KEY ("manager_id") REFERENCES "manager"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ledger_line" ADD CONSTRAINT "ledger_line_publication_hash_fkey" FOREIGN KEY ("publication_hash") REFERENCES "publication"("hash") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ledger_line" ADD CONSTRAINT "ledger_line_reward_id_fkey" FOREIGN KEY ("reward_id") REFERENCES "reward_proposal"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ledger_line" ADD CONSTRAINT "ledger_line_reverses_fkey" FOREIGN KEY ("reverses") REFERENCES "ledger_line"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ledger_settlement" ADD CONSTRAINT "ledger_settlement_line_id_fkey" FOREIGN KEY ("line_id") REFERENCES "ledger_line"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "reward_budget" ADD CONSTRAINT "reward_budget_district_id_fkey" FOREIGN KEY ("district_id") REFERENCES "district"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "reward_proposal" ADD CONSTRAINT "reward_proposal_manager_id_fkey" FOREIGN KEY ("manager_id") REFERENCES "manager"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "reward_proposal" ADD CONSTRAINT "reward_proposal_district_id_fkey" FOREIGN KEY ("district_id") REFERENCES "district"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "ledger_line"
  ADD CONSTRAINT "ledger_line_kind" CHECK ("kind" IN ('rating', 'tier', 'move', 'reward')),
  ADD CONSTRAINT "ledger_line_is_something" CHECK ("amount" <> 0),
  ADD CONSTRAINT "ledger_line_reward" CHECK (("kind" = 'reward') = ("reward_id" IS NOT NULL)),
  ADD CONSTRAINT "ledger_line_taken_back_for_a_reason" CHECK (("reverses" IS NULL) = ("reason" IS NULL));
-- What a result promises is promised once, and a reward is given once.
CREATE UNIQUE INDEX "ledger_line_promised_once" ON "ledger_line" ("publication_hash", "manager_id", "kind") WHERE "reverses" IS NULL AND "kind" <> 'reward';
CREATE UNIQUE INDEX "ledger_line_given_once" ON "ledger_line" ("reward_id") WHERE "reverses" IS NULL;
CREATE TRIGGER "ledger_line_append_only" BEFORE UPDATE OR DELETE ON "ledger_line" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "ledger_settlement_append_only" BEFORE UPDATE OR DELETE ON "ledger_settlement" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();

ALTER TABLE "reward_budget" ADD CONSTRAINT "reward_budget_amount" CHECK ("amount" >= 0);
ALTER TABLE "reward_proposal"
  ADD CONSTRAINT "reward_proposal_kind" CHECK ("kind" IN ('over-fulfilment', 'service', 'other')),
  ADD CONSTRAINT "reward_proposal_of_an_indicator" CHECK (("kind" = 'over-fulfilment') = ("indicator" IS NOT NULL)),
  ADD CONSTRAINT "reward_proposal_amount" CHECK ("amount" > 0),
  ADD CONSTRAINT "reward_proposal_state" CHECK ("state" IN ('proposed', 'approved', 'refused', 'withdrawn')),
  ADD CONSTRAINT "reward_proposal_decided" CHECK (("state" = 'proposed') = ("decided_at" IS NULL) AND ("decided_at" IS NULL) = ("decided_by" IS NULL)),
  ADD CONSTRAINT "reward_proposal_turned_down_for_a_reason" CHECK ("state" NOT IN ('refused', 'withdrawn') OR "decision" IS NOT NULL),
  ADD CONSTRAINT "reward_proposal_not_by_himself" CHECK ("state" <> 'approved' OR "decided_by" <> "proposed_by");
-- What was proposed stays as it was; it is decided once.
CREATE FUNCTION "refuse_rewriting_of_rewards"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.state = 'proposed' AND NEW.state <> 'proposed'
    AND to_jsonb(NEW) - '{state,decided_by,decided_at,decision}'::text[] = to_jsonb(OLD) - '{state,decided_by,decided_at,decision}'::text[] THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'a proposal is decided once, never changed';
END $$;
CREATE TRIGGER "reward_proposal_history" BEFORE UPDATE OR DELETE ON "reward_proposal" FOR EACH ROW EXECUTE FUNCTION "refuse_rewriting_of_rewards"();
