import { collect } from './gathering.ts';
import type { Counts, Person } from './person.ts';
import { saidAt, speak } from './speech.ts';

/**
 * A keypad interview and its contact protocol in memory, just enough to see what the simulated retailers do with one:
 * up to four calls, after the third one in vain a thread of texts. For tests; the words are those of a real survey.
 */

export const SCRIPT = {
  introduction: (manager: string) =>
    `您好,市烟草公司自动回访,请管订烟的老板听。请您给客户经理${manager}打个分,不到两分钟。他看不到是谁打的,也不影响您订烟。忙,请按7;以后不接,请按9。`,
  resumed: '您好,还是市烟草公司回访。上次断了,前面的分都记着,还剩三题。忙,请按7;以后不接,请按9。',
  questions: {
    overall:
      '第一题。只说他本人的服务,不算货源和价格,您满意不满意?请打分:5分,非常满意;4分,满意;3分,一般;2分,不满意;1分,非常不满意。',
    fit: '第二题。他建议您订的烟,合不合店里的需要?5分最合适,1分最不合适。没建议过,请按0。',
    policy: '第三题。政策和明码标价,他讲得清不清楚?打几分?',
    ideas: '第四题。怎么把烟卖好,他帮您出主意,打几分?',
    solves: '第五题。您提的问题,他解决得怎么样?打几分?没提过,请按0。',
    pushed: '第六题。最近一个月,他有没有要您多订您不想要的烟?有,请按1;没有,请按2;说不清,请按0。',
    visited: '最后一题。最近一个月,他到店里来过没有?来过,请按1;没来过,请按2。',
    coached: '最后一题。这次回访之前,有没有人跟您打招呼,叫您怎么打分?有,请按1;没有,请按2。',
  },
  readBack: (score: string) =>
    `您打的是${score}分,${['', '非常不满意', '不满意', '一般', '满意', '非常满意'][Number(score)]}。按错了,请按井号键。`,
  silence: '没听到您按键。请点开手机上的拨号键盘,按一个数字;5分最满意,1分最不满意。',
  silenceYesNo: '没听到您按键。请点开手机上的拨号键盘,有,按1;没有,按2;说不清,按0。',
  secondSilence: '还是没听到。不方便按键,请按8,我们派人打给您;现在忙,请按7。',
  wrongKey: '这个键用不上。请按1到5里的一个数字,5分最好。',
  wrongKeyYesNo: '这个键用不上。有,请按1;没有,请按2;说不清,请按0。',
  later: '好的。上午方便请按1,下午方便请按2,都行请按3。',
  stopped: '好的,以后不再给您打回访电话,也不再发短信。按错了,请按井号键。',
  thanks: '答完了,谢谢您!有事要我们回电帮您办,请按8;没有,挂机就行。祝您生意兴隆,再见!',
  missed: '【东湖烟草】刚才是我们的回访电话。方便时打回0791-88000000就能答,不到两分钟。拒收请回复R',
  text: {
    overall: (manager: string) =>
      `【东湖烟草】您对客户经理${manager}本人的服务满意吗?回一个数字:5非常满意4满意3一般2不满意1非常不满意。他看不到是谁回的。拒收请回复R`,
    pushed: (score: string) =>
      `【东湖烟草】收到${score}分。第2题共3题:最近一个月,他有没有要您多订不想要的烟?有回1,没有回2,说不清回0`,
    coached: '【东湖烟草】收到。最后一题:这次回访前,有没有人叫您怎么打分?有回1,没有回2。有事要我们回电,回8',
    thanks: '【东湖烟草】答完了,谢谢!我们只报总数,不报是谁。改进情况每月在订货平台公布。祝您生意兴隆!',
    reminder: (manager: string) =>
      `【东湖烟草】还差您一条:客户经理${manager}本人的服务,您打几分?回一个数字1到5,5分最满意,1分最不满意。拒收请回复R`,
    unclear: '【东湖烟草】没看明白。请只回一个数字:5非常满意4满意3一般2不满意1非常不满意。不方便打字,回8我们打给您',
    unclearYesNo: '【东湖烟草】没看明白。请只回一个数字:有回1,没有回2,说不清回0。不方便打字,回8我们打给您',
    who: '【东湖烟草】我们是市烟草公司回访,真假请打12313,不问密码不转账。愿意的话,请回1到5给客户经理打分,5分最满意。拒收请回复R',
    announcement:
      '【东湖烟草】本季我们用0791-88000000做回访,抽到您时请给客户经理打分,按键就行。不问密码不转账,真假可打12313。拒收请回复R',
    refused: '【东湖烟草】好的,回访电话和短信都停了。哪天想恢复,打12313说一声',
  },
} as const;

