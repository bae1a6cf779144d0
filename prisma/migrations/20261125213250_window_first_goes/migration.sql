-- AlterTable
ALTER TABLE "result" DROP COLUMN "window_first";
