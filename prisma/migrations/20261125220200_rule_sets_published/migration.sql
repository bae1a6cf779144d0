-- AlterTable
ALTER TABLE "round_schedule" DROP COLUMN "rule_set_id";

-- AlterTable
ALTER TABLE "rule_set" ADD COLUMN     "published_at" TIMESTAMPTZ(3),
ADD COLUMN     "published_by" TEXT;

-- CreateTable
CREATE TABLE "rule_draft" (
    "id" TEXT NOT NULL,
    "document" JSONB NOT NULL,
    "hash" TEXT NOT NULL,
    "saved_at" TIMESTAMPTZ(3) NOT NULL,
    "saved_by" TEXT NOT NULL,

    CONSTRAINT "rule_draft_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "rule_set_acknowledgement" (
    "rule_set_id" TEXT NOT NULL,
    "manager_id" TEXT NOT NULL,
    "by" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "rule_set_acknowledgement_pkey" PRIMARY KEY ("rule_set_id","manager_id")
);

-- CreateIndex
CREATE UNIQUE INDEX "rule_set_effective_from_key" ON "rule_set"("effective_from");

-- AddForeignKey
ALTER TABLE "rule_set_acknowledgement" ADD CONSTRAINT "rule_set_acknowledgement_rule_set_id_fkey" FOREIGN KEY ("rule_set_id") REFERENCES "rule_set"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "rule_set_acknowledgement" ADD CONSTRAINT "rule_set_acknowledgement_manager_id_fkey" FOREIGN KEY ("manager_id") REFERENCES "manager"("id") ON DELETE RESTRICT ON UPDATE CASCADE;


CREATE TRIGGER "rule_set_append_only" BEFORE UPDATE OR DELETE ON "rule_set" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "rule_set_acknowledgement_append_only" BEFORE UPDATE OR DELETE ON "rule_set_acknowledgement" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();

-- One rule set holds for the whole company: which one, is said here and nowhere else. Of a month, null before the first.
CREATE FUNCTION "rule_set_in_force"("period" text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT id FROM rule_set WHERE effective_from <= period ORDER BY effective_from DESC LIMIT 1
$$;
-- Of a moment, for what is asked all the time (which time zone are we in?): before the first has come, the first. The
-- month is that of UTC, since the company's own time zone is what may be asked for.
CREATE FUNCTION "rule_set_at"("moment" timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT coalesce(rule_set_in_force(to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM')),
                  (SELECT id FROM rule_set ORDER BY effective_from LIMIT 1))
$$;
