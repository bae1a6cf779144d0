import { z } from 'zod';
import { type LastCall, lastCallOf } from '../../survey/desk/call.ts';
import {
  bestOf,
  concludeCall,
  concludeNumberCheck,
  concludeRecheck,
  numberFindings,
  recheckItems,
} from '../../survey/desk/conclude.ts';
import { takeDeskTurn } from '../../survey/desk/desk-turn.ts';
import { readOwnPhone } from '../../survey/desk/own-phone.ts';
import { giveBack, ownTask, type Task } from '../../survey/desk/queue.ts';
import { deskScript } from '../../survey/desk/script.ts';
import { deskResults } from '../../survey/disposition/outcome.ts';
import type { Conversation, Key, Place, Reply } from '../../survey/interview/conversation.ts';
import {
  type Item,
  itemsFor,
  type Language,
  overallItem,
  type Questionnaire,
} from '../../survey/questionnaire/questionnaire.ts';
import { spoken } from '../../telephony/words.ts';
import { dialForCaller } from '../../workers/desk-dial.ts';
import { wakeSettle } from '../../workers/wake.ts';
import type { Visit } from '../console.ts';
import { NotFound } from '../faults.ts';
import { languageOf } from '../language.ts';
import { type Messages, messagesIn } from '../messages.ts';
import { sendPage } from '../page.ts';

/** One task of the desk: the script on screen, a masked number, no earlier answer, and the same conversation as by machine. */
export async function showTask(visit: Visit): Promise<void> {
  const { web, request, response, viewer } = visit;
  const { database, vault, questionnaire: questionnaires } = web.services;
  const m = messagesIn(languageOf(response)).desk;
  const task = await ownTask(database.query, idOf(visit), viewer.id);
  const questionnaire = await questionnaires(task.questionnaireId);
  const call = await lastCallOf(database.query, { taskId: task.id });
  await web.look({ actor: viewer.id, action: 'desk.task.read', subject: task.id });
  const script = deskScript(task.language, { caller: viewer.name, manager: task.managerName });
  const called = call?.open ?? false;
  const interview = call?.attemptId && called ? await interviewOf(visit, task, call, questionnaire) : null;
  const recheck = task.reason === 'recheck';
  sendPage(
    web,
    request,
    response,
    'desk-task',
    { title: m.reasons[task.reason], at: 'desk' },
    {
      ...{
        path: `/desk/tasks/${task.id}`,
        title: m.reasons[task.reason],
        lead: m.leads[task.reason],
        phone: task.phone,
        manager: task.managerName,
      },
      ...{ script, language: task.language, ownPhone: await readOwnPhone(database.query, vault, viewer.id) },
      tries: task.attempts > 0 ? m.tries(String(task.attempts)) : null,
      numberCheck:
        task.reason === 'number-check' && numberFindings.map((finding) => ({ finding, words: m.findings[finding] })),
      dials: task.reason !== 'number-check' && !called,
      line: called && call ? lineOf(call, m) : null,
      interview,
      recheck:
        recheck && call !== null && called
          ? recheckItems(questionnaire, task.rotation).map((item) => recheckOf(item, task, questionnaire, m))
          : null,
      results: called && task.reason !== 'number-check' ? resultsFor(interview?.over ?? false, m) : null,
    },
  );
}

const lineOf = ({ state, result }: LastCall, m: Messages['desk']): string =>
  state === 'ended'
    ? result === null
      ? m.lineEnded
      : m.lineEndedWith(m.shopsEnd[result as keyof typeof m.shopsEnd] ?? result)
    : m.lines[state];

/** What may be said of a call; when the conversation came to its end, that first. */
const resultsFor = (over: boolean, m: Messages['desk']) =>
  deskResults.map((result) => ({ result, words: m.results[result], first: over && result === 'finished' }));

interface Button {
  readonly key: Key | 'silence';
  readonly words: string;
  readonly digit: string;
}

const button = (key: Button['key'], words: string, digit = ''): Button => ({ key, words, digit });

async function interviewOf(visit: Visit, task: Task, call: LastCall, questionnaire: Questionnaire) {
  const m = messagesIn(languageOf(visit.response)).desk;
  const [attempt] = await visit.web.services.database.query<{ conversation: Conversation | null; reply: Reply | null }>(
    {
      text: `
      SELECT a.conversation, (SELECT t.reply FROM turn t WHERE t.attempt_id = a.id ORDER BY t.number DESC LIMIT 1) AS reply FROM attempt a WHERE a.id = $1`,
      values: [call.attemptId],
    },
  );
  const place: Place | null = attempt?.conversation?.place ?? null;
  const script = deskScript(task.language, { caller: visit.viewer.name, manager: task.managerName });
  const speaking = { language: task.language, managerName: task.managerName, questionnaire };
  const said = (attempt?.reply?.say ?? []).map((utterance) => spoken(utterance, speaking));
  const asksHimself = place === null || place.is === 'greeting';
  const consents = place?.is === 'farewell';
  return {
    turn: call.turn,
    words: asksHimself ? [script.opening, script.ask] : consents ? [...said, script.consent] : said,
    buttons: buttonsAt(place, questionnaire, task, m),
    ways: place === null || place.is === 'over' ? [] : waysFrom(place, m),
    over: place?.is === 'over',
    writes: place?.is === 'question' && itemsFor(questionnaire, task.rotation)[place.item]?.kind === 'comment',
    lang: task.language,
  };
}

