import type { Query } from '../../platform/database.ts';
import type { RuleSet } from '../../scoring/rules.ts';
import type { Hours } from '../../survey/fieldwork/calendar.ts';
import { readPace } from '../../survey/fieldwork/pace.ts';
import { contactRules, drawRules } from '../../workers/rules.ts';
import type { Services } from '../../workers/services.ts';
import type { Place } from '../figures.ts';
import type { Language } from '../language.ts';
import { type Messages, messagesIn } from '../messages.ts';
import { type Contact, readContacts } from './feed.ts';
import { readSeal, type Seal } from './seal.ts';
import {
  type Contacts,
  callsInLastMinute,
  countContacts,
  type ManagerStanding,
  type RoundFacts,
  readManagers,
} from './standing.ts';

/** A round at one moment, and in whose words it is told: all that the parts of its page look at. */
export interface Picture {
  readonly round: RoundFacts;
  readonly now: Date;
  readonly rules: RuleSet;
  readonly hours: Hours;
  readonly place: Place;
  readonly m: Messages;
  readonly lane: Services['voice']['lane'];
  /** Nobody is called: the carrier was stopped for our settings. */
  readonly stopped: boolean;
  readonly managers: readonly ManagerStanding[];
  /** Calls put through in the last minute, and calls and threads in all. */
  readonly callsInMinute: number;
  readonly contacts: Contacts;
  readonly feed: readonly Contact[];
  readonly seal: Seal | null;
  /** The one district that is shown; null = all. */
  readonly district: string | null;
}

/** Something is still going to happen. */
export const isUnderWay = ({ state }: RoundFacts): boolean =>
  state === 'committed' || state === 'fielding' || state === 'paused';

/** Read on one connection and as of one moment: a page must not crowd out the calls, nor contradict itself. */
export async function readPicture(
  services: Services,
  round: RoundFacts,
  districtId: string | null,
  language: Language,
): Promise<Picture> {
  const now = services.clock.now();
  const rules = await services.rules(round.ruleSetId);
  const read = await services.database.transaction(async (query) => {
    await query({ text: 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY' });
    return {
      managers: await readManagers(query, round.id, districtId, drawRules(rules)),
      stopped: (await readPace(query, services.voice.lane)).stopped,
      callsInMinute: await callsInLastMinute(query, round.id, districtId, now),
      contacts: await countContacts(query, round.id, districtId),
      feed: isUnderWay(round) ? await readContacts(query, round.id, districtId) : [],
      seal: await readSeal(query, round.id),
      district: districtId === null ? null : await districtName(query, districtId),
    };
  });
  const place = { language, timeZone: rules.timeZone };
  const { lane } = services.voice;
  return { ...read, round, now, rules, hours: contactRules(rules), place, m: messagesIn(language), lane };
}

async function districtName(query: Query, districtId: string): Promise<string | null> {
  const [district] = await query<{ name: string }>({
    text: 'SELECT name FROM district WHERE id = $1',
    values: [districtId],
  });
  return district?.name ?? null;
}