type Topic = keyof typeof SCRIPT.questions;
const TOPICS: readonly Topic[] = ['overall', 'fit', 'policy', 'ideas', 'solves', 'pushed', 'visited'];
const YES_NO: ReadonlySet<Topic> = new Set(['pushed', 'visited', 'coached']);

/** What one retailer gave away over the whole protocol. */
export interface Outcome {
  readonly answers: Map<Topic, string>;
  /** How each call ended, in order; the last text thread too. */
  readonly contacts: string[];
  by: 'voice' | 'text' | null;
  refused: boolean;
}

/** A person on the telephone: says what he presses after a prompt. */
class Ear {
  readonly #person: Person;
  readonly #counts: Counts;
  readonly #name: string | null;
  readonly #before: string[] = [];

  constructor(person: Person, counts: Counts, name: string | null) {
    this.#person = person;
    this.#counts = counts;
    this.#name = name;
  }

  /** @returns the key (and when), '' for silence, or null when he hung up */
  ask(words: string, timeout: number): { key: string; at: number } | null {
    const now = speak(words);
    const reaction = this.#person.hear({ now, before: [...this.#before], name: this.#name }, this.#counts);
    this.#before.push(now.words);
    const gathered = collect(
      {
        prompt: now,
        numDigits: 1,
        timeout,
        finishOnKey: '',
        actionOnEmptyResult: true,
        action: null,
        method: 'POST',
        dtmf: true,
        speech: false,
      },
      reaction.does === 'press' ? reaction.presses : [],
    );
    if (reaction.does === 'hang-up' && reaction.at < gathered.at) return null;
    return { key: gathered.digits, at: gathered.at };
  }
}

/** Calls once. @returns how it ended */
function call(person: Person, manager: string, name: string | null, counts: Counts, outcome: Outcome): string {
  const ring = person.ring(counts);
  if (ring.does !== 'answer') return ring.does;
  const { answers } = outcome;
  const resumed = answers.size > 0;
  const ear = new Ear(person, counts, resumed ? name : manager);
  let opening = ear.ask(resumed ? SCRIPT.resumed : SCRIPT.introduction(manager), 1);
  let way = leave(ear, opening?.key, outcome);
  if (!opening) return 'hung up early';
  if (way) return way;
  for (let place = 0; place < TOPICS.length; place++) {
    const topic = TOPICS[place] as Topic;
    if (answers.has(topic)) continue;
    const question = SCRIPT.questions[topic];
    let words = question;
    for (let troubles = 0, stars = 0; ; ) {
      const pressed = ear.ask(words, topic === 'overall' ? 12 : 8);
      if (!pressed) return 'hung up midway';
      way = leave(ear, pressed.key, outcome);
      if (way) return way;
      const tooEarly = topic === 'overall' && pressed.at < (saidAt(speak(words), /5分,非常满意/) ?? 0) - 1;
      if (fits(topic, pressed.key) && !tooEarly) {
        answers.set(topic, pressed.key);
        break;
      }
      if (pressed.key === '*' && stars++ < 3) {
        words = question;
        continue;
      }
      if (tooEarly) {
        words = question;
        continue;
      }
      troubles++;
      if (troubles === 1 || pressed.key !== '') {
        words = (pressed.key === '' ? help('silence', topic) : help('wrongKey', topic)) + question;
      }
      if (troubles >= 2 && pressed.key === '') {
        opening = ear.ask(SCRIPT.secondSilence, 6);
        if (!opening) return 'hung up midway';
        way = leave(ear, opening.key, outcome);
        if (way) return way;
      }
      if (troubles < 3) continue;
      if (topic === 'overall') return 'silent';
      answers.set(topic, '');
      break;
    }
    if (topic === 'overall') {
      const readBack = ear.ask(SCRIPT.readBack(answers.get('overall') ?? ''), 1);
      if (!readBack) return 'hung up midway';
      if (readBack.key === '#') {
        answers.delete('overall');
        place--;
      }
      way = leave(ear, readBack.key, outcome);
      if (way) return way;
    }
  }
  const last = ear.ask(SCRIPT.thanks, 4);
  return last?.key === '8' ? 'complete, wants a call' : 'complete';
}

