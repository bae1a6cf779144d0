-- AlterTable
ALTER TABLE "attempt" ADD COLUMN     "price_asked_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "message" ADD COLUMN     "price_asked_at" TIMESTAMPTZ(3);
