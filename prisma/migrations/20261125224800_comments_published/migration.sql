-- AlterTable
ALTER TABLE "comment" ADD COLUMN     "released" TEXT;

-- CreateTable
CREATE TABLE "published_comment" (
    "period" TEXT NOT NULL,
    "manager_id" TEXT NOT NULL,
    "place" INTEGER NOT NULL,
    "sealed" BYTEA NOT NULL,

    CONSTRAINT "published_comment_pkey" PRIMARY KEY ("period","manager_id","place")
);

CREATE TRIGGER "published_comment_append_only" BEFORE UPDATE OR DELETE ON "published_comment" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();

-- Whoever writes here, by whatever statement: a month that is not final, or too few at once, is refused.
CREATE FUNCTION "refuse_telling_comments"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM (SELECT period, manager_id, count(*) AS told FROM fresh GROUP BY 1, 2) f
    WHERE NOT EXISTS (
      SELECT FROM publication p
      WHERE p.period = f.period AND p.stage = 'final'
        AND f.told >= greatest(2, (p.document#>>'{rules,privacy,minimumForComments}')::int)))
  THEN RAISE EXCEPTION 'comments are shown once a month is final, and never too few together';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER "published_comment_enough" AFTER INSERT ON "published_comment" REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION "refuse_telling_comments"();