function help(kind: 'silence' | 'wrongKey', topic: Topic): string {
  if (kind === 'silence') return YES_NO.has(topic) ? SCRIPT.silenceYesNo : SCRIPT.silence;
  return YES_NO.has(topic) ? SCRIPT.wrongKeyYesNo : SCRIPT.wrongKey;
}

function fits(topic: Topic, key: string): boolean {
  if (topic === 'overall') return /^[1-5]$/.test(key);
  return YES_NO.has(topic) ? /^[0-2]$/.test(key) : /^[0-5]$/.test(key);
}

/** The ways out that work everywhere. */
function leave(ear: Ear, key: string | undefined, outcome: Outcome): string | null {
  switch (key) {
    case '7':
      return `later ${ear.ask(SCRIPT.later, 5)?.key ?? ''}`;
    case '8':
      return 'wants a person';
    case '9': {
      const sure = ear.ask(SCRIPT.stopped, 4);
      if (sure?.key === '#') return null;
      outcome.refused = true;
      return 'refused for good';
    }
    default:
      return null;
  }
}

const SCORES: readonly RegExp[] = [
  /1|一(?!般)|非常不满意/,
  /2|二|^不满意/,
  /3|三|一般/,
  /4|四|^满意/,
  /5|五|^非常满意/,
];

/** The score a reply means, or null. */
export function score(reply: string): string | null {
  const found = SCORES.findIndex((form) => form.test(reply.normalize('NFKC')));
  return found < 0 ? null : String(found + 1);
}

function textThread(person: Person, manager: string, counts: Counts, outcome: Outcome): string {
  const before: string[] = [];
  let texts = counts.texts;
  const ask = (words: string) => {
    const now = speak(words).words;
    const reply = person.read({ now, before: [...before], name: manager }, { calls: counts.calls, texts: ++texts });
    before.push(now);
    return reply?.body ?? null;
  };
  if (!person.texts.arrive) return 'undelivered';
  let reply = ask(SCRIPT.text.overall(manager)) ?? ask(SCRIPT.text.reminder(manager));
  if (reply === null) return 'no reply';
  if (/^(r|退订|拒收)$/i.test(reply)) {
    outcome.refused = true;
    return 'refused for good';
  }
  if (!score(reply)) reply = ask(reply === '你是谁' ? SCRIPT.text.who : SCRIPT.text.unclear);
  const given = reply === null ? null : score(reply);
  if (given === null) return 'no score';
  outcome.answers.set('overall', given);
  outcome.by = 'text';
  const pushed = ask(SCRIPT.text.pushed(given));
  if (pushed !== null) ask(SCRIPT.text.coached);
  return 'scored';
}

/** The whole protocol with one person. */
export function reach(person: Person, manager: string): Outcome {
  const outcome: Outcome = { answers: new Map(), contacts: [], by: null, refused: false };
  let hungUpEarly = 0;
  for (let calls = 1; calls <= 4; calls++) {
    const counts = { calls, texts: calls > 1 ? 1 : 0 };
    const how = call(person, manager, calls > 1 ? manager : null, counts, outcome);
    outcome.contacts.push(how);
    if (outcome.answers.has('overall')) outcome.by ??= 'voice';
    if (how === 'hung up early' && ++hungUpEarly === 2) break;
    if (outcome.refused || how === 'not-exist' || how === 'wants a person' || how.startsWith('complete')) break;
    if (calls === 3 && !outcome.answers.has('overall')) {
      outcome.contacts.push(textThread(person, manager, { calls, texts: 1 }, outcome));
      if (outcome.refused || outcome.by === 'text') break;
    }
  }
  return outcome;
}
