-- CreateEnum
CREATE TYPE "desk_call_state" AS ENUM ('dialing', 'bridged', 'ended');

-- AlterEnum
ALTER TYPE "desk_reason" ADD VALUE 'landline';

-- DropForeignKey
ALTER TABLE "follow_up" DROP CONSTRAINT "follow_up_case_id_fkey";

-- AlterTable
ALTER TABLE "app_user" ADD COLUMN     "phone" BYTEA;

-- AlterTable
ALTER TABLE "desk_task" ADD COLUMN     "not_for" TEXT,
ADD COLUMN     "from_at" TIMESTAMPTZ(3);
UPDATE "desk_task" SET "from_at" = "created_at";
ALTER TABLE "desk_task" ALTER COLUMN "from_at" SET NOT NULL;

-- AlterTable
ALTER TABLE "follow_up" ADD COLUMN     "phone_id" UUID,
ALTER COLUMN "case_id" DROP NOT NULL;
UPDATE "follow_up" f SET "phone_id" = c."phone_id" FROM "survey_case" c WHERE c."id" = f."case_id";
ALTER TABLE "follow_up" ALTER COLUMN "phone_id" SET NOT NULL;

-- AlterTable
ALTER TABLE "survey_case" ADD COLUMN     "if_silent" "desk_reason",
ADD COLUMN     "recheck" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "desk_call" (
    "id" UUID NOT NULL,
    "user_id" TEXT NOT NULL,
    "phone_id" UUID NOT NULL,
    "task_id" UUID,
    "follow_up_id" UUID,
    "attempt_id" UUID,
    "state" "desk_call_state" NOT NULL DEFAULT 'dialing',
    "result" TEXT,
    "carrier_id" TEXT,
    "dialed_at" TIMESTAMPTZ(3) NOT NULL,
    "bridged_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "check_at" TIMESTAMPTZ(3),

    CONSTRAINT "desk_call_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "desk_call_attempt_id_key" ON "desk_call"("attempt_id");

-- CreateIndex
CREATE INDEX "desk_call_task_id_idx" ON "desk_call"("task_id");

-- CreateIndex
CREATE INDEX "desk_call_follow_up_id_idx" ON "desk_call"("follow_up_id");

-- AddForeignKey
ALTER TABLE "desk_call" ADD CONSTRAINT "desk_call_phone_id_fkey" FOREIGN KEY ("phone_id") REFERENCES "phone"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "desk_call" ADD CONSTRAINT "desk_call_task_id_fkey" FOREIGN KEY ("task_id") REFERENCES "desk_task"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "desk_call" ADD CONSTRAINT "desk_call_follow_up_id_fkey" FOREIGN KEY ("follow_up_id") REFERENCES "follow_up"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "follow_up" ADD CONSTRAINT "follow_up_case_id_fkey" FOREIGN KEY ("case_id") REFERENCES "survey_case"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "follow_up" ADD CONSTRAINT "follow_up_phone_id_fkey" FOREIGN KEY ("phone_id") REFERENCES "phone"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- Never call twice holds for people too: one live call of the desk a number, one a caller, one open wish a shop that was
-- never drawn.
CREATE UNIQUE INDEX "desk_call_one_live_per_phone" ON "desk_call" ("phone_id") WHERE "state" <> 'ended';
CREATE UNIQUE INDEX "desk_call_one_live_per_user" ON "desk_call" ("user_id") WHERE "state" <> 'ended';
CREATE INDEX "desk_call_to_check" ON "desk_call" ("check_at") WHERE "check_at" IS NOT NULL;
CREATE UNIQUE INDEX "desk_task_one_taken_per_user" ON "desk_task" ("taken_by") WHERE "state" = 'taken';
CREATE UNIQUE INDEX "follow_up_one_per_undrawn_phone" ON "follow_up" ("phone_id") WHERE "case_id" IS NULL;
