import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { stringify } from 'csv-stringify/sync';
import { audit } from '../../platform/audit.ts';
import type { Query } from '../../platform/database.ts';
import { Refused } from '../../platform/errors.ts';
import { type Disposition, dispositions, groupOf } from '../disposition/disposition.ts';
import { provenNumber } from '../disposition/progress.ts';
import { rateNames } from '../disposition/rates.ts';
import { readReport } from '../disposition/read-report.ts';
import { invalidationRuleCodes } from '../quality/rules.ts';
import type { Questionnaire } from '../questionnaire/questionnaire.ts';
import type { RoundServices } from './launch.ts';

/**
 * A round's results, cases and attempts as files, bit by bit and as of one moment, so that their counts are those of the
 * page. Neither a shop nor its rating stands in any of them: ratings never reach supply or grading, and no export of
 * them by shop exists (method §7). Times are to the minute.
 */
export const exportKinds = ['cases', 'attempts', 'tallies'] as const;
export type ExportKind = (typeof exportKinds)[number];
export const exportFormats = ['csv', 'json'] as const;
export type ExportFormat = (typeof exportFormats)[number];

export interface ResultsWish {
  readonly roundId: string;
  readonly kind: ExportKind;
  readonly format: ExportFormat;
  readonly actor: string;
}

type Line = Readonly<Record<string, string | number | boolean | Date | null>>;
type ExportServices = Pick<RoundServices, 'database' | 'clock'> & {
  readonly questionnaire: (id: string) => Promise<Questionnaire>;
};

/** @throws Refused `no-such-round`; then nothing has been written. */
export async function exportResults(services: ExportServices, wish: ResultsWish, out: Writable): Promise<void> {
  const { database, clock } = services;
  const { roundId, kind, format, actor } = wish;
  await database.transaction((query) =>
    audit(query, clock.now(), { actor, action: 'results.export', subject: roundId, detail: { kind, format } }),
  );
  await database.transaction(async (query) => {
    await query({ text: 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY' });
    const [round] = await query<{ questionnaireId: string }>({
      text: 'SELECT questionnaire_id AS "questionnaireId" FROM round WHERE id = $1',
      values: [roundId],
    });
    if (!round) throw new Refused('no-such-round', `没有轮次 ${roundId} · there is no round ${roundId}`);
    const questionnaire = await services.questionnaire(round.questionnaireId);
    const pages = { cases: casesOf, attempts: attemptsOf, tallies: talliesOf }[kind](query, roundId, questionnaire);
    await pipeline(Readable.from(format === 'csv' ? asCsv(kind, pages) : asJson(pages)), out);
  });
}

type Pages = AsyncGenerator<readonly Line[]>;
const pageSize = 1000;

const columns: Readonly<Record<ExportKind, readonly string[]>> = {
  cases: ['case', 'manager', 'district', 'wave', 'state', 'disposition', 'group', 'attempts'],
  attempts: [
    ...['attempt', 'case', 'manager', 'number', 'channel', 'inbound', 'state', 'result', 'outcome'],
    ...['created', 'dialed', 'answered', 'ended'],
  ],
  tallies: [
    ...['level', 'id', 'released', 'open', ...dispositions, 'I', 'P', 'R', 'NC', 'O', 'NE', 'UH', 'UO'],
    ...[...rateNames, 'voice', 'sms', 'desk', ...invalidationRuleCodes],
  ],
};

async function* paged<Row extends { readonly id: string }>(
  read: (after: string | null) => Promise<Row[]>,
  line: (row: Row) => Line,
): Pages {
  for (let after: string | null = null; ; ) {
    const rows: Row[] = await read(after);
    const last = rows.at(-1);
    if (!last) return;
    yield rows.map(line);
    after = last.id;
  }
}

interface CaseLine {
  readonly id: string;
  readonly manager: string;
  readonly district: string;
  readonly wave: number;
  readonly state: string;
  readonly disposition: Disposition;
  readonly proven: boolean;
  readonly attempts: number;
}

const casesOf = (query: Query, roundId: string): Pages =>
  paged(
    (after) =>
      query<CaseLine>({
        text: `
          SELECT c.id, c.manager_id AS manager, m.district_id AS district, c.wave, c.state, c.disposition, ${provenNumber} AS proven,
                 (SELECT count(*)::int FROM attempt a WHERE a.case_id = c.id) AS attempts
          FROM survey_case c JOIN phone p ON p.id = c.phone_id JOIN round r ON r.id = c.round_id JOIN manager m ON m.id = c.manager_id
          WHERE c.round_id = $1 AND ($2::uuid IS NULL OR c.id > $2) ORDER BY c.id LIMIT ${pageSize}`,
        values: [roundId, after],
      }),
    ({ id, proven, ...own }) => ({ case: id, ...own, group: groupOf(own.disposition, proven) }),
  );

const attemptsOf = (query: Query, roundId: string): Pages =>
  paged(
    (after) =>
      query<Line & { readonly id: string }>({
        text: `
          SELECT a.id, a.case_id AS case, c.manager_id AS manager, a.number, a.channel, a.inbound, a.state, a.result, a.outcome,
                 date_trunc('minute', a.created_at) AS created, date_trunc('minute', a.dialed_at) AS dialed,
                 date_trunc('minute', a.answered_at) AS answered, date_trunc('minute', a.ended_at) AS ended
          FROM attempt a JOIN survey_case c ON c.id = a.case_id
          WHERE a.round_id = $1 AND ($2::uuid IS NULL OR a.id > $2) ORDER BY a.id LIMIT ${pageSize}`,
        values: [roundId, after],
      }),
    ({ id, ...own }) => ({ attempt: id, ...own }),
  );

async function* talliesOf(query: Query, roundId: string, questionnaire: Questionnaire): Pages {
  const lines = await readReport(query, roundId, questionnaire);
  const noneStruck = Object.fromEntries(invalidationRuleCodes.map((rule) => [rule, 0]));
  const none = Object.fromEntries(dispositions.map((disposition) => [disposition, 0]));
  yield lines.map(({ level, id, released, open, dispositions, groups, rates, channels, invalid }) => ({
    ...{ level, id, released, open },
    ...{ ...none, ...dispositions, ...groups, ...rates, ...channels, ...noneStruck, ...invalid },
  }));
}

async function* asCsv(kind: ExportKind, pages: Pages): AsyncGenerator<string> {
  const own = columns[kind];
  // With a mark, so that a spreadsheet opens it as UTF-8.
  yield `\uFEFF${stringify([[...own]])}`;
  for await (const lines of pages) yield stringify(lines.map((line) => own.map((column) => written(line[column]))));
}

const written = (value: Line[string] | undefined): string =>
  value instanceof Date ? value.toISOString() : value === null || value === undefined ? '' : String(value);

async function* asJson(pages: Pages): AsyncGenerator<string> {
  let separator = '[\n';
  for await (const lines of pages)
    for (const line of lines) {
      yield separator + JSON.stringify(line);
      separator = ',\n';
    }
  yield separator === '[\n' ? '[]\n' : '\n]\n';
}
