-- AlterTable
ALTER TABLE "incident" ADD COLUMN     "error_name" TEXT;
