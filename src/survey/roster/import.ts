import { DateTime } from 'luxon';
import { audit } from '../../platform/audit.ts';
import type { Chance } from '../../platform/chance.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database, Query } from '../../platform/database.ts';
import type { Vault } from '../../platform/vault.ts';
import { parseIndicators } from './indicators.ts';
import { parseManagers } from './managers.ts';
import { parseRetailers } from './retailers.ts';
import {
  type Counts,
  findManagerIds,
  lockRoster,
  storeAssignments,
  storeDistricts,
  storeIndicators,
  storeManagers,
  storePhones,
  storeRetailers,
  storeStops,
} from './store.ts';

/**
 * Brings a file's rows into the roster, all or nothing: any fault, and nothing was changed. A second import of the same
 * file changes nothing. Whoever is not in the file stays as he is.
 */
export interface RosterServices {
  readonly database: Database;
  readonly clock: Clock;
  readonly vault: Vault;
  readonly chance: Chance;
}

export interface ImportReport extends Counts {
  /** Retailers or managers of the file; of indicators, single values. */
  readonly rows: number;
}

/** The days of assignments are the company's. */
const timeZone = 'Asia/Shanghai';

/**
 * Managers, and districts that were not known before.
 *
 * @param actor for the audit log: a user's id, or `cli`.
 * @throws BadInput with every fault.
 */
export function importManagers(services: RosterServices, csvText: string, actor = 'cli'): Promise<ImportReport> {
  return importing(services, actor, 'managers.import', async (query) => {
    const rows = parseManagers(csvText);
    const names = rows.map(({ district }) => district);
    await storeDistricts(query, names, services.chance);
    return { rows: rows.length, ...(await storeManagers(query, rows)) };
  });
}

/**
 * Retailers with their phones, who looks after them from today on, and who asked not to be called. A file never takes
 * anybody off the opt-out ledger.
 *
 * @throws BadInput with every fault; one is a manager who is not in the roster.
 */
export function importRetailers(services: RosterServices, csvText: string, actor = 'cli'): Promise<ImportReport> {
  const { vault, clock } = services;
  return importing(services, actor, 'retailers.import', async (query) => {
    const rows = parseRetailers(csvText, await findManagerIds(query));
    const phones = rows.flatMap(({ phone }) => (phone ? [phone] : []));
    const stopped = rows.flatMap(({ phone, optedOut }) => (phone && optedOut ? [vault.digest(phone.e164)] : []));
    const now = clock.now();
    await storePhones(query, phones, services);
    const counts = await storeRetailers(query, rows, vault);
    await storeAssignments(query, rows, DateTime.fromJSDate(now, { zone: timeZone }).toFormat('yyyy-MM-dd'));
    await storeStops(query, stopped, now);
    return { rows: rows.length, ...counts };
  });
}

/**
 * Unit indicators of managers.
 *
 * @throws BadInput with every fault; one is a manager who is not in the roster.
 */
export function importIndicators(services: RosterServices, csvText: string, actor = 'cli'): Promise<ImportReport> {
  return importing(services, actor, 'indicators.import', async (query) => {
    const rows = parseIndicators(csvText, await findManagerIds(query));
    return { rows: rows.length, ...(await storeIndicators(query, rows)) };
  });
}

/** One transaction, one import at a time, and a line in the audit log if anything changed. */
function importing(
  { database, clock }: RosterServices,
  actor: string,
  action: string,
  work: (query: Query) => Promise<ImportReport>,
): Promise<ImportReport> {
  return database.transaction(async (query) => {
    await lockRoster(query);
    const report = await work(query);
    if (report.created + report.changed > 0)
      await audit(query, clock.now(), { actor, action, subject: 'roster', detail: { ...report } });
    return report;
  });
}
