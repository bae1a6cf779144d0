import { createRequire } from 'node:module';
import { DateTime } from 'luxon';
import type { Clock } from '../../platform/clock.ts';
import { CarrierUnreachable } from '../carrier-unreachable.ts';
import type { KnownText, OutgoingText, Placing, Registration, TextPort, TextTemplate } from '../ports.ts';
import { failedReport, refusal } from './errors.ts';

/**
 * Texts in mainland China through Aliyun. It sends nothing but what it has approved: a signature, and a template for
 * every text, whose words are compared with ours before the first one goes out. It has no idempotency key; our id goes
 * along as OutId and is found again in its list of the day. Replies and reports come as pushes (src/web/aliyun.ts).
 */
export interface AliyunSettings {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** `https://dysmsapi.aliyuncs.com`, or where its protocol is spoken besides. */
  readonly endpoint: string;
  readonly signName: string;
  /** Codes by text: `S1`, and `S1.en` for one in English. */
  readonly templates: ReadonlyMap<string, string>;
  readonly clock: Clock;
  /** How long one request may take, in milliseconds; default ten seconds. */
  readonly requestTimeout?: number;
}

export type AliyunTexts = TextPort & Required<Pick<TextPort, 'registration'>>;

// Its packages are CommonJS, and a default import of them means one thing to Node and another to a bundler.
const load = createRequire(import.meta.url);
type Library = typeof import('@alicloud/dysmsapi20170525', { with: { 'resolution-mode': 'require' }});
type Core = typeof import('@alicloud/openapi-core', { with: { 'resolution-mode': 'require' }});

const tenSeconds = 10_000;
/** An approval is looked up anew this often: it may be withdrawn. */
const approvalMilliseconds = 3_600_000;
/** Aliyun's days and times are Peking's. */
const itsZone = 'Asia/Shanghai';

export function openAliyun(settings: AliyunSettings): AliyunTexts {
  const library = load('@alicloud/dysmsapi20170525') as Library;
  const core = load('@alicloud/openapi-core') as Core;
  const { accessKeyId, accessKeySecret, clock, requestTimeout = tenSeconds } = settings;
  const { host, protocol } = new URL(settings.endpoint);
  const client = new library.default(
    new core.$OpenApiUtil.Config({
      ...{ accessKeyId, accessKeySecret, endpoint: host, protocol: protocol.replace(':', '').toUpperCase() },
      ...{ readTimeout: requestTimeout, connectTimeout: requestTimeout },
    }),
  );
  const approvals = new Map<string, { readonly registration: Registration; readonly until: number }>();

  async function look({ id, language, words }: Parameters<AliyunTexts['registration']>[0]): Promise<Registration> {
    const code = settings.templates.get(language === 'zh-CN' ? id : `${id}.${language}`);
    if (code === undefined) return { status: 'no-code', code: null };
    const { body } = await client.getSmsTemplate(new library.GetSmsTemplateRequest({ templateCode: code }));
    if (body?.code !== 'OK') throw Object.assign(new Error('no such template'), { code: body?.code });
    const status = statuses[String(body.templateStatus)] ?? 'rejected';
    const same = plain(body.templateContent ?? '') === plain(words);
    return { status: status === 'approved' && !same ? 'other-words' : status, code };
  }

  /** Approved ones are remembered by their words; whatever else is looked at anew, somebody may be mending it. */
  async function approved(template: TextTemplate): Promise<Registration> {
    const now = clock.now().getTime();
    const key = `${template.id} ${template.language} ${template.words}`;
    const known = approvals.get(key);
    if (known && known.until > now) return known.registration;
    const registration = await look(template);
    if (registration.status === 'approved') approvals.set(key, { registration, until: now + approvalMilliseconds });
    return registration;
  }

  return {
    carrier: 'aliyun',
    registration: (template) => look(template).catch(withoutRequest),
    async send({ messageId, to, template }: OutgoingText): Promise<Placing> {
      let code: string;
      try {
        const registration = await approved(template);
        if (registration.status !== 'approved') return notRegistered(registration.status);
        code = registration.code;
      } catch (error) {
        // Only the approval was asked for: nothing has gone out.
        return notAsked(error);
      }
      try {
        const { body } = await client.sendSms(
          new library.SendSmsRequest({
            ...{ phoneNumbers: theirForm(to), signName: settings.signName, templateCode: code, outId: messageId },
            templateParam: JSON.stringify(template.values),
          }),
        );
        if (!body?.code) return { kind: 'unknown', reason: 'an answer without a code' };
        if (body.code !== 'OK') return refusal(body.code);
        return body.bizId
          ? { kind: 'placed', carrierId: body.bizId }
          : { kind: 'unknown', reason: 'an answer without an id' };
      } catch (error) {
        return afterAsking(describe(error));
      }
    },
    async textsTo(to, since): Promise<KnownText[]> {
      const texts: KnownText[] = [];
      const from = DateTime.fromJSDate(since, { zone: itsZone }).startOf('second');
      const today = DateTime.fromJSDate(clock.now(), { zone: itsZone });
      for (let day = from.startOf('day'); day <= today; day = day.plus({ days: 1 })) {
        const { body } = await client
          .querySendDetails(
            new library.QuerySendDetailsRequest({
              ...{ phoneNumber: theirForm(to), sendDate: day.toFormat('yyyyMMdd'), pageSize: 50, currentPage: 1 },
            }),
          )
          .catch(withoutRequest);
        if (body?.code !== 'OK') throw new CarrierUnreachable(`error ${body?.code ?? '?'}`);
        for (const detail of body.smsSendDetailDTOs?.smsSendDetailDTO ?? []) {
          const sent = DateTime.fromFormat(detail.sendDate ?? '', 'yyyy-MM-dd HH:mm:ss', { zone: itsZone });
          // Its times are whole seconds and its clock is not ours.
          if (sent.isValid && sent < from.minus({ seconds: 60 })) continue;
          texts.push({ carrierId: null, ...(detail.outId && { messageId: detail.outId }), report: reportOf(detail) });
        }
      }
      return texts.reverse();
    },
    async health() {
      const { body } = await client
        .querySmsSignList(new library.QuerySmsSignListRequest({ pageIndex: 1, pageSize: 1 }))
        .catch(withoutRequest);
      if (body?.code !== 'OK') throw new CarrierUnreachable(`error ${body?.code ?? '?'}`);
    },
  };
}

