-- CreateTable
CREATE TABLE "training_record" (
    "id" UUID NOT NULL,
    "manager_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "hours" DECIMAL(8,2),
    "day" DATE NOT NULL,
    "evidence" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "recorded_by" TEXT NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "training_record_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "training_reversal" (
    "record_id" UUID NOT NULL,
    "reason" TEXT NOT NULL,
    "by" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "training_reversal_pkey" PRIMARY KEY ("record_id")
);

-- CreateTable
CREATE TABLE "training_duty" (
    "id" UUID NOT NULL,
    "manager_id" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "publication_hash" TEXT NOT NULL,
    "move" TEXT NOT NULL,
    "due_on" DATE NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "training_duty_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "training_duty_met" (
    "duty_id" UUID NOT NULL,
    "proof" TEXT NOT NULL,
    "by" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "training_duty_met_pkey" PRIMARY KEY ("duty_id")
);

-- CreateIndex
CREATE INDEX "training_record_manager_id_day_idx" ON "training_record"("manager_id", "day");

-- CreateIndex
CREATE INDEX "training_record_day_idx" ON "training_record"("day");

-- CreateIndex
CREATE UNIQUE INDEX "training_duty_manager_id_period_key" ON "training_duty"("manager_id", "period");

-- AddForeignKey
ALTER TABLE "training_record" ADD CONSTRAINT "training_record_manager_id_fkey" FOREIGN KEY ("manager_id") REFERENCES "manager"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "training_reversal" ADD CONSTRAINT "training_reversal_record_id_fkey" FOREIGN KEY ("record_id") REFERENCES "training_record"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "training_duty" ADD CONSTRAINT "training_duty_manager_id_fkey" FOREIGN KEY ("manager_id") REFERENCES "manager"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "training_duty" ADD CONSTRAINT "training_duty_publication_hash_fkey" FOREIGN KEY ("publication_hash") REFERENCES "publication"("hash") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "training_duty_met" ADD CONSTRAINT "training_duty_met_duty_id_fkey" FOREIGN KEY ("duty_id") REFERENCES "training_duty"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "training_record"
  ADD CONSTRAINT "training_record_kind" CHECK ("kind" IN ('course', 'certificate', 'exam')),
  -- A course has its hours, and nothing else has.
  ADD CONSTRAINT "training_record_hours" CHECK (CASE "kind" WHEN 'course' THEN "hours" IS NOT NULL AND "hours" > 0 ELSE "hours" IS NULL END);
ALTER TABLE "training_duty" ADD CONSTRAINT "training_duty_move" CHECK ("move" IN ('down', 'floor'));
CREATE TRIGGER "training_record_append_only" BEFORE UPDATE OR DELETE ON "training_record" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "training_reversal_append_only" BEFORE UPDATE OR DELETE ON "training_reversal" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "training_duty_append_only" BEFORE UPDATE OR DELETE ON "training_duty" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "training_duty_met_append_only" BEFORE UPDATE OR DELETE ON "training_duty_met" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
