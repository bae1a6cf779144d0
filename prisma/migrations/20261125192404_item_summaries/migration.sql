-- CreateTable
CREATE TABLE "item_summary" (
    "period" TEXT NOT NULL,
    "manager_id" TEXT NOT NULL,
    "item" TEXT NOT NULL,
    "responses" INTEGER NOT NULL,
    "distribution" INTEGER[],
    "window_first" TEXT NOT NULL,
    "window_last" TEXT NOT NULL,

    CONSTRAINT "item_summary_pkey" PRIMARY KEY ("period","manager_id","item")
);

-- CreateIndex
CREATE INDEX "item_summary_manager_id_item_period_idx" ON "item_summary"("manager_id", "item", "period" DESC);

CREATE TRIGGER "item_summary_append_only" BEFORE UPDATE OR DELETE ON "item_summary" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
