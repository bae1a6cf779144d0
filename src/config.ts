import { z } from 'zod';
import { type Environment, readEnvironment } from './platform/environment.ts';

/**
 * Every setting there is, read once at start and handed down. `.env.example` explains them to administrators. No
 * secret has a default: those of an embedded installation are made at its first start (src/platform/secrets.ts).
 */
const key = z
  .string()
  .transform((text) => text.split(',').map((part) => Buffer.from(part.trim(), 'base64')))
  .refine(
    (keys) => keys.every((bytes) => bytes.length === 32),
    'must be 32 random bytes in base64 (openssl rand -base64 32), several versions separated by commas',
  );

const url = (protocols: RegExp, example: string) =>
  z
    .string()
    .refine(
      (text) => URL.canParse(text) && protocols.test(new URL(text).protocol),
      `must be an address such as ${example}`,
    );

const ourNumbers = z
  .string()
  .transform((text) => [...new Set(text.split(',').map((number) => number.trim()))])
  .refine(
    (numbers) => numbers.every((number) => /^\+[1-9]\d{6,14}$/.test(number)),
    'must be a number in E.164 form, such as +8679188001234, or several separated by commas',
  );

const schema = z
  .object({
    DATABASE_URL: url(/^postgres(ql)?:$/, 'postgresql://user:password@host:5432/huifang').optional(),
    REDIS_URL: url(/^rediss?:$/, 'redis://host:6379').optional(),
    PORT: z.coerce.number({ error: 'must be a port number' }).int().min(0).max(65_535).default(3000),
    PUBLIC_URL: url(/^https?:$/, 'https://huifang.example.com')
      .transform((text) => text.replace(/\/+$/, ''))
      .optional(),
    ROLE: z.enum(['all', 'web', 'worker'], { error: 'must be all, web or worker' }).default('all'),
    CARRIER: z
      .enum(['simulator', 'twilio', 'asterisk'], { error: 'must be simulator, twilio or asterisk' })
      .default('simulator'),
    TEXT_CARRIER: z
      .enum(['simulator', 'twilio', 'aliyun', 'http', 'none'], {
        error: 'must be simulator, twilio, aliyun, http or none',
      })
      .optional(),
    ALIYUN_ACCESS_KEY_ID: z.string().optional(),
    ALIYUN_ACCESS_KEY_SECRET: z.string().optional(),
    ALIYUN_SMS_ENDPOINT: url(/^https?:$/, 'https://dysmsapi.aliyuncs.com').default('https://dysmsapi.aliyuncs.com'),
    ALIYUN_SMS_SIGNATURE: z.string().optional(),
    ALIYUN_SMS_TEMPLATES: z
      .string()
      .transform((text) =>
        text.split(',').flatMap((part) => (part.trim() ? [part.split('=').map((each) => each.trim())] : [])),
      )
      .refine(
        (pairs) =>
          pairs.every(
            ([text = '', code = '', more]) => /^[A-Za-z][\w.-]*$/.test(text) && code !== '' && more === undefined,
          ),
        'must name each text and the code of its template, such as S1=SMS_100000001,S2=SMS_100000002',
      )
      .transform((pairs): ReadonlyMap<string, string> => new Map(pairs.map(([text = '', code = '']) => [text, code])))
      .optional(),
    ALIYUN_PUSH_TOKEN: z
      .string()
      .regex(/^[\w-]{32,}$/, 'must be at least 32 letters and digits (openssl rand -hex 24)')
      .optional(),
    SMS_GATEWAY_URL: url(/^https?:$/, 'https://sms.example.com/huifang')
      .transform((text) => text.replace(/\/+$/, ''))
      .optional(),
    SMS_GATEWAY_TOKEN: z.string().min(16, 'must be at least 16 characters').optional(),
    SMS_GATEWAY_SECRET: z
      .string()
      .refine(
        (text) => Buffer.from(text.replace(/^whsec_/, ''), 'base64').length >= 24,
        'must be whsec_ and at least 24 random bytes in base64 (openssl rand -base64 32)',
      )
      .optional(),
    TWILIO_ACCOUNT_SID: z
      .string()
      .regex(/^AC[0-9a-fA-F]{32}$/, 'must be AC and 32 hexadecimal characters')
      .optional(),
    TWILIO_AUTH_TOKEN: z.string().optional(),
    TWILIO_AUTH_TOKEN_PREVIOUS: z.string().optional(),
    TWILIO_API_BASE_URL: url(/^https?:$/, 'https://api.twilio.com').optional(),
    TWILIO_FROM_NUMBER: ourNumbers.optional(),
    TWILIO_MESSAGING_SERVICE_SID: z
      .string()
      .regex(/^MG[0-9a-fA-F]{32}$/, 'must be MG and 32 hexadecimal characters')
      .optional(),
    ASTERISK_ARI_URL: url(/^https?:$/, 'http://127.0.0.1:8088/ari')
      .transform((text) => text.replace(/\/+$/, ''))
      .optional(),
    ASTERISK_ARI_USER: z.string().optional(),
    ASTERISK_ARI_PASSWORD: z.string().optional(),
    ASTERISK_ENDPOINT: z
      .string()
      .regex(/^[^\s/]+\/.*\{(number|e164)\}/, 'must say how a number is dialled, such as PJSIP/{number}@trunk')
      .optional(),
    ASTERISK_FROM_NUMBER: ourNumbers.optional(),
    ASTERISK_SOUNDS: z
      .string()
      .regex(
        /^\/[^,\s&]+$/,
        'must be a folder that Asterisk reads under the same path, such as /var/lib/huifang/sounds',
      )
      .optional(),
    SPEECH_PROGRAM: z
      .string()
      .refine(
        (text) => text.includes('{text}') && text.includes('{out}'),
        'must hold {text} and {out}, such as: espeak-ng -v {voice} -s {rate} -w {out} {text}',
      )
      .default('espeak-ng -v {voice} -s {rate} -w {out} {text}'),
    CALLS_PER_SECOND: z.coerce.number({ error: 'must be a number' }).positive('must be above 0').max(1000).default(1),
    MAX_CONCURRENT_CALLS: z.coerce.number({ error: 'must be a whole number' }).int().min(1).max(10_000).default(10),
    DATA_KEY: key.optional(),
    SESSION_SECRET: z.string().min(32, 'must be at least 32 characters (openssl rand -base64 32)').optional(),
    TIME_ZONE: z.string().refine(isTimeZone, 'must be a time zone such as Asia/Shanghai').default('Asia/Shanghai'),
    LOG_LEVEL: z
      .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
        error: 'must be error, warn, info or debug',
      })
      .default('info'),
  })
  .superRefine((settings, context) => {
    const need = (name: keyof typeof settings, why: string) => {
      if (settings[name] === undefined)
        context.addIssue({ code: 'custom', path: [name], message: `must be set ${why}` });
    };
    if (settings.DATABASE_URL) {
      need('DATA_KEY', 'where DATABASE_URL is set: 32 random bytes in base64 (openssl rand -base64 32)');
      need('SESSION_SECRET', 'where DATABASE_URL is set: at least 32 characters (openssl rand -base64 32)');
    }
    if (settings.CARRIER === 'twilio' || settings.TEXT_CARRIER === 'twilio') {
      const why = 'to use Twilio';
      need('TWILIO_ACCOUNT_SID', why);
      need('TWILIO_AUTH_TOKEN', why);
      need('TWILIO_FROM_NUMBER', why);
      need('PUBLIC_URL', `${why}: the https address under which it reaches this service`);
    }
    if (settings.CARRIER === 'asterisk') {
      const why = 'to call through Asterisk';
      need('ASTERISK_ARI_URL', `${why}: where its REST interface is, such as http://127.0.0.1:8088/ari`);
      need('ASTERISK_ARI_USER', `${why}: the user of ari.conf`);
      need('ASTERISK_ARI_PASSWORD', `${why}: his password`);
      need('ASTERISK_ENDPOINT', `${why}: how a number is dialled, such as PJSIP/{number}@trunk`);
      need('ASTERISK_FROM_NUMBER', `${why}: the number that retailers see and ring back, such as +8679188001234`);
      need('ASTERISK_SOUNDS', `${why}: a folder that both can read, such as /var/lib/huifang/sounds`);
    }
    if (settings.TEXT_CARRIER === 'aliyun') {
      const why = 'to send texts through Aliyun';
      need('ALIYUN_ACCESS_KEY_ID', why);
      need('ALIYUN_ACCESS_KEY_SECRET', why);
      need('ALIYUN_SMS_SIGNATURE', `${why}: the approved signature, without brackets`);
      need('ALIYUN_SMS_TEMPLATES', `${why}: the code of each approved template (docs/sms.md)`);
      need('ALIYUN_PUSH_TOKEN', `${why}: the secret part of the address it pushes replies to`);
      need('PUBLIC_URL', `${why}: the address under which it reaches this service`);
    }
    if (settings.TEXT_CARRIER === 'http') {
      const why = 'to send texts through a gateway of your own';
      need('SMS_GATEWAY_URL', why);
      need('SMS_GATEWAY_TOKEN', `${why}: what it knows us by`);
      need('SMS_GATEWAY_SECRET', `${why}: what it signs replies and reports with`);
      need('PUBLIC_URL', `${why}: the address under which it reaches this service`);
    }
    if (settings.ROLE !== 'all' && settings.CARRIER === 'simulator' && !settings.TWILIO_API_BASE_URL)
      context.addIssue({
        code: 'custom',
        path: ['ROLE'],
        message: 'must be all with the built-in simulator, or TWILIO_API_BASE_URL must name one that runs',
      });
  });

function isTimeZone(text: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: text }));
  } catch {
    return false;
  }
}

export type Config = z.infer<typeof schema>;

/** @throws BadInput naming each variable at fault and what it should be. */
export const readConfig = (environment: Environment): Config => readEnvironment(schema, environment);
