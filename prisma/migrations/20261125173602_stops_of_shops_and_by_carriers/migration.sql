-- AlterEnum
ALTER TYPE "opt_out_source" ADD VALUE 'carrier';

-- AlterTable
ALTER TABLE "opt_out" ADD COLUMN     "retailer_id" TEXT;

-- Which shop said it is known of every stop that came in a call or a thread.
ALTER TABLE "opt_out" DISABLE TRIGGER "opt_out_append_only";
UPDATE "opt_out" o SET "retailer_id" = c.retailer_id
FROM "attempt" a JOIN "survey_case" c ON c.id = a.case_id WHERE a.id = o.attempt_id;
ALTER TABLE "opt_out" ENABLE TRIGGER "opt_out_append_only";
