import type { Query } from '../../platform/database.ts';
import { companyDay } from '../../survey/roster/import.ts';
import { asPrinted, shopCode } from '../../survey/visits/shop-code.ts';
import { note } from '../audited.ts';
import type { Visit } from '../console.ts';
import { NotFound } from '../faults.ts';
import { count } from '../figures.ts';
import { languageOf } from '../language.ts';
import { messagesIn } from '../messages.ts';
import { sendPage } from '../page.ts';

/** The cards that hang in the shops: each with its code, by which a visitor proves that he was there. */
const at = 'visits' as const;

interface CardManager {
  readonly id: string;
  readonly name: string;
  readonly shops: number;
}

/** Managers with their active shops of today. */
const readManagers = (query: Query, districtId: string | null, today: string): Promise<CardManager[]> =>
  query<CardManager>({
    text: `
      SELECT m.id, m.name, count(r.id)::int AS shops FROM manager m
      LEFT JOIN assignment a ON a.manager_id = m.id AND a.from_day <= $2::date AND (a.until_day IS NULL OR a.until_day > $2::date)
      LEFT JOIN retailer r ON r.id = a.retailer_id AND r.status = 'active'
      WHERE $1::text IS NULL OR m.district_id = $1 GROUP BY m.id ORDER BY m.id COLLATE "C"`,
    values: [districtId, today],
  });

/** `GET /visits/cards` */
export async function listCards({ web, request, response, districtId }: Visit): Promise<void> {
  const { database, clock } = web.services;
  const language = languageOf(response);
  const m = messagesIn(language);
  const managers = await readManagers(database.query, districtId, companyDay(clock.now()));
  sendPage(
    web,
    request,
    response,
    'shop-card-managers',
    { title: m.shopCards.title, at },
    {
      managers: managers.map(({ id, name, shops }) => ({
        href: `/visits/cards/${encodeURIComponent(id)}`,
        words: m.shopCards.of(`${name} ${id}`, count(shops, language)),
      })),
    },
  );
}

/** `GET /visits/cards/:manager` */
export async function printCards({ web, request, response, viewer, districtId }: Visit): Promise<void> {
  const { database, clock, vault } = web.services;
  const { query } = database;
  const language = languageOf(response);
  const m = messagesIn(language);
  const today = companyDay(clock.now());
  const managers = await readManagers(query, districtId, today);
  const manager = managers.find(({ id }) => id === request.params.manager);
  if (!manager) throw new NotFound();
  const shops = await query<{ id: string; name: string; address: string }>({
    text: `
      SELECT r.id, r.name, r.address FROM assignment a JOIN retailer r ON r.id = a.retailer_id
      WHERE a.manager_id = $1 AND r.status = 'active' AND a.from_day <= $2::date AND (a.until_day IS NULL OR a.until_day > $2::date)
      ORDER BY r.id COLLATE "C"`,
    values: [manager.id, today],
  });
  await note(web.services, { actor: viewer.id, action: 'shop-codes.print', subject: manager.id });
  sendPage(
    web,
    request,
    response,
    'shop-cards',
    { title: m.shopCards.title, at },
    {
      lead: m.shopCards.of(`${manager.name} ${manager.id}`, count(shops.length, language)),
      cards: shops.map(({ id, name, address }) => ({
        ...{ name, address, licence: m.visits.licence(id), code: asPrinted(shopCode(vault, id)) },
      })),
    },
  );
}
