import { randomBytes } from 'node:crypto';
import { type Chance, systemChance } from '../../src/platform/chance.ts';
import { StandingClock } from '../../src/platform/clock.ts';
import { connect, type Database } from '../../src/platform/database.ts';
import { openVault, type Vault } from '../../src/platform/vault.ts';
import { parseRules, type RuleSet } from '../../src/scoring/rules.ts';
import { type Questionnaire, standardQuestionnaire } from '../../src/survey/questionnaire/questionnaire.ts';
import { drawRound } from '../../src/survey/round/draw.ts';
import { launchRound } from '../../src/survey/round/launch.ts';
import { contactRules, drawRules } from '../../src/workers/rules.ts';
import { storeStandards } from '../../src/workers/standards.ts';
import { createTestDatabase } from './database.ts';

/** A small city in a database of its own, for suites that need a round in the field. Tuesday, 09:30 on the shops' clock. */
export interface City {
  readonly database: Database;
  readonly url: string;
  readonly clock: StandingClock;
  readonly chance: Chance;
  readonly vault: Vault;
  readonly questionnaire: (id: string) => Promise<Questionnaire>;
  readonly rules: (id: string) => Promise<RuleSet>;
  readonly contactRules: (id: string) => Promise<ReturnType<typeof contactRules>>;
  readonly texts: boolean;
  close(): Promise<void>;
}

export const tuesdayMorning = new Date('2026-12-01T09:30:00+08:00');

export async function openCity(name: string): Promise<City> {
  const { url, drop } = await createTestDatabase(name);
  const database = connect(url);
  await storeStandards(database);
  const rules = async (id: string) =>
    parseRules((await database.prisma.ruleSet.findUniqueOrThrow({ where: { id } })).document);
  return {
    ...{
      database,
      url,
      clock: new StandingClock(tuesdayMorning),
      chance: systemChance,
      vault: openVault([randomBytes(32)]),
    },
    texts: true,
    questionnaire: async () => standardQuestionnaire(),
    rules,
    contactRules: async (id) => contactRules(await rules(id)),
    async close() {
      await database.close();
      await drop();
    },
  };
}

export interface Shop {
  readonly id: string;
  readonly manager: string;
  /** E.164. Shops that give the same share the phone. */
  readonly phone: string | null;
  readonly closed?: boolean;
}

/** `count` shops of one manager, each with a mobile of its own. */
export const shopsOf = (manager: string, count: number, from = 0): Shop[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `${manager}-${String(from + index).padStart(4, '0')}`,
    manager,
    phone: `+86138${manager.replace(/\D/g, '').padStart(4, '0')}${String(from + index).padStart(4, '0')}`,
  }));

/** Puts shops and their managers into the roster, looked after from long ago. */
export async function settleIn({ database, vault, chance }: City, shops: readonly Shop[]): Promise<void> {
  const { query } = database;
  const managers = [...new Set(shops.map(({ manager }) => manager))];
  await query({ text: `INSERT INTO district VALUES ('D1', '城东') ON CONFLICT DO NOTHING` });
  await query({
    text: `INSERT INTO manager (id, name, district_id) SELECT id, '经理' || id, 'D1' FROM unnest($1::text[]) AS id ON CONFLICT DO NOTHING`,
    values: [managers],
  });
  const numbers = [...new Set(shops.flatMap(({ phone }) => (phone ? [phone] : [])))];
  await query({
    text: `
      INSERT INTO phone (id, blind_index, sealed, masked, kind) SELECT id, digest, sealed, masked, 'mobile'
      FROM unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::text[]) AS p (id, digest, sealed, masked) ON CONFLICT DO NOTHING`,
    values: [
      numbers.map(() => chance.id()),
      numbers.map((number) => vault.digest(number)),
      numbers.map((number) => vault.seal(number)),
      numbers.map((number) => `${number.slice(3, 6)}****${number.slice(-4)}`),
    ],
  });
  await query({
    text: `
      INSERT INTO retailer (id, name, stratum, status, phone_id)
      SELECT s.id, '店' || s.id, 'urban', CASE WHEN s.closed THEN 'closed' ELSE 'active' END::retailer_status, p.id
      FROM unnest($1::text[], $2::bytea[], $3::boolean[]) AS s (id, digest, closed) LEFT JOIN phone p ON p.blind_index = s.digest`,
    values: [
      shops.map(({ id }) => id),
      shops.map(({ phone }) => phone && vault.digest(phone)),
      shops.map(({ closed }) => closed ?? false),
    ],
  });
  await query({
    text: `
      INSERT INTO retailer_phone (retailer_id, phone_id, place, since, changed_by)
      SELECT id, phone_id, 0, '2020-01-01', 'import' FROM retailer WHERE id = ANY($1) AND phone_id IS NOT NULL`,
    values: [shops.map(({ id }) => id)],
  });
  await query({
    text: `INSERT INTO assignment (retailer_id, manager_id, from_day) SELECT *, '2020-01-01'::date FROM unnest($1::text[], $2::text[])`,
    values: [shops.map(({ id }) => id), shops.map(({ manager }) => manager)],
  });
}

/** Launches and draws a round; its cases are due at once. */
export async function fieldRound(city: City, roundId = '2026-12-R1', period = '2026-12'): Promise<string> {
  await launchRound(city, { roundId, period, questionnaireId: 'HF-1', ruleSetId: 'RS-1', actor: 'test' });
  await drawRound({ ...city, rules: async (id) => drawRules(await city.rules(id)) }, roundId);
  return roundId;
}
