import { audit } from '../../platform/audit.ts';
import type { Query } from '../../platform/database.ts';
import { type Sheet, type SheetFormat, writeSheet } from '../../platform/sheet.ts';
import type { Vault } from '../../platform/vault.ts';
import { type HalfDay, writeHalfDays } from './half-days.ts';
import { companyDay, type RosterServices } from './import.ts';
import { writePhone } from './phone.ts';
import { retailerHeadings, type Status, type Stratum, written } from './retailers.ts';

/**
 * The roster as files that are imported again without a change. Numbers are masked unless they are asked for in clear;
 * a mask that comes back means the number it stands for.
 */
export type ExportKind = 'retailers' | 'managers' | 'indicators';

export interface ExportWish {
  readonly kind: ExportKind;
  readonly format: SheetFormat;
  /** A user's id, or `cli`. */
  readonly actor: string;
  /** Numbers in full; the audit log says so. */
  readonly clear?: boolean;
}

/** The file's bytes, bit by bit. That somebody took it is in the audit log before the first of them. */
export async function* exportRoster(services: RosterServices, wish: ExportWish): AsyncGenerator<Uint8Array> {
  const { database, clock } = services;
  const { kind, format, actor, clear = false } = wish;
  await database.transaction((query) =>
    audit(query, clock.now(), {
      actor,
      action: `${kind}.export`,
      subject: 'roster',
      detail: { format, ...(kind === 'retailers' && { phones: clear ? 'clear' : 'masked' }) },
    }),
  );
  yield* writeSheet(format, kind, sheets[kind](services, clear));
}

const sheets: Readonly<Record<ExportKind, (services: RosterServices, clear: boolean) => Sheet>> = {
  managers: ({ database }) => ({
    headings: ['工号', '姓名', '区域'],
    pages: paged(async (after) =>
      database.query<{ id: string; cells: string[] }>({
        text: `
          SELECT m.id, ARRAY[m.id, m.name, d.name] AS cells FROM manager m JOIN district d ON d.id = m.district_id
          WHERE m.id > $1 ORDER BY m.id LIMIT ${pageSize}`,
        values: [after],
      }),
    ),
  }),
  indicators: ({ database }) => ({
    headings: ['考核期', '工号', '指标', '得分'],
    pages: paged(async (after) =>
      database.query<{ id: string; cells: string[] }>({
        text: `
          SELECT id, cells FROM (
            SELECT concat_ws('|', period, manager_id, code) AS id,
                   ARRAY[period, manager_id, code, coalesce(trim_scale(value)::text, '')] AS cells
            FROM unit_indicator
          ) AS line
          WHERE id > $1 ORDER BY id LIMIT ${pageSize}`,
        values: [after],
      }),
    ),
  }),
  retailers: ({ database, vault, clock }, clear) => {
    const today = companyDay(clock.now());
    return {
      headings: Object.values(retailerHeadings),
      pages: paged(async (after) =>
        (await readRetailers(database.query, today, after)).map((row) => ({
          id: row.id,
          cells: retailerCells(row, clear ? vault : null),
        })),
      ),
    };
  },
};

const pageSize = 5000;

/** Pages by id, each read when the one before is written. */
async function* paged(
  read: (after: string) => Promise<readonly { readonly id: string; readonly cells: readonly string[] }[]>,
): AsyncGenerator<readonly (readonly string[])[]> {
  for (let after = ''; ; ) {
    const rows = await read(after);
    if (rows.length > 0) yield rows.map(({ cells }) => cells);
    if (rows.length < pageSize) return;
    after = rows.at(-1)?.id ?? after;
  }
}

interface RetailerLine {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly manager: string;
  readonly from: string;
  readonly stratum: Stratum;
  readonly status: Status;
  readonly language: 'zh-CN' | 'en';
  readonly timeZone: string;
  readonly orderingDays: readonly HalfDay[];
  readonly deliveryDays: readonly HalfDay[];
  readonly phones: readonly { readonly masked: string; readonly sealed: string }[];
  /** All of its numbers are stopped: read back, that stops none anew. */
  readonly optedOut: boolean;
}

/** Who has the shop today, else whoever has it first. */
const readRetailers = (query: Query, today: string, after: string): Promise<RetailerLine[]> =>
  query<RetailerLine>({
    text: `
      SELECT r.id, r.name, r.address, a.manager_id AS manager, a.from_day::text AS "from", r.stratum, r.status, r.language, r.time_zone AS "timeZone",
             r.ordering_half_days AS "orderingDays", r.delivery_half_days AS "deliveryDays",
             coalesce(own.phones, '[]') AS phones, coalesce(own.stopped, false) AS "optedOut"
      FROM retailer r
      JOIN LATERAL (
        SELECT manager_id, from_day FROM assignment
        WHERE retailer_id = r.id AND (until_day IS NULL OR until_day > $2::date) ORDER BY from_day LIMIT 1
      ) a ON true
      LEFT JOIN LATERAL (
        SELECT jsonb_agg(jsonb_build_object('masked', p.masked, 'sealed', encode(p.sealed, 'hex')) ORDER BY c.place) AS phones,
               bool_and(p.opted_out_at IS NOT NULL) AS stopped
        FROM retailer_phone c JOIN phone p ON p.id = c.phone_id WHERE c.retailer_id = r.id AND c.until IS NULL
      ) own ON true
      WHERE r.id > $1 ORDER BY r.id LIMIT ${pageSize}`,
    values: [after, today],
  });

/** @param vault opens the numbers; null leaves them masked. */
function retailerCells(line: RetailerLine, vault: Vault | null): string[] {
  const phones = line.phones.map(({ masked, sealed }) =>
    vault ? writePhone(vault.open(Buffer.from(sealed, 'hex'))) : masked,
  );
  const cells: Readonly<Record<keyof typeof retailerHeadings, string>> = {
    ...{ id: line.id, name: line.name, manager: line.manager },
    ...{ phone: phones[0] ?? '', phone2: phones[1] ?? '', phone3: phones[2] ?? '' },
    address: line.address,
    stratum: written.stratum[line.stratum],
    status: written.status[line.status],
    language: written.language[line.language],
    timeZone: line.timeZone,
    orderingDays: writeHalfDays(line.orderingDays),
    deliveryDays: writeHalfDays(line.deliveryDays),
    from: line.from,
    optedOut: line.optedOut ? '是' : '',
  };
  return (Object.keys(retailerHeadings) as (keyof typeof retailerHeadings)[]).map((key) => cells[key]);
}
