import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/**
 * Aliyun's SMS service as far as we use it: what it answers to a signed request, by its description of the API. It
 * verifies every signature by the published rule (ACS3-HMAC-SHA256), not by the library's own code.
 */
export interface AliyunServer {
  answer(request: IncomingMessage, body: string): { status: number; body: unknown };
  readonly sent: AliyunText[];
  /** Codes to approved words; what is not among them is unknown to it. */
  readonly templates: Map<string, { status: number; words: string }>;
  /** What it answers to the next texts instead of taking them: an error code, as HTTP 200 or as the status says. */
  refuses: { readonly code: string; readonly status: number } | null;
}

interface AliyunText {
  readonly phone: string;
  readonly sign: string;
  readonly template: string;
  readonly values: Record<string, string>;
  readonly outId: string;
  readonly bizId: string;
  readonly at: Date;
  status: 1 | 2 | 3;
  error: string;
}

export function aliyunServer(keyId: string, secret: string, now: () => Date): AliyunServer {
  const server: AliyunServer = { answer, sent: [], templates: new Map(), refuses: null };

  function answer(request: IncomingMessage, body: string) {
    if (!isSigned(request, body, keyId, secret)) return fault(403, 'SignatureDoesNotMatch');
    const url = new URL(request.url ?? '/', 'http://here');
    const form = new URLSearchParams(body);
    const field = (name: string) => url.searchParams.get(name) ?? form.get(name) ?? '';
    switch (request.headers['x-acs-action']) {
      case 'GetSmsTemplate': {
        const template = server.templates.get(field('TemplateCode'));
        if (!template) return fault(200, 'isv.SMS_TEMPLATE_ILLEGAL');
        return ok({
          TemplateCode: field('TemplateCode'),
          TemplateStatus: String(template.status),
          TemplateContent: template.words,
        });
      }
      case 'SendSms': {
        if (server.refuses) return fault(server.refuses.status, server.refuses.code);
        const bizId = `${9_000_000 + server.sent.length}^0`;
        server.sent.push({
          ...{
            phone: field('PhoneNumbers'),
            sign: field('SignName'),
            template: field('TemplateCode'),
            outId: field('OutId'),
          },
          ...{
            values: JSON.parse(field('TemplateParam')) as Record<string, string>,
            bizId,
            at: now(),
            status: 1,
            error: '',
          },
        });
        return ok({ BizId: bizId });
      }
      case 'QuerySendDetails': {
        const local = (at: Date) => new Date(at.getTime() + 8 * 3_600_000).toISOString().replace('T', ' ').slice(0, 19);
        const found = server.sent.filter(
          ({ phone, at }) =>
            phone === field('PhoneNumber') && local(at).slice(0, 10).replaceAll('-', '') === field('SendDate'),
        );
        const details = found.map(({ phone, template, outId, at, status, error }) => ({
          ...{
            PhoneNum: phone,
            TemplateCode: template,
            OutId: outId,
            SendDate: local(at),
            SendStatus: status,
            ErrCode: error,
          },
        }));
        return ok({ TotalCount: String(found.length), SmsSendDetailDTOs: { SmsSendDetailDTO: details.reverse() } });
      }
      case 'QuerySmsSignList':
        return ok({ SmsSignList: [] });
      default:
        return fault(404, 'InvalidAction.NotFound');
    }
  }
  return server;
}

const ok = (body: object) => ({ status: 200, body: { Code: 'OK', Message: 'OK', RequestId: 'R-1', ...body } });
const fault = (status: number, code: string) => ({
  status,
  body: { Code: code, Message: 'as Aliyun words it', RequestId: 'R-2' },
});

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const encode = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

/** help.aliyun.com/document_detail/2712195.html */
function isSigned(request: IncomingMessage, body: string, keyId: string, secret: string): boolean {
  const [, credential, names = '', signature] =
    /^ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})$/.exec(
      request.headers.authorization ?? '',
    ) ?? [];
  if (credential !== keyId || request.headers['x-acs-content-sha256'] !== sha256(body)) return false;
  const url = new URL(request.url ?? '/', 'http://here');
  const query = [...url.searchParams].map(([name, value]) => `${encode(name)}=${encode(value)}`).sort();
  const headers = names.split(';').map((name) => `${name}:${String(request.headers[name]).trim()}\n`);
  const canonical = [request.method, url.pathname, query.join('&'), headers.join(''), names, sha256(body)].join('\n');
  return (
    createHmac('sha256', secret)
      .update(`ACS3-HMAC-SHA256\n${sha256(canonical)}`)
      .digest('hex') === signature
  );
}