const statuses: Readonly<Record<string, 'approved' | 'in-review' | 'rejected'>> = {
  '0': 'in-review',
  '1': 'approved',
  '2': 'rejected',
  AUDIT_STATE_INIT: 'in-review',
  AUDIT_STATE_PASS: 'approved',
  AUDIT_STATE_NOT_PASS: 'rejected',
};

/** Whoever pasted it may have broken the line. */
const plain = (words: string): string => words.normalize('NFC').replace(/\s/g, '');

const notRegistered = (status: Registration['status']): Placing => ({
  ...{ kind: 'refused', result: 'technical', errorCode: null, errorName: `template.${status}`, trouble: 'settings' },
});

function reportOf({ sendStatus, errCode }: { sendStatus?: number; errCode?: string }): KnownText['report'] {
  if (sendStatus === 3) return { state: 'delivered' };
  return sendStatus === 2 ? failedReport(errCode ?? '') : { state: 'sent' };
}

/** Eleven digits at home, country code and number abroad: also what its list of the day is asked with. */
const theirForm = (e164: string): string => e164.replace(/^\+86(?=1\d{10}$)/, '').replace(/^\+/, '');

interface Described {
  readonly status: number | null;
  /** Aliyun's code: without one the answer is not Aliyun's, but some proxy's. */
  readonly code: string | null;
  readonly network: string | null;
}

/** The library's errors hold the request with its signature, so none leaves this file. */
function describe(error: unknown): Described {
  const { statusCode, code } = (error ?? {}) as { statusCode?: unknown; code?: unknown };
  const word = typeof code === 'string' && code !== '' && code !== 'undefined' ? code : null;
  const status = typeof statusCode === 'number' ? statusCode : null;
  const network = word !== null && status === null && /^E[A-Z_]+$/.test(word) ? word : null;
  return { status, code: network === null ? word : null, network };
}

function afterAsking({ status, code, network }: Described): Placing {
  if (network === 'ECONNREFUSED')
    return { kind: 'refused', result: 'technical', errorCode: null, errorName: network, trouble: 'busy' };
  if (code !== null && status !== null && status >= 400 && status < 500 && status !== 408) return refusal(code);
  return { kind: 'unknown', reason: network ?? code ?? (status === null ? 'no answer' : `HTTP ${status}`) };
}

function notAsked(error: unknown): Placing {
  const { code } = describe(error);
  const known = code === null ? null : refusal(code);
  if (known?.kind === 'refused') return known;
  return { kind: 'refused', result: 'technical', errorCode: null, errorName: 'template.not-checked', trouble: 'busy' };
}

function withoutRequest(error: unknown): never {
  const { status, code, network } = describe(error);
  throw new CarrierUnreachable(network ?? (code === null ? `HTTP ${status ?? '?'}` : `error ${code}`));
}
