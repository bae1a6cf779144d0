-- AlterTable
ALTER TABLE "appeal" ADD COLUMN     "of_final" BOOLEAN NOT NULL DEFAULT false;
