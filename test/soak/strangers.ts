import twilio from 'twilio';
import type { Chance } from '../../src/platform/chance.ts';

/** Requests that belong to no call and no thread of ours, from the carrier and from others, with the answer each is due. */
export class Strangers {
  readonly #publicUrl: string;
  readonly #token: string;
  readonly #chance: Chance;
  requests = 0;
  wrongs = 0;

  constructor(publicUrl: string, token: string, chance: Chance) {
    this.#publicUrl = publicUrl;
    this.#token = token;
    this.#chance = chance;
  }

  /** One of them, now and then. */
  async knock(): Promise<void> {
    const [often = 0, which = 0] = this.#chance.bytes(2);
    if (often > 25) return;
    const knock = knocks[which % knocks.length];
    if (!knock) return;
    const { path, fields, sign, status } = knock({
      id: this.#chance.id(),
      sid: `SM${this.#chance.bytes(16).toString('hex')}`,
    });
    const address = sign === 'elsewhere' ? `https://elsewhere.example${path}` : this.#publicUrl + path;
    const signature = twilio.getExpectedTwilioSignature(sign === 'guess' ? 'a guess' : this.#token, address, fields);
    const response = await fetch(this.#publicUrl + path, {
      method: 'POST',
      headers: sign === 'none' ? {} : { 'X-Twilio-Signature': signature },
      body: new URLSearchParams(fields),
    });
    await response.arrayBuffer();
    this.requests += 1;
    if (response.status !== status) this.wrongs += 1;
  }
}

interface Knock {
  readonly path: string;
  readonly fields: Record<string, string>;
  readonly sign: 'rightly' | 'none' | 'guess' | 'elsewhere';
  readonly status: number;
}
type Fresh = { readonly id: string; readonly sid: string };

/** No shop of the roster has it. */
const stranger = '+8619999999999';
const text =
  (body: string) =>
  ({ sid }: Fresh): Knock => ({
    ...{ path: '/twilio/text', fields: { MessageSid: sid, From: stranger, Body: body }, sign: 'rightly', status: 200 },
  });
const turn =
  (sign: Knock['sign'], status: number) =>
  ({ id, sid }: Fresh): Knock => ({
    ...{ path: `/twilio/voice/${id}/2`, fields: { CallSid: sid, Digits: '1' }, sign, status },
  });

const knocks: readonly ((fresh: Fresh) => Knock)[] = [
  ...['5', '５', '五', '5分', '非常满意', '😡', '', '满'.repeat(1600), 'R', '退订'].map(text),
  turn('none', 403),
  turn('guess', 403),
  turn('elsewhere', 403),
  turn('rightly', 404),
  ({ id, sid }) => ({
    ...{
      path: `/twilio/voice/${id}/status`,
      fields: { CallSid: sid, CallStatus: 'completed' },
      sign: 'rightly',
      status: 404,
    },
  }),
  ({ id, sid }) => ({
    path: `/twilio/text/${id}/status`,
    fields: { MessageSid: sid, MessageStatus: 'delivered' },
    ...{ sign: 'rightly', status: 404 },
  }),
];
