-- AlterTable
ALTER TABLE "attempt" ADD COLUMN     "from_number" TEXT,
ADD COLUMN     "price" DECIMAL(12,6),
ADD COLUMN     "price_unit" TEXT;

-- AlterTable
ALTER TABLE "desk_call" ADD COLUMN     "from_number" TEXT;

-- AlterTable
ALTER TABLE "message" ADD COLUMN     "price" DECIMAL(12,6),
ADD COLUMN     "price_unit" TEXT;

-- The number a shop was called from last, and answer rates by number.
CREATE INDEX "attempt_called_from" ON "attempt" ("phone_id", "dialed_at") WHERE "from_number" IS NOT NULL;
CREATE INDEX "desk_call_called_from" ON "desk_call" ("phone_id", "dialed_at") WHERE "from_number" IS NOT NULL;
-- What was made of late and has no price yet.
CREATE INDEX "attempt_unpriced" ON "attempt" ("dialed_at") WHERE "price" IS NULL AND "carrier_id" IS NOT NULL AND "channel" = 'voice';
CREATE INDEX "message_unpriced" ON "message" ("sent_at") WHERE "price" IS NULL AND "carrier_id" IS NOT NULL;
