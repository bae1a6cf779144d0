-- CreateTable
CREATE TABLE "target" (
    "period" TEXT NOT NULL,
    "manager_id" TEXT NOT NULL,
    "code" TEXT NOT NULL,
    "base" DECIMAL(12,4) NOT NULL,
    "facts" JSONB NOT NULL,
    "actual" DECIMAL(12,4),

    CONSTRAINT "target_pkey" PRIMARY KEY ("period","manager_id","code")
);

-- AddForeignKey
ALTER TABLE "target" ADD CONSTRAINT "target_manager_id_fkey" FOREIGN KEY ("manager_id") REFERENCES "manager"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- An indicator is what came of it divided by its target.
ALTER TABLE "target" ADD CONSTRAINT "target_of_something" CHECK ("base" > 0);
