-- CreateTable
CREATE TABLE "roster_upload" (
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "file_name" TEXT NOT NULL,
    "full" BOOLEAN NOT NULL,
    "sealed" BYTEA NOT NULL,
    "user_id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "roster_upload_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "roster_upload_user_id_idx" ON "roster_upload"("user_id");