/** What is told, as buttons; each is one key of the conversation. */
function buttonsAt(
  place: Place | null,
  questionnaire: Questionnaire,
  { rotation, language }: Task,
  m: Messages['desk'],
): Button[] {
  if (place === null) return [button('silence', m.answered)];
  switch (place.is) {
    case 'greeting':
      return [button('silence', m.begin)];
    case 'question': {
      const item = itemsFor(questionnaire, rotation)[place.item];
      return item ? answersTo(item, questionnaire, language, m) : [];
    }
    case 'later':
      return [button('1', m.morning, '1'), button('2', m.afternoon, '2'), button('3', m.anyTime, '3')];
    case 'stopping':
      return [button('silence', m.stopConfirm), button('#', m.stopUndo)];
    case 'farewell':
      return [button('silence', m.noWish), button('8', m.wishNamed), button('0', m.wishUnnamed)];
    default:
      return [];
  }
}

function answersTo(item: Item, questionnaire: Questionnaire, language: Language, m: Messages['desk']): Button[] {
  if (item.kind === 'comment') return [button('0', m.noComment)];
  const scale = questionnaire.scale[language] as Readonly<Record<string, string>>;
  const name = (digit: string) =>
    item.kind === 'rating'
      ? (scale[digit] ?? digit)
      : item.kind === 'yes-no'
        ? digit === '1'
          ? m.yes
          : m.no
        : m.option(digit);
  const digits = Array.from({ length: bestOf(item) }, (_, index) => String(index + 1));
  const offered = item.kind === 'rating' ? digits.reverse() : digits;
  return [...offered.map((digit) => button(digit as Key, name(digit), digit)), button('0', m.hardToSay, '0')];
}

/** Out of a question: back, left unanswered, another time, never again. */
function waysFrom(place: Place, m: Messages['desk']): Button[] {
  const back = place.is === 'question' || place.is === 'later' || place.is === 'farewell' ? [button('#', m.back)] : [];
  const skip = place.is === 'question' ? [button('silence', m.skip)] : [];
  const leave = place.is === 'stopping' ? [] : [button('7', m.later), button('9', m.never)];
  return [...back, ...skip, ...(place.is === 'later' ? [button('9', m.never)] : leave)];
}

function recheckOf(item: Item, { language, managerName }: Task, questionnaire: Questionnaire, m: Messages['desk']) {
  const required = item.id === overallItem(questionnaire).id;
  return {
    ...{ id: item.id, words: spoken({ clip: item.id }, { language, managerName, questionnaire }), required },
    choices: answersTo(item, questionnaire, language, m)
      .filter(({ key }) => !required || key !== '0')
      .map(({ digit, words }) => ({ digit, words })),
  };
}

const idOf = ({ request }: Visit): string => {
  const id = z.uuid().safeParse(request.params.task);
  if (!id.success) throw new NotFound();
  return id.data;
};

const turnForm = z.object({
  turn: z.coerce.number().int().min(0).max(10_000),
  key: z.string().default(''),
  words: z.string().max(2000).default(''),
});

type Act = (visit: Visit, id: string) => Promise<string>;
const stay = (id: string) => `/desk/tasks/${id}`;

/** `POST /desk/tasks/:task/:act` */
const acts: Readonly<Record<string, Act>> = {
  async call({ web, viewer }, id) {
    await dialForCaller(web.services, viewer.id, { taskId: id });
    return stay(id);
  },
  async turn({ web, viewer, request }, id) {
    const { turn, ...told } = turnForm.parse(request.body ?? {});
    await takeDeskTurn(web.services, viewer.id, id, turn, told);
    return stay(id);
  },
  async conclude({ web, viewer, request }, id) {
    const { result } = z.object({ result: z.string().catch('') }).parse(request.body ?? {});
    await concludeCall(web.services, viewer.id, id, result);
    await wakeSettle(web.services);
    return '/desk';
  },
  async 'give-back'({ web, viewer }, id) {
    await giveBack(web.services, id, viewer.id);
    return '/desk';
  },
  async recheck({ web, viewer, request }, id) {
    await concludeRecheck(web.services, viewer.id, id, (request.body ?? {}) as Record<string, unknown>);
    return '/desk';
  },
  async 'number-check'({ web, viewer, request }, id) {
    const { finding } = z.object({ finding: z.string().catch('') }).parse(request.body ?? {});
    await concludeNumberCheck(web.services, viewer.id, id, finding);
    return '/desk';
  },
};

export async function actOnTask(visit: Visit): Promise<void> {
  const act = String(visit.request.params.act);
  const run = Object.hasOwn(acts, act) ? acts[act] : undefined;
  if (!run) throw new NotFound();
  visit.response.redirect(303, await run(visit, idOf(visit)));
}
