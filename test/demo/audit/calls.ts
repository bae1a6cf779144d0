/** Reads a carrier's own log of calls: how many were double, and whether each came at a decent time. */
export interface Call {
  readonly sid: string;
  readonly attempt: string | null;
  /** A keyed hash, which tells phones apart and gives none away. */
  readonly phone: string;
  readonly created: string;
  readonly ended: string | null;
}

export interface ContactRules {
  readonly attempts: number;
  readonly minimumHoursBetweenAttempts: number;
  readonly windows: readonly string[];
}

export function readCalls(log: string): Call[] {
  const lines = log.split('\n');
  if (lines.pop() !== '') throw new Error('its last line is not whole');
  return lines.map((line) => JSON.parse(line) as Call);
}

/** Calls beyond one an attempt, and calls that began while another to the same phone was under way. */
export function doubleCalls(calls: readonly Call[]): number {
  const attempts = new Set(calls.map(({ attempt }) => attempt));
  const overlapping = [...byPhone(calls).values()].flatMap((own) =>
    own.filter((call, index) => own.slice(0, index).some((earlier) => endOf(earlier) > startOf(call))),
  );
  return calls.length - attempts.size + overlapping.length;
}

export function auditCalls(calls: readonly Call[], rules: ContactRules): string[] {
  return [...calls.flatMap(malformed), ...repeated(calls), ...atBadTimes(calls, rules), ...tooOften(calls, rules)];
}

const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function malformed({ sid, attempt, phone, created, ended }: Call): string[] {
  const faults: string[] = [];
  const say = (what: string) => faults.push(`call ${sid}: ${what}`);
  if (!/^CA[0-9a-f]{32}$/.test(sid)) say('its sid is not a call’s');
  if (!attempt) say('belongs to no attempt');
  if (!/^[0-9a-f]{64}$/.test(phone)) say('its phone is not an HMAC');
  if (!iso.test(created)) say('was created at no time');
  if (ended === null || !iso.test(ended)) say('has not ended');
  else if (ended < created) say('ended before it was created');
  return faults;
}

const repeated = (calls: readonly Call[]): string[] => {
  const seen = new Set<string>();
  return calls.flatMap(({ sid }) => {
    if (seen.has(sid)) return [`call ${sid} is listed twice`];
    seen.add(sid);
    return [];
  });
};

/** China's statutory holidays near the demo's December; none falls into it, and no weekend of it is worked. */
const holidays: readonly string[] = ['2027-01-01'];
/** The whole of China keeps UTC+8, without summer time. */
const offset = 8 * 3_600_000;

function atBadTimes(calls: readonly Call[], { windows }: ContactRules): string[] {
  return calls.flatMap(({ sid, created }) => {
    const local = new Date(Date.parse(created) + offset);
    if (Number.isNaN(local.getTime())) return [];
    const [day = '', time = ''] = local.toISOString().split('T');
    const works = ![0, 6].includes(local.getUTCDay()) && !holidays.includes(day);
    const open = windows.some((window) => {
      const [from = '', to = ''] = window.split('-');
      return time >= from && time < to;
    });
    return works && open ? [] : [`call ${sid} was made outside calling hours, at ${day} ${time.slice(0, 8)}`];
  });
}

/** After somebody asked to be called later at most two calls more, also beyond the usual number. */
const afterAppointment = 2;

function tooOften(calls: readonly Call[], { attempts, minimumHoursBetweenAttempts }: ContactRules): string[] {
  return [...byPhone(calls)].flatMap(([phone, own]) => [
    ...(own.length > attempts + afterAppointment ? [`phone ${phone.slice(0, 8)} was called ${own.length} times`] : []),
    ...own.flatMap((call, index) => {
      const before = own[index - 1];
      const hours = before ? (startOf(call) - startOf(before)) / 3_600_000 : Number.POSITIVE_INFINITY;
      if (hours >= minimumHoursBetweenAttempts) return [];
      return [`call ${call.sid} came ${Math.round(hours * 60)} minutes after the one before to the same phone`];
    }),
  ]);
}

export function byPhone(calls: readonly Call[]): Map<string, Call[]> {
  const phones = new Map<string, Call[]>();
  for (const call of [...calls].sort((a, b) => startOf(a) - startOf(b)))
    phones.set(call.phone, [...(phones.get(call.phone) ?? []), call]);
  return phones;
}

const startOf = ({ created }: Call): number => Date.parse(created);
const endOf = ({ ended }: Call): number => (ended === null ? Number.POSITIVE_INFINITY : Date.parse(ended));
