import { createHash } from 'node:crypto';
import type { Call } from './call.ts';
import { DELIVERY_FAULTS } from './faults.ts';
import type { Recording } from './recording.ts';
import { segments, type Text } from './text.ts';

/**
 * Calls, messages and the account as Twilio's REST API shows them: every property of its OpenAPI description and no
 * other.
 */

export const API = '/2010-04-01';

/** `Tue, 31 Aug 2010 20:36:28 +0000`. */
export function rfc2822(at: Date): string {
  return at.toUTCString().replace('GMT', '+0000');
}

function stamp(at: Date | null): string | null {
  return at && rfc2822(at);
}

/** North American numbers as people there write them, all others as they are. */
function formatted(phone: string): string {
  const found = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(phone);
  return found ? `(${found[1]}) ${found[2]}-${found[3]}` : phone;
}

/** A sid that always is the same for the same thing. */
function sidFor(prefix: string, thing: string): string {
  return `${prefix}${createHash('sha256').update(`${prefix}|${thing}`).digest('hex').slice(0, 32)}`;
}

function subresources(of: string, names: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(names).map(([key, name]) => [key, `${of}/${name}.json`]));
}

const CALL_SUBRESOURCES = {
  notifications: 'Notifications',
  recordings: 'Recordings',
  payments: 'Payments',
  events: 'Events',
  siprec: 'Siprec',
  streams: 'Streams',
  transcriptions: 'Transcriptions',
  user_defined_message_subscriptions: 'UserDefinedMessageSubscriptions',
  user_defined_messages: 'UserDefinedMessages',
};

export function callResource(call: Call, accountSid: string): Record<string, unknown> {
  const { to, from, sid } = call.order;
  const uri = `${API}/Accounts/${accountSid}/Calls/${sid}`;
  return {
    sid,
    date_created: rfc2822(call.created),
    date_updated: rfc2822(call.updated),
    parent_call_sid: call.order.dialedBy ?? null,
    account_sid: accountSid,
    to,
    to_formatted: formatted(to),
    from,
    from_formatted: formatted(from),
    phone_number_sid: sidFor('PN', from),
    status: call.status,
    start_time: stamp(call.started),
    end_time: stamp(call.ended),
    duration: call.duration === null ? null : String(call.duration),
    price: call.price,
    price_unit: 'USD',
    direction: call.direction,
    answered_by: call.answeredBy,
    api_version: '2010-04-01',
    forwarded_from: null,
    group_sid: null,
    caller_name: null,
    queue_time: '0',
    trunk_sid: null,
    uri: `${uri}.json`,
    subresource_uris: subresources(uri, CALL_SUBRESOURCES),
  };
}

export function messageResource(text: Text, accountSid: string): Record<string, unknown> {
  const uri = `${API}/Accounts/${accountSid}/Messages/${text.sid}`;
  return {
    body: text.body,
    num_segments: String(segments(text.body)),
    direction: text.direction,
    from: text.from,
    to: text.to,
    date_updated: rfc2822(text.updated),
    price: text.price,
    error_message: text.error === null ? null : (DELIVERY_FAULTS[text.error] ?? null),
    uri: `${uri}.json`,
    account_sid: accountSid,
    num_media: '0',
    status: text.status,
    messaging_service_sid: text.messagingServiceSid,
    sid: text.sid,
    date_sent: stamp(text.sent),
    date_created: rfc2822(text.created),
    error_code: text.error,
    price_unit: 'USD',
    api_version: '2010-04-01',
    subresource_uris: subresources(uri, { media: 'Media', feedback: 'Feedback' }),
  };
}

export const recordingPath = (sid: string, accountSid: string): string =>
  `${API}/Accounts/${accountSid}/Recordings/${sid}`;

/** What a recording is in every list and by itself. */
function recordingFields({ sid, callSid, seconds, created }: Recording, accountSid: string): Record<string, unknown> {
  return {
    account_sid: accountSid,
    api_version: '2010-04-01',
    call_sid: callSid,
    conference_sid: null,
    date_created: rfc2822(created),
    date_updated: rfc2822(created),
    start_time: rfc2822(created),
    duration: String(seconds),
    sid,
    price: null,
    price_unit: 'USD',
    status: 'completed',
    channels: 1,
    source: 'RecordVerb',
    error_code: null,
    encryption_details: null,
  };
}

export function recordingResource(recording: Recording, accountSid: string): Record<string, unknown> {
  const path = recordingPath(recording.sid, accountSid);
  return {
    ...recordingFields(recording, accountSid),
    uri: `${path}.json`,
    media_url: path,
    subresource_uris: subresources(path, { add_on_results: 'AddOnResults', transcriptions: 'Transcriptions' }),
  };
}

/** The same in the list of its call. */
export function callRecordingResource(recording: Recording, accountSid: string): Record<string, unknown> {
  const call = `${API}/Accounts/${accountSid}/Calls/${recording.callSid}`;
  return {
    ...recordingFields(recording, accountSid),
    uri: `${call}/Recordings/${recording.sid}.json`,
    track: null,
  };
}

const ACCOUNT_SUBRESOURCES = { calls: 'Calls', messages: 'Messages' };

/** @param since when the simulator's clock began */
export function accountResource(accountSid: string, since: Date): Record<string, unknown> {
  const uri = `${API}/Accounts/${accountSid}`;
  return {
    // Twilio shows the token here; whoever asks has it already, and a log of answers should not.
    auth_token: null,
    date_created: rfc2822(since),
    date_updated: rfc2822(since),
    friendly_name: 'Simulator',
    owner_account_sid: accountSid,
    sid: accountSid,
    status: 'active',
    subresource_uris: subresources(uri, ACCOUNT_SUBRESOURCES),
    type: 'Full',
    uri: `${uri}.json`,
  };
}

/** One page of a list, newest first, with Twilio's paging fields. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly fields: Record<string, unknown>;
}

const DEFAULT_PAGE = 50;
const LARGEST_PAGE = 1000;

/**
 * Cuts the page that `query` asks for. The page token names the last item of the page before, so that what is created
 * meanwhile moves nothing.
 *
 * @param found everything that fits the filters, newest first
 */
export function page<Item extends { readonly sid: string }>(
  path: string,
  query: URLSearchParams,
  found: readonly Item[],
): Page<Item> {
  const size = Math.min(
    LARGEST_PAGE,
    Math.max(1, Math.trunc(Number(query.get('PageSize') ?? DEFAULT_PAGE)) || DEFAULT_PAGE),
  );
  const number = Math.max(0, Math.trunc(Number(query.get('Page') ?? 0)) || 0);
  const token = query.get('PageToken');
  const last = token ? found.findIndex((item) => item.sid === token.slice(2)) : -1;
  const start = last >= 0 ? last + 1 : number * size;
  const items = found.slice(start, start + size);
  const at = (page: number, after: string | undefined): string => {
    const filters = new URLSearchParams(query);
    filters.set('PageSize', String(size));
    filters.set('Page', String(page));
    filters.delete('PageToken');
    if (after) filters.set('PageToken', `PA${after}`);
    return `${path}?${filters}`;
  };
  return {
    items,
    fields: {
      first_page_uri: at(0, undefined),
      next_page_uri: start + size < found.length ? at(number + 1, items.at(-1)?.sid) : null,
      previous_page_uri: number > 0 ? at(number - 1, found[start - size - 1]?.sid) : null,
      page: number,
      page_size: size,
      start: number * size,
      end: number * size + Math.max(0, items.length - 1),
      uri: at(number, token?.slice(2)),
    },
  };
}
