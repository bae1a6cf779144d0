-- A spot check is called before any wave: what the dispatcher looks for first, few rows among many.
CREATE INDEX "survey_case_spot_check_due" ON "survey_case" ("due_channel", "due_at", "position", "id") WHERE "due_at" IS NOT NULL AND "wave" = 0;
