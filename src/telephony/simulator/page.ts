import Handlebars from 'handlebars';
import type { Call } from './call.ts';
import type { Exchange } from './exchange.ts';
import type { Text } from './text.ts';
import { type Event, masked } from './transcript.ts';

/** What happened, as a page for whoever writes the code that is being called: the latest first, in Chinese or English. */
export type PageLanguage = 'zh' | 'en';

const shown = 200;

const words = {
  zh: {
    ...{ lang: 'zh-CN', title: '电话模拟器', calls: '通电话', texts: '条短信', replies: '条来信', ringBacks: '通来电' },
    ...{ number: '号码', find: '查找', all: '全部', none: '还没有通话和短信。', call: '电话', text: '短信' },
    ...{ inbound: '来自对方', outbound: '由您发起', other: 'English', alerts: '告警', latest: `最近 ${shown} 条` },
  },
  en: {
    ...{ lang: 'en', title: 'Telephone simulator', calls: 'calls', texts: 'texts', replies: 'texts to you' },
    ...{ ringBacks: 'calls to you', number: 'Number', find: 'Find', all: 'All', none: 'No call and no text yet.' },
    ...{ call: 'call', text: 'text', inbound: 'from them', outbound: 'from you', other: '中文', alerts: 'alerts' },
    latest: `the latest ${shown}`,
  },
} as const;

const template = Handlebars.compile(
  `<!doctype html>
<html lang="{{t.lang}}">
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{{t.title}}</title>
<style>
:root { color-scheme: light dark; --ink: #1d2733; --soft: #5d6b7a; --line: #d9dfe6; --paper: #fff; --wash: #f4f6f8; --mark: #0b6e75; --bad: #b3261e }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ebf0; --soft: #9aa7b4; --line: #33404d; --paper: #151b22; --wash: #1c242d; --mark: #5cc4cb; --bad: #ff8a80 } }
* { box-sizing: border-box } body { margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 4rem; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, "PingFang SC", "Microsoft YaHei", sans-serif }
header { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: baseline } h1 { font-size: 1.5rem; margin: 0; flex: 1 } a { color: var(--mark) }
p { color: var(--soft); margin: .5rem 0 } form { display: flex; flex-wrap: wrap; gap: .5rem; margin: 1rem 0 } input, button { font: inherit; padding: .4rem .7rem; border: 1px solid var(--line); border-radius: 6px; background: var(--paper); color: inherit; min-width: 0 } button { background: var(--mark); border-color: var(--mark); color: var(--paper) }
details { border-top: 1px solid var(--line) } summary { display: flex; flex-wrap: wrap; gap: 0 .8rem; padding: .55rem 0; cursor: pointer; list-style: none } summary::before { content: "▸"; color: var(--soft) } details[open] > summary::before { content: "▾" } summary time, li time { color: var(--soft); font-variant-numeric: tabular-nums }
.status { margin-left: auto; color: var(--mark) } .bad { color: var(--bad) }
ol { list-style: none; margin: 0 0 1rem; padding: .6rem .8rem; background: var(--wash); border-radius: 8px } li { display: grid; grid-template-columns: 5rem 1fr; gap: .6rem; padding: .15rem 0; overflow-wrap: anywhere } kbd { background: var(--ink); color: var(--paper); border-radius: 4px; padding: 0 .45em; font: inherit } code { color: var(--soft); font-size: .85em }
</style>
<header><h1>{{t.title}}</h1><a href="?lang={{otherLanguage}}">{{t.other}}</a></header>
<p>{{now}} · {{tally.calls}} {{t.calls}} · {{tally.ringBacks}} {{t.ringBacks}} · {{tally.texts}} {{t.texts}} · {{tally.replies}} {{t.replies}}{{#if alerts}} · <span class="bad">{{t.alerts}}: {{alerts}}</span>{{/if}}</p>
<form><input type="hidden" name="lang" value="{{language}}"><input name="number" value="{{number}}" placeholder="{{t.number}} +86…" aria-label="{{t.number}}"><button>{{t.find}}</button>{{#if number}}<a href="?lang={{language}}">{{t.all}}</a>{{/if}}</form>
{{#each entries}}<details><summary><time>{{time}}</time><span>{{kind}}</span><span>{{who}}</span><span class="status{{#if bad}} bad{{/if}}">{{status}}</span></summary>
<ol>{{#each lines}}<li><time>{{time}}</time><span{{#if bad}} class="bad"{{/if}}>{{#if keys}}<kbd>{{keys}}</kbd> {{/if}}{{words}}{{#if note}} <code>{{note}}</code>{{/if}}</span></li>
{{/each}}</ol></details>
{{else}}<p>{{t.none}}</p>{{/each}}
<p>{{t.latest}}</p>
</html>
`,
  { strict: true, knownHelpersOnly: true },
);

