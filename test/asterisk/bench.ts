import { join } from 'node:path';
import type { Clock } from '../../src/platform/clock.ts';
import { type Log, openLog } from '../../src/platform/log.ts';
import { claimDue } from '../../src/survey/fieldwork/claim.ts';
import { settle } from '../../src/survey/fieldwork/settle.ts';
import { type Questionnaire, standardQuestionnaire } from '../../src/survey/questionnaire/questionnaire.ts';
import { Ari } from '../../src/telephony/asterisk/ari.ts';
import { openAsterisk } from '../../src/telephony/asterisk/asterisk.ts';
import { type Line, openLine } from '../../src/telephony/asterisk/line.ts';
import { Sounds } from '../../src/telephony/asterisk/sounds.ts';
import { answeringExchange } from '../../src/web/exchange.ts';
import { dial } from '../../src/workers/dial.ts';
import type { Services } from '../../src/workers/services.ts';
import { fieldRound, type Shop, settleIn, tuesdayMorning } from '../support/city.ts';
import { type Field, openField } from '../support/field.ts';
import { type Exchange, startExchange } from './exchange.ts';
import { type Phones, startPhones } from './phones.ts';

/**
 * A round in the field and the service that calls its shops, through a real Asterisk to telephones that sipp plays:
 * everything but the queues and the hour of the day is the real thing.
 */
export interface Bench {
  readonly exchange: Exchange;
  readonly phones: Phones;
  readonly field: Field;
  readonly services: Services;
  /** Calls every shop that is due, at once. @returns the attempts. */
  callAll(): Promise<readonly string[]>;
  /** Lets the line go and takes it again, as another process would. */
  retakeLine(): Promise<void>;
  dropLine(): Promise<void>;
  /** Waits until it is so. @throws after so many seconds. */
  until<T>(seconds: number, what: string, ask: () => Promise<T | null | undefined | false>): Promise<T>;
  attempt(id: string): Promise<AttemptRow>;
  /** Draws the conclusions, and reads the case of a shop. */
  caseOf(shopId: string): Promise<CaseRow>;
  close(): Promise<void>;
}

export interface AttemptRow {
  readonly state: string;
  readonly result: string | null;
  readonly turn: number;
  readonly conversation: { readonly place: { readonly is: string; readonly item?: number } } | null;
}

export interface CaseRow {
  readonly state: string;
  readonly disposition: string;
  readonly answers: Readonly<Record<string, number>>;
}

/** The clock of the field runs from the morning of its launch, in real time. */
function runningFrom(start: Date): Clock {
  const began = Date.now();
  const now = () => new Date(start.getTime() + Date.now() - began);
  return {
    now,
    until: (at) => new Promise((resolve) => setTimeout(resolve, Math.max(0, at.getTime() - now().getTime()))),
  };
}

/** The standard one in few words and short waits, so that a whole interview takes three quarters of a minute. */
export function shortQuestionnaire(): Questionnaire {
  const standard = standardQuestionnaire();
  const words: Readonly<Record<string, string>> = {
    ...{ A1: '请打几分', Q1: '5分满意', Q1r: '{{score}}分', R1: '还剩{{remaining}}题', I1: '请打分' },
  };
  const clips = Object.entries(standard.clips).map(([id, clip]) => [
    id,
    { ...clip, 'zh-CN': words[id] ?? clip['zh-CN'].replaceAll(/\{\{\w+\}\}/g, '').slice(0, 4) },
  ]);
  return {
    ...standard,
    clips: Object.fromEntries(clips),
    items: standard.items.map((item) => ({ ...item, answerSeconds: 12 })),
    timing: { ...standard.timing, afterHintSeconds: 2, lastChanceSeconds: 2, farewellSeconds: 1 },
  };
}

