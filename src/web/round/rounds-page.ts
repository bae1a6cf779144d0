import type { Query } from '../../platform/database.ts';
import { type Group, groupOf } from '../../survey/disposition/disposition.ts';
import { readTallies } from '../../survey/disposition/progress.ts';
import { readIncidents } from '../../survey/fieldwork/incident.ts';
import type { Services } from '../../workers/services.ts';
import { nameOf } from '../carriers/carriers-page.ts';
import type { Visit } from '../console.ts';
import { count, moment, month, percent, periodOf } from '../figures.ts';
import { languageOf } from '../language.ts';
import { messagesIn } from '../messages.ts';
import { sendPage } from '../page.ts';
import { ratesOf } from './bar.ts';
import type { RoundFacts } from './standing.ts';
import { casesIn, validIn } from './standing.ts';

/** What was wrong with the month that was asked for. */
export interface LaunchFault {
  readonly period: string;
  readonly message: string;
}

/** `/rounds`: every round there was, and the form that begins a new one, with what was wrong with it last. */
export async function listRounds({ web, request, response }: Visit, fault?: LaunchFault): Promise<void> {
  const { database, clock } = web.services;
  const language = languageOf(response);
  const m = messagesIn(language);
  const now = clock.now();
  const timeZone = await companyTimeZone(web.services);
  const place = { language, timeZone };
  const rounds = await Promise.all(
    (await readRounds(database.query)).map(async (round) => {
      const cases = (await readTallies(database.query, round.id)).map(
        ({ disposition, proven, state, cases, struck }) => ({
          ...{ disposition, cases, struck, open: state !== 'done' },
          group: groupOf(disposition, proven) as Group,
        }),
      );
      return {
        id: round.id,
        href: `/rounds/${encodeURIComponent(round.id)}`,
        month: month(round.period, language),
        state: { name: m.states[round.state], class: round.state },
        launched: moment(round.launchedAt, now, place),
        valid: cases.length === 0 ? '—' : `${count(validIn(cases), language)} / ${count(casesIn(cases), language)}`,
        rr2: percent(ratesOf(cases).RR2),
        board: round.published ? `/board/${round.period}` : null,
      };
    }),
  );
  const incidents = (await readIncidents(database.query)).filter(({ closedAt }) => closedAt === null);
  sendPage(
    web,
    request,
    response,
    'rounds',
    { title: m.rounds.title, at: 'rounds' },
    {
      rounds,
      stopped:
        incidents.length > 0 && m.carriers.banner(incidents.map(({ carrier }) => nameOf(carrier, m)).join(' · ')),
      period: fault?.period ?? periodOf(now, timeZone),
      fault: fault?.message ?? null,
    },
  );
}

const shownRounds = 60;

function readRounds(query: Query): Promise<RoundFacts[]> {
  return query<RoundFacts>({
    text: `
      SELECT id, period, state, rule_set_id AS "ruleSetId", launched_at AS "launchedAt", closed_at AS "closedAt", reason,
             EXISTS (SELECT FROM publication p WHERE p.period = round.period) AS published
      FROM round ORDER BY launched_at DESC, id DESC LIMIT ${shownRounds}`,
  });
}

/** Where the company is, by the rule set in force: decides which month it is. */
export async function companyTimeZone({ database, clock }: Pick<Services, 'database' | 'clock'>): Promise<string> {
  const [rules] = await database.query<{ timeZone: string }>({
    text: `SELECT document->>'timeZone' AS "timeZone" FROM rule_set WHERE id = rule_set_at($1)`,
    values: [clock.now()],
  });
  return rules?.timeZone ?? 'Asia/Shanghai';
}
