/**
 * In statements: a case whose rating counts, `c`: there is one, and neither a rule nor an appeal has struck it. What
 * happened in the field, its disposition, stays as it was.
 */
export const isCounted = `(c.overall IS NOT NULL
  AND NOT EXISTS (SELECT FROM invalidation i WHERE i.case_id = c.id AND i.withdrawn_at IS NULL))`;
