-- AlterTable
ALTER TABLE "spot_check" ADD COLUMN     "via" TEXT;
