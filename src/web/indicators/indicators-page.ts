import { DateTime } from 'luxon';
import type { Query } from '../../platform/database.ts';
import { monthsLater } from '../../platform/months.ts';
import {
  type IndicatorStanding,
  missingOf,
  readStanding,
  type StandingValue,
} from '../../scoring/evidence/standing.ts';
import { companyDay } from '../../survey/roster/import.ts';
import { indicatorName } from '../board/reasons.ts';
import type { Visit } from '../console.ts';
import { NotFound } from '../faults.ts';
import { count, listed, month } from '../figures.ts';
import { type Language, languageOf } from '../language.ts';
import { type Messages, messagesIn } from '../messages.ts';
import { sendPage } from '../page.ts';

/** `/indicators`, `/indicators/2026-12`: who has handed in what, from where, and who has not. */
export async function showIndicators({ web, request, response, viewer, districtId }: Visit): Promise<void> {
  const { database, clock } = web.services;
  const { query } = database;
  const language = languageOf(response);
  const m = messagesIn(language);
  const today = companyDay(clock.now());
  const period =
    request.params.period === undefined ? await monthAtHand(query, today) : periodIn(request.params.period);
  const standing = await readStanding(query, period, districtId);
  await web.look({ actor: viewer.id, action: 'indicators.read', subject: period });
  const title = m.indicators.title(month(period, language));
  const late = standing && !standing.onTheBoard && today > standing.due && someMissing(standing);
  sendPage(
    web,
    request,
    response,
    'indicators',
    { title, at: 'indicators' },
    {
      title,
      lead: standing ? m.indicators.due(dayInWords(standing.due, language), standing.ruleSet) : m.indicators.noRules,
      note: standing?.onTheBoard ? m.indicators.onTheBoard : null,
      warning: late ? m.indicators.overdue(dayInWords(standing.due, language)) : null,
      earlier: `/indicators/${monthsLater(period, -1)}`,
      later: `/indicators/${monthsLater(period, 1)}`,
      indicators: standing && standing.managers.length > 0 ? indicatorsOf(standing, language, m) : [],
      managers: (standing?.managers ?? []).map((manager) => ({
        ...{ id: manager.id, name: manager.name, district: manager.district },
        href: `/indicators/${period}/${encodeURIComponent(manager.id)}`,
        missing: standing
          ? listed(
              missingOf(standing, manager).map((code) => indicatorName(code, m.board)),
              language,
            )
          : '',
      })),
    },
  );
}

/** The month that is being collected: the one before this one, until its result is up or it has none to come. */
async function monthAtHand(query: Query, today: string): Promise<string> {
  const current = today.slice(0, 7);
  const before = monthsLater(current, -1);
  const [open] = await query({
    text: `
      SELECT FROM round WHERE period = $1 AND state NOT IN ('draft', 'cancelled')
        AND NOT EXISTS (SELECT FROM publication WHERE period = $1) LIMIT 1`,
    values: [before],
  });
  return open ? before : current;
}

export function periodIn(text: unknown): string {
  if (typeof text !== 'string' || !/^20\d{2}-(?:0[1-9]|1[0-2])$/.test(text)) throw new NotFound();
  return text;
}

/** `2026-12-08` → 「2026 年 12 月 8 日」, "8 December 2026". */
export function dayInWords(day: string, language: Language): string {
  const date = DateTime.fromISO(day, { zone: 'utc' });
  return language === 'en' ? date.setLocale('en').toFormat('d LLLL yyyy') : date.toFormat('yyyy 年 M 月 d 日');
}

const someMissing = (standing: IndicatorStanding): boolean =>
  standing.managers.some((manager) => missingOf(standing, manager).length > 0);

function indicatorsOf(standing: IndicatorStanding, language: Language, m: Messages) {
  const { codes, managers } = standing;
  return codes.map((code) => {
    const missing = managers.filter(({ values }) => !values.has(code));
    const sources = [...new Set(managers.flatMap(({ values }) => values.get(code)?.source ?? []))];
    const nobody = missing.length === managers.length;
    return {
      name: indicatorName(code, m.board),
      from: sources.length === 0 ? m.indicators.noSource : listed(sources.map(sourceIn(m)), language),
      there: m.indicators.handedInOf(
        count(managers.length - missing.length, language),
        count(managers.length, language),
      ),
      complete: missing.length === 0,
      nobody,
      missing: nobody ? [] : missing.map(({ id, name }) => `${name} ${id}`),
    };
  });
}

export const sourceIn =
  (m: Messages) =>
  (source: StandingValue['source']): string =>
    m.indicators.sources[source];
