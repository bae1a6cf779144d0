import type { Hours } from '../survey/fieldwork/calendar.ts';
import { contactRules } from './rules.ts';
import type { Services } from './services.ts';

/**
 * Calling hours of the rounds in the field. One rule set holds for the whole company at a time, so the latest round's
 * hours are everybody's.
 */
export async function fieldHours({ database, rules }: Pick<Services, 'database' | 'rules'>): Promise<Hours> {
  const [round] = await database.query<{ id: string }>({
    name: 'field-hours',
    text: `SELECT rule_set_id AS id FROM round WHERE state IN ('fielding', 'paused') ORDER BY launched_at DESC LIMIT 1`,
  });
  return round ? contactRules(await rules(round.id)) : { windows: [], holidays: null };
}