export async function openBench(
  name: string,
  shops: readonly Shop[],
  { concurrent = 100, login = false } = {},
): Promise<Bench> {
  const exchange = await startExchange({ login });
  const phones = await startPhones(join(exchange.folder, 'phones'), exchange.phonesPort);
  const field = await openField(name, []);
  await settleIn(field.city, shops);
  await fieldRound(field.city);
  const { services, ari, sounds } = serviceOn(field, exchange, concurrent);
  const answering = answeringExchange(services, endpoint);
  const { query } = field.city.database;
  const takeLine = () =>
    openLine({ ari, sounds, query, answering, log: services.log, now: () => services.clock.now() });
  let line: Line | null = takeLine();
  const until: Bench['until'] = async (seconds, what, ask) => {
    for (const end = Date.now() + seconds * 1000; ; ) {
      const answer = await ask();
      if (answer) return answer;
      if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}\n${exchange.log().slice(-1500)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const heard = () => until(20, 'the line is held', async () => (await ari.get(`/applications/huifang`)) !== null);
  await heard();
  await speakBeforehand(sounds, services, new Set(shops.map(({ manager }) => manager)));
  return {
    ...{ exchange, phones, field, services, until },
    async callAll() {
      const now = services.clock.now();
      const wish = { now, until: new Date(now.getTime() + 1000), openZones: ['Asia/Shanghai'] };
      const { attemptIds } = await claimDue(services, services.voice.lane, wish);
      await Promise.all(attemptIds.map((id) => dial(services, id)));
      return attemptIds;
    },
    async dropLine() {
      await line?.close();
      line = null;
    },
    async retakeLine() {
      line = takeLine();
      await heard();
    },
    async attempt(id) {
      const [row] = await query<AttemptRow>({
        text: 'SELECT state, result, turn, conversation FROM attempt WHERE id = $1',
        values: [id],
      });
      if (!row) throw new Error('no such attempt');
      return row;
    },
    async caseOf(shopId) {
      await settle({ ...field.city, clock: services.clock, questionnaire: services.questionnaire });
      const [row] = await query<CaseRow>({
        text: 'SELECT state, disposition, answers FROM survey_case WHERE retailer_id = $1',
        values: [shopId],
      });
      if (!row) throw new Error(`no case of ${shopId}`);
      return row;
    },
    async close() {
      await line?.close();
      await phones.close();
      await exchange.close();
      await field.close();
    },
  };
}

/** As an installation has it after its first calls: a busy machine speaks slowly, and keys are pressed by the clock. */
async function speakBeforehand(
  sounds: Sounds,
  { questionnaire }: Services,
  managers: ReadonlySet<string>,
): Promise<void> {
  const speaking = { language: 'zh-CN', questionnaire: await questionnaire('HF-1') } as const;
  const scores = [1, 2, 3, 4, 5].map((score) => ({ clip: 'Q1r', values: { score } }));
  const clips = Object.keys(speaking.questionnaire.clips).map((clip) => ({ clip, values: { remaining: 1, score: 1 } }));
  for (const manager of managers)
    await sounds.say([...clips, ...scores], { ...speaking, managerName: `经理${manager}` });
}

export const endpoint = 'PJSIP/{number}@trunk';
const log: Log = openLog('error');

function serviceOn(field: Field, exchange: Exchange, concurrent: number) {
  const ari = new Ari(exchange.settings);
  const clock = runningFrom(tuesdayMorning);
  const { vault, database, chance } = field.city;
  const port = openAsterisk(
    ari,
    { endpoint, fromNumbers: ['+8679188001234'] },
    { query: database.query, vault, clock },
  );
  const program = 'espeak-ng -v {voice} -s 250 -w {out} {text}';
  const sounds = new Sounds({ folder: join(exchange.folder, 'sounds'), program }, chance);
  const questionnaire = shortQuestionnaire();
  const services: Services = {
    ...field.services,
    ...{ clock, log, questionnaire: async () => questionnaire },
    voice: { port, lane: { carrier: 'asterisk', channel: 'voice', perSecond: 1000, concurrent } },
  };
  return { services, ari, sounds };
}
