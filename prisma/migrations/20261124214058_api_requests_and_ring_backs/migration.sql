-- AlterTable
ALTER TABLE "attempt" ADD COLUMN     "inbound" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "api_request" (
    "key_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "digest" BYTEA NOT NULL,
    "status" SMALLINT,
    "answer" JSONB,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "api_request_pkey" PRIMARY KEY ("key_id","name")
);

-- CreateIndex
CREATE INDEX "api_request_at_idx" ON "api_request"("at");

-- AddForeignKey
ALTER TABLE "api_request" ADD CONSTRAINT "api_request_key_id_fkey" FOREIGN KEY ("key_id") REFERENCES "api_key"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
