import type { Query } from '../../platform/database.ts';
import type { Messages } from '../messages.ts';

/**
 * What is happening in a round, for people to watch: the latest contacts with masked numbers, in coarse steps and to
 * the minute. What was answered is not even read; where somebody says "never again", the page says that a call is on.
 */
export interface Contact {
  readonly masked: string;
  readonly channel: 'voice' | 'sms' | 'desk';
  readonly state: string;
  readonly answered: boolean;
  /** The carrier's word for how it ended. */
  readonly result: string | null;
  /** Where the conversation stands: the place's name, and which question (from 0). */
  readonly place: string | null;
  readonly item: number | null;
  readonly at: Date;
}

const shown = 14;
const ofDistrict = `($2::text IS NULL OR EXISTS (
  SELECT FROM survey_case c JOIN manager m ON m.id = c.manager_id WHERE c.id = a.case_id AND m.district_id = $2))`;

export function readContacts(query: Query, roundId: string, districtId: string | null): Promise<Contact[]> {
  return query<Contact>({
    name: 'web-feed',
    // Each arm reads the index by round and end: one by touched_at would have to be written anew at every turn of every call.
    text: `
      WITH latest AS (
        (SELECT * FROM attempt a WHERE a.round_id = $1 AND a.ended_at IS NULL AND ${ofDistrict} ORDER BY a.touched_at DESC, a.id LIMIT ${shown})
        UNION ALL
        (SELECT * FROM attempt a WHERE a.round_id = $1 AND a.ended_at IS NOT NULL AND ${ofDistrict} ORDER BY a.ended_at DESC, a.id LIMIT ${shown})
      )
      SELECT p.masked, a.channel, a.state, a.answered_at IS NOT NULL AS answered, a.result,
             a.conversation->'place'->>'is' AS place, (a.conversation->'place'->>'item')::int AS item, a.touched_at AS at
      FROM latest a JOIN phone p ON p.id = a.phone_id
      ORDER BY a.touched_at DESC, a.id LIMIT ${shown}`,
    values: [roundId, districtId],
  });
}

type Events = Messages['round']['feed']['events'];

export function eventOf(contact: Contact, events: Events): string {
  return contact.channel === 'sms' ? textEvent(contact, events) : callEvent(contact, events);
}

function callEvent(contact: Contact, events: Events): string {
  switch (contact.state) {
    case 'claimed':
      return events.waiting;
    case 'dialing':
      return events.dialing;
    case 'queued':
      return events.queued;
    case 'ringing':
      return events.ringing;
    case 'in-progress':
      return placeOf(contact, events);
    case 'ended':
      return endOf(contact, events);
    default:
      return events.checking;
  }
}

/** Only where he stands. Opting out and asking for a person are his affair: they show as talking. */
function placeOf({ place, item }: Contact, events: Events): string {
  if (place === 'greeting') return events.greeting;
  if (place === 'later') return events.later;
  if (place === 'farewell') return events.farewell;
  if ((place === 'question' || place === 'read-back') && item !== null) return events.question(String(item + 1));
  return events.talking;
}

const ourFailures: readonly (string | null)[] = ['technical', 'lost'];

function endOf({ answered, result }: Contact, events: Events): string {
  if (answered) return events.ended;
  return ourFailures.includes(result) ? events.failed : events.unanswered;
}

function textEvent({ state, answered, result }: Contact, events: Events): string {
  switch (state) {
    case 'claimed':
    case 'sending':
      return events.textWaiting;
    case 'sent':
      return events.textSent;
    case 'delivered':
      return events.textDelivered;
    case 'ended':
      return answered || result === 'delivered' ? events.textEnded : events.textFailed;
    default:
      return events.checking;
  }
}