/** @param number only what has to do with it; '' = everything */
export function page(exchange: Exchange, language: PageLanguage, number: string): string {
  const t = words[language];
  const own = ({ from, to }: { from: string; to: string }) => number === '' || from === number || to === number;
  const entries = [
    ...exchange.calls.filter(({ order }) => own(order)).map((call) => callEntry(call, t)),
    ...exchange.texts.filter(own).map((text) => textEntry(text, t)),
  ];
  entries.sort((a, b) => b.created - a.created);
  const tally = exchange.tally();
  return template({
    ...{ t, language, number, tally, otherLanguage: language === 'zh' ? 'en' : 'zh' },
    now: stamp(exchange.agenda.now()),
    alerts: Object.entries(tally.alerts)
      .map(([code, times]) => `${code} × ${times}`)
      .join(', '),
    entries: entries.slice(0, shown),
  });
}

type Words = (typeof words)[PageLanguage];

const callEntry = (call: Call, t: Words) => ({
  ...{ created: call.created.getTime(), time: stamp(call.created), status: call.status },
  kind: `${t.call} · ${call.inbound ? t.inbound : t.outbound}`,
  who: `${masked(call.order.from)} → ${masked(call.order.to)}`,
  bad: call.status === 'failed',
  lines: inOrder(call.transcript.events).map(line),
});

const textEntry = (text: Text, t: Words) => ({
  ...{ created: text.created.getTime(), time: stamp(text.created), status: text.status },
  kind: `${t.text} · ${text.direction === 'inbound' ? t.inbound : t.outbound}`,
  who: `${masked(text.from)} → ${masked(text.to)}`,
  bad: text.status === 'failed' || text.status === 'undelivered',
  lines: [
    ...(text.direction === 'inbound'
      ? []
      : [{ time: clockTime(text.created), keys: '', words: `「${text.body}」`, note: '', bad: false }]),
    ...inOrder(text.transcript.events).map(line),
  ],
});

/** A request is noted when it was answered, and words when they are yet to be said: both by their own time. */
const inOrder = (events: readonly Event[]): Event[] => [...events].sort((a, b) => a.at.getTime() - b.at.getTime());

function line(event: Event) {
  const plain = { time: clockTime(event.at), keys: '', words: '', note: '', bad: false };
  switch (event.what) {
    case 'status':
      return { ...plain, words: event.status };
    case 'said':
      return { ...plain, words: `「${event.words}」`, note: `${event.seconds.toFixed(1)} s` };
    case 'pressed':
      return event.keys === '' ? { ...plain, words: '…' } : { ...plain, keys: event.keys };
    case 'answered':
      return { ...plain, words: `『${event.words}』` };
    case 'spoke':
      return { ...plain, words: '🎙', note: `${event.seconds} s` };
    case 'hung-up':
      return { ...plain, words: '☎ ✕' };
    case 'wrote':
      return { ...plain, words: `『${event.body}』` };
    case 'asked':
    case 'told': {
      const sent = event.what === 'told' ? event.status : '';
      const note = `${event.url} → ${event.answer}, ${event.milliseconds} ms`;
      return {
        ...plain,
        keys: event.what === 'asked' ? (event.keys ?? '') : '',
        words: `⇄ ${sent}`,
        note,
        bad: !/^2/.test(event.answer),
      };
    }
  }
}

const stamp = (at: Date): string => at.toISOString().replace('T', ' ').slice(0, 19);
const clockTime = (at: Date): string => at.toISOString().slice(11, 19);
