-- CreateTable
CREATE TABLE "exchange_call" (
    "id" TEXT NOT NULL,
    "dialled" BYTEA NOT NULL,
    "from_number" TEXT NOT NULL,
    "asked_at" TIMESTAMPTZ(3) NOT NULL,
    "state" TEXT NOT NULL,
    "result" TEXT,
    "error_code" INTEGER,
    "confirmed" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "exchange_call_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "exchange_call_dialled_asked_at_idx" ON "exchange_call"("dialled", "asked_at");

-- The states of book.ts, and a result where it ended.
ALTER TABLE "exchange_call" ADD CONSTRAINT "exchange_call_state" CHECK ("state" IN ('queued', 'ringing', 'in-progress', 'ended'));
ALTER TABLE "exchange_call" ADD CONSTRAINT "exchange_call_result" CHECK (("state" = 'ended') = ("result" IS NOT NULL));
-- After a lost connection: what is still to be told of.
CREATE INDEX "exchange_call_open" ON "exchange_call" ("asked_at") WHERE "state" <> 'ended';
