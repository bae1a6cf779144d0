import {
  type Announced,
  announce,
  leftToTell,
  quarterOf,
  readAnnouncement,
} from '../../survey/fieldwork/announcement.ts';
import type { Language } from '../../survey/questionnaire/questionnaire.ts';
import { latestPublished } from '../../survey/questionnaire/store.ts';
import { type RegisteredText, registeredTexts } from '../../telephony/registered-texts.ts';
import type { Services } from '../../workers/services.ts';
import { companyTimeZone } from '../round/rounds-page.ts';

/** Texts of the questionnaire that the next round asks, and the quarter's announcement: what pages and API both show. */

const lastPublished = async ({ database, questionnaire }: Services) =>
  questionnaire((await latestPublished(database.query)).id);

export async function readTexts(
  services: Services,
  language: Language,
): Promise<{ readonly questionnaireId: string; readonly texts: readonly RegisteredText[] }> {
  const questionnaire = await lastPublished(services);
  const texts = await registeredTexts(questionnaire, language, services.text?.port ?? null);
  return { questionnaireId: questionnaire.id, texts };
}

export interface QuarterStanding extends Omit<Announced, 'toTell'> {
  readonly quarter: string;
  /** Numbers that were not told yet, and the texts that telling them comes to. */
  readonly left: { readonly shops: number; readonly segments: number };
}

/** The current quarter's announcement. */
export async function readQuarter(services: Services): Promise<QuarterStanding> {
  const { query } = services.database;
  const quarter = quarterOf(services.clock.now(), await companyTimeZone(services));
  const { toTell, ...done } = await readAnnouncement(query, quarter);
  return { quarter, ...done, left: leftToTell(toTell, await lastPublished(services)) };
}

/** @returns how many texts were planned. @throws Refused as `announce` does. */
export const announceQuarter = async (services: Services, quarter: string, actor: string): Promise<number> =>
  announce(services, { quarter, actor, timeZone: await companyTimeZone(services) });
