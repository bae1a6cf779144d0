import { XMLParser } from 'fast-xml-parser';
import { join, pause, speak, type Utterance } from './speech.ts';

/**
 * TwiML as a list of verbs, with everything that is said already timed.
 * https://www.twilio.com/docs/voice/twiml
 */

export type HttpMethod = 'GET' | 'POST';

export type Verb =
  | { readonly verb: 'say'; readonly prompt: Utterance }
  | { readonly verb: 'gather'; readonly gather: Gather }
  | { readonly verb: 'record'; readonly record: RecordVerb }
  | { readonly verb: 'dial'; readonly dial: DialVerb }
  | { readonly verb: 'redirect'; readonly url: string; readonly method: HttpMethod }
  | { readonly verb: 'message'; readonly body: string; readonly to: string | null }
  | { readonly verb: 'hangup' };

export interface Gather {
  /** All that is said while keys are awaited. */
  readonly prompt: Utterance;
  /** Ends the gathering when so many keys were pressed; null means no limit. */
  readonly numDigits: number | null;
  /** Seconds to wait after the prompt, and after every key. */
  readonly timeout: number;
  /** Keys of which any one ends the gathering without being part of it. */
  readonly finishOnKey: string;
  readonly actionOnEmptyResult: boolean;
  /** As written, possibly relative; null means the address this document came from. */
  readonly action: string | null;
  readonly method: HttpMethod;
  /** False for a Gather that listens to speech only: keys do nothing. */
  readonly dtmf: boolean;
  /** Somebody who speaks ends it, too. */
  readonly speech: boolean;
}

/** Whom a Dial connects the call with. */
export interface DialVerb {
  readonly number: string;
  /** Under which number; null means the call's own. */
  readonly callerId: string | null;
  /** Seconds it rings there. */
  readonly timeout: number;
  readonly timeLimit: number;
  readonly action: string | null;
  readonly method: HttpMethod;
}

/** What a Record asks for. */
export interface RecordVerb {
  /** Seconds after which the recording ends whatever is said. */
  readonly maxLength: number;
  /** Seconds of silence that end it. */
  readonly timeout: number;
  readonly finishOnKey: string;
  /** Seconds of the tone before it. */
  readonly beep: number;
  readonly action: string | null;
  readonly method: HttpMethod;
}

export interface Document {
  readonly verbs: readonly Verb[];
  /** Twilio's 12200 warnings: elements that are not TwiML or not carried out here; they are passed over. */
  readonly ignored: readonly string[];
}

/** The document cannot be carried out at all; `code` is Twilio's. */
export class BadTwiml extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.name = 'BadTwiml';
    this.code = code;
  }
}

/** How long a sound file is taken to play: its real length is not known without fetching it. */
const PLAY_SECONDS = 4;
const DEFAULT_BREAK_SECONDS = 0.5;
const BEEP_SECONDS = 1;
const LONGEST_RECORDING = 3600;
const MOST_LOOPS = 1000;

/** SSML break strengths in seconds. */
const STRENGTHS: Readonly<Record<string, number>> = {
  none: 0,
  'x-weak': 0.1,
  weak: 0.25,
  medium: 0.5,
  strong: 1,
  'x-strong': 1.5,
};

/** SSML speaking rates as factors of time. */
const RATES: Readonly<Record<string, number>> = {
  'x-slow': 1.8,
  slow: 1.35,
  medium: 1,
  default: 1,
  fast: 0.8,
  'x-fast': 0.6,
};

type Attributes = Readonly<Record<string, string>>;
interface XmlElement {
  readonly name: string;
  readonly attributes: Attributes;
  readonly children: readonly XmlNode[];
}
type XmlNode = string | XmlElement;

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  trimValues: false,
  processEntities: true,
  htmlEntities: true,
});

/** Reads a TwiML document. @throws BadTwiml when it is none */
export function readTwiml(xml: string): Document {
  let nodes: readonly XmlNode[];
  try {
    nodes = toNodes(parser.parse(xml, true));
  } catch (error) {
    throw new BadTwiml(12100, `Document parse failure: ${error instanceof Error ? error.message : 'not XML'}`);
  }
  const roots = nodes.filter((node) => typeof node !== 'string' && !node.name.startsWith('?'));
  const root = roots[0];
  if (!root || typeof root === 'string' || roots.length > 1) {
    throw new BadTwiml(12100, 'Document parse failure: one root element expected');
  }
  if (root.name !== 'Response')
    throw new BadTwiml(12100, `Document parse failure: <Response> expected, not <${root.name}>`);
  const ignored: string[] = [];
  const verbs = root.children.flatMap((child) => (typeof child === 'string' ? [] : verb(child, ignored)));
  return { verbs, ignored };
}

/** Turns the parser's order-preserving form (`[{ Say: [{ '#text': … }], ':@': { … } }]`) into elements and texts. */
function toNodes(raw: unknown): XmlNode[] {
  if (!Array.isArray(raw)) return [];
  return raw.flatMap((entry: Record<string, unknown>): XmlNode[] => {
    if ('#text' in entry) return [String(entry['#text'])];
    const name = Object.keys(entry).find((key) => key !== ':@');
    if (name === undefined) return [];
    return [{ name, attributes: (entry[':@'] ?? {}) as Attributes, children: toNodes(entry[name]) }];
  });
}

