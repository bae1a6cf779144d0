import { finalPeriods, type RoleModels, readRoleModels } from '../../scoring/role-models/read.ts';
import type { Visit } from '../console.ts';
import { NotFound } from '../faults.ts';
import { count, listed, month, shortHash } from '../figures.ts';
import { type Language, languageOf } from '../language.ts';
import { type Messages, messagesIn } from '../messages.ts';
import { sendPage } from '../page.ts';

/** `GET /role-models?period=`: candidates by the rule set's conditions, who moved up, and whose score rose. */
const at = 'roleModels' as const;
const mostPeriods = 24;

export async function showRoleModels({ web, request, response, viewer }: Visit): Promise<void> {
  const { query } = web.services.database;
  const language = languageOf(response);
  const m = messagesIn(language);
  const periods = await finalPeriods(query, mostPeriods);
  const asked = request.query.period;
  if (asked !== undefined && !periods.some((one) => one === asked)) throw new NotFound();
  const period = periods.find((one) => one === asked) ?? periods[0];
  const found = period === undefined ? null : await readRoleModels(query, period);
  await web.look({ actor: viewer.id, action: 'role-models.read', subject: period ?? 'none' });
  sendPage(
    web,
    request,
    response,
    'role-models',
    { title: m.roleModels.title, at },
    {
      periods: periods.map((one) => ({
        ...{ href: `/role-models?period=${one}`, name: month(one, language), current: one === period },
      })),
      view: found && viewOf(found, language, m),
    },
  );
}

function viewOf(found: RoleModels, language: Language, m: Messages) {
  const { period, hash, conditions, candidates, movedUp, improved, withinChance, notCompared } = found;
  const words = m.roleModels;
  return {
    source: words.source(month(period, language), shortHash(hash)),
    board: `/board/${period}`,
    conditions: conditions
      ? listed(
          [
            words.inARow(count(conditions.excellentInARow, language)),
            ...(conditions.firm ? [words.firm] : []),
            ...(conditions.noOpenAlarm ? [words.noOpenAlarm] : []),
          ],
          language,
        )
      : null,
    candidates: candidates.map(({ name, district, months }) => ({
      ...{
        name,
        district,
        why: words.why(
          listed(
            months.map((one) => month(one, language)),
            language,
          ),
        ),
      },
    })),
    movedUp: movedUp.map(({ name, district, tierBefore, tier }) => ({
      ...{ name, district, from: tierName(tierBefore, m), to: tierName(tier, m) },
    })),
    improved: improved.map(({ name, district, since, from, to, by, interval: [low, high] }) => ({
      ...{ name, district, since: words.since(month(since, language)), scores: words.fromTo(from, to) },
      ...{ by: `+${by}`, interval: words.interval(low, high) },
    })),
    others: words.others(count(withinChance, language), count(notCompared, language)),
  };
}

const tierName = (tier: number, { board: { tiers } }: Messages): string => tiers[tier as keyof typeof tiers];