function verb(element: XmlElement, ignored: string[]): Verb[] {
  const { name, attributes } = element;
  const prompt = spokenVerb(element);
  if (prompt) return [{ verb: 'say', prompt }];
  switch (name) {
    case 'Gather':
      return [{ verb: 'gather', gather: gather(element, ignored) }];
    case 'Record':
      return [{ verb: 'record', record: record(attributes) }];
    case 'Dial':
      return [{ verb: 'dial', dial: dial(element) }];
    case 'Redirect':
      return [{ verb: 'redirect', url: text(element).trim(), method: method(attributes) }];
    case 'Message':
      return [{ verb: 'message', body: messageBody(element), to: attributes.to ?? null }];
    case 'Hangup':
    case 'Reject':
      return [{ verb: 'hangup' }];
    default:
      ignored.push(name);
      return [];
  }
}

function gather(element: XmlElement, ignored: string[]): Gather {
  const { attributes } = element;
  const prompts: Utterance[] = [];
  for (const child of element.children) {
    if (typeof child === 'string') continue;
    const prompt = spokenVerb(child);
    if (prompt) prompts.push(prompt);
    else ignored.push(child.name);
  }
  const numDigits = Number(attributes.numDigits);
  const timeout = Number(attributes.timeout ?? 5);
  return {
    prompt: join(prompts),
    numDigits: Number.isInteger(numDigits) && numDigits > 0 ? numDigits : null,
    timeout: Number.isFinite(timeout) && timeout >= 0 ? timeout : 5,
    finishOnKey: attributes.finishOnKey ?? '#',
    actionOnEmptyResult: attributes.actionOnEmptyResult === 'true',
    action: attributes.action ? attributes.action : null,
    method: method(attributes),
    dtmf: /dtmf/.test(attributes.input ?? 'dtmf'),
    speech: /speech/.test(attributes.input ?? 'dtmf'),
  };
}

/** One number, as the verb's own text or in a Number; several at once are not carried out here. */
function dial(element: XmlElement): DialVerb {
  const { attributes } = element;
  const inside = element.children.find((child) => typeof child !== 'string' && child.name === 'Number');
  const seconds = (value: string | undefined, otherwise: number) => (Number(value) > 0 ? Number(value) : otherwise);
  return {
    number: text(typeof inside === 'object' ? inside : element).trim(),
    callerId: attributes.callerId ?? null,
    timeout: seconds(attributes.timeout, 30),
    timeLimit: seconds(attributes.timeLimit, 14_400),
    action: attributes.action ? attributes.action : null,
    method: method(attributes),
  };
}

function record(attributes: Attributes): RecordVerb {
  const seconds = (value: string | undefined, otherwise: number) => {
    const read = Number(value ?? otherwise);
    return Number.isFinite(read) && read > 0 ? read : otherwise;
  };
  return {
    maxLength: seconds(attributes.maxLength, LONGEST_RECORDING),
    timeout: seconds(attributes.timeout, 5),
    finishOnKey: attributes.finishOnKey ?? '1234567890*#',
    beep: attributes.playBeep === 'false' ? 0 : BEEP_SECONDS,
    action: attributes.action ? attributes.action : null,
    method: method(attributes),
  };
}

function method(attributes: Attributes): HttpMethod {
  return attributes.method?.toUpperCase() === 'GET' ? 'GET' : 'POST';
}

/** What Say, Play and Pause put on the line; null for any other element. */
function spokenVerb({ name, attributes, children }: XmlElement): Utterance | null {
  switch (name) {
    case 'Say':
      return looped(join(children.map((child) => ssml(child, 1))), attributes);
    case 'Play':
      return looped(pause(attributes.digits ? attributes.digits.length * 0.5 : PLAY_SECONDS), attributes);
    case 'Pause': {
      const length = Number(attributes.length ?? 1);
      return pause(Number.isFinite(length) && length >= 0 ? length : 1);
    }
    default:
      return null;
  }
}

/** `loop="0"` plays until hang-up, which Twilio bounds at a thousand times. */
function looped(once: Utterance, attributes: Attributes): Utterance {
  const loop = attributes.loop === undefined ? 1 : Number(attributes.loop);
  const times = loop === 0 ? MOST_LOOPS : Number.isInteger(loop) && loop > 0 ? Math.min(loop, MOST_LOOPS) : 1;
  return times === 1 ? once : join(Array.from({ length: times }, () => once));
}

function ssml(node: XmlNode, slowness: number): Utterance {
  if (typeof node === 'string') return speak(node, slowness);
  const { name, attributes, children } = node;
  switch (name) {
    case 'break':
      return pause(duration(attributes.time) ?? STRENGTHS[attributes.strength ?? 'medium'] ?? DEFAULT_BREAK_SECONDS);
    case 'sub':
      return speak(attributes.alias ?? '', slowness);
    case 'prosody':
      return join(children.map((child) => ssml(child, slowness * rate(attributes.rate))));
    default:
      return join(children.map((child) => ssml(child, slowness)));
  }
}

/** `0.8s` or `600ms` in seconds. */
function duration(time: string | undefined): number | null {
  const found = /^\s*(\d+(?:\.\d+)?)\s*(ms|s)\s*$/.exec(time ?? '');
  if (!found) return null;
  return Number(found[1]) / (found[2] === 'ms' ? 1000 : 1);
}

/** A rate by name, or as a percentage of the normal speed. */
function rate(value: string | undefined): number {
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(value ?? '');
  if (percent) return 100 / Math.max(20, Number(percent[1]));
  return RATES[value ?? 'medium'] ?? 1;
}

function text(element: XmlElement): string {
  return element.children.map((child) => (typeof child === 'string' ? child : text(child))).join('');
}

/** Message puts its words either in itself or in a Body. */
function messageBody(element: XmlElement): string {
  const body = element.children.find((child) => typeof child !== 'string' && child.name === 'Body');
  return text(typeof body === 'object' ? body : element).trim();
}
