import { never } from '../../platform/errors.ts';
import type { Item } from '../questionnaire/questionnaire.ts';
import {
  type Conversation,
  type Daypart,
  type Decision,
  type Detected,
  type Effect,
  type Input,
  type Interview,
  type Key,
  keys,
  type Place,
  type Setting,
} from './conversation.ts';
import { TurnTaker } from './turn-taker.ts';

/**
 * One turn. Total: every input is answered at every place, and no sequence of inputs goes on past the hard limit.
 * Before the call is answered `conversation` is null, and only `answered` starts one.
 */
export function decide(interview: Interview, input: Input, setting: Setting): Decision {
  const begun = interview.conversation ?? start(setting);
  const turn = new TurnTaker({ ...interview, conversation: noteKey(begun, input, setting.now) }, setting);
  // The carrier's verdict may be here before the answered call is.
  const opens = interview.conversation === null && input.kind !== 'detected';
  if (setting.optedOut && begun.place.is !== 'stopping' && begun.place.is !== 'over')
    return turn.hangUp(input.kind === 'detected' ? [] : ['N2'], 'opted-out');
  const decision = opens ? turn.serve({ is: 'greeting' }) : respond(turn, input, begun);
  return withinHardLimit(decision, setting);
}

function start({ language, now }: Setting): Conversation {
  return {
    place: { is: 'greeting' },
    language,
    startedAt: now.getTime(),
    ratingsFrom: Number.MAX_SAFE_INTEGER,
    keyed: false,
    lastKey: null,
    wanted: null,
    skipped: 0,
  };
}

function noteKey(conversation: Conversation, input: Input, now: Date): Conversation {
  const key = keyIn(input);
  return key
    ? { ...conversation, keyed: true, lastKey: { key, at: now.getTime() } }
    : { ...conversation, lastKey: null };
}

function withinHardLimit(decision: Decision, { questionnaire, now, byPerson }: Setting): Decision {
  const { conversation } = decision;
  const limit = conversation.startedAt + questionnaire.timing.hardLimitSeconds * 1000;
  if (byPerson || conversation.place.is === 'over' || now.getTime() < limit) return decision;
  return {
    ...decision,
    conversation: { ...conversation, place: { is: 'over', because: 'time-out' } },
    reply: { pauseSeconds: 0, say: [], listenSeconds: null },
  };
}

/** A key bounced, or one press made two tones: the same digit again within 0.8 s of the turn it was taken at. */
function isEcho(input: Input, before: Conversation, { questionnaire, now, byPerson }: Setting): boolean {
  return (
    !byPerson &&
    input.kind === 'key' &&
    before.lastKey?.key === input.key &&
    now.getTime() - before.lastKey.at < questionnaire.timing.sameKeySeconds * 1000
  );
}

function respond(turn: TurnTaker, input: Input, before: Conversation): Decision {
  const { place } = before;
  if (place.is === 'over') return turn.hangUp([], place.because);
  switch (input.kind) {
    case 'hang-up':
      return turn.hangUp([], place.is === 'stopping' ? 'opted-out' : 'hung-up');
    case 'time-out':
      return turn.hangUp([], 'time-out');
    case 'answered':
      return turn.serve(place);
    case 'detected':
      return detected(turn, before, input.who);
    case 'voice':
      return place.is === 'screened' ? spoken(turn, place, input) : atPlace(turn, place, { kind: 'silence' });
    case 'recorded':
      return place.is === 'recording' ? recorded(turn, place, input) : atPlace(turn, place, withoutMessage(input));
    case 'words':
      return writtenDown(turn, place, input.text);
    case 'key':
    case 'silence':
      return isEcho(input, before, turn.setting) ? turn.serve(place) : atPlace(turn, place, input);
    default:
      return never(input);
  }
}

/**
 * Whether the carrier's verdict stops what is under way. A key proves a person, whatever the carrier's ear makes of
 * him; and an assistant has been told who we are once and for all.
 */
export const isStoppedBy = (conversation: Conversation | null, who: Detected): boolean =>
  who !== 'person' &&
  (conversation === null ||
    (!conversation.keyed && conversation.place.is !== 'over' && conversation.place.is !== 'screened'));

/** A machine is asked nothing, also where its verdict comes late (script §5, 13 and 14). */
function detected(turn: TurnTaker, before: Conversation, who: Detected): Decision {
  if (before.place.is === 'over' || !isStoppedBy(before, who)) return turn.serve(before.place);
  switch (who) {
    case 'person':
      return turn.serve(before.place);
    case 'voicemail':
      return turn.hangUp(turn.setting.messageLeft ? [] : ['W1'], 'voicemail');
    case 'assistant':
      return turn.serve({ is: 'screened' });
    case 'fax':
      return turn.hangUp([], 'fax');
    default:
      return never(who);
  }
}

/** How often an assistant may put us off before its owner is taken for not coming. */
const mostWaits = 2;

/** A person's voice is asked the first question; an assistant's is waited out, without a word. */
function spoken(
  turn: TurnTaker,
  place: Extract<Place, { is: 'screened' }>,
  { asksToWait }: Extract<Input, { kind: 'voice' }>,
): Decision {
  if (!asksToWait) return turn.firstOpen();
  const waits = (place.waits ?? 0) + 1;
  return waits > mostWaits ? turn.hangUp([], 'screened') : turn.serve({ ...place, waits }, { words: false });
}

type KeyOrSilence = Extract<Input, { kind: 'key' | 'silence' }>;
const keyOf = (input: KeyOrSilence): Key | null => (input.kind === 'key' ? input.key : null);

type Recorded = Extract<Input, { kind: 'recorded' }>;

/** The key that came in, by itself or at the end of a message. */
function keyIn(input: Input): Key | null {
  if (input.kind === 'key') return input.key;
  return input.kind === 'recorded' ? (keys.find((key) => key === input.endedBy) ?? null) : null;
}

function withoutMessage(input: Recorded): KeyOrSilence {
  const key = keyIn(input);
  return key ? { kind: 'key', key } : { kind: 'silence' };
}

function atPlace(turn: TurnTaker, place: Exclude<Place, { is: 'over' }>, input: KeyOrSilence): Decision {
  const key = keyOf(input);
  switch (place.is) {
    case 'greeting':
      return key === '*' ? turn.sayAgain(place) : (anywhere(turn, key) ?? turn.firstOpen());
    case 'question':
      return atQuestion(turn, place, key);
    case 'read-back':
      if (key === '#') return turn.ask(place.item);
      if (key === '*') return turn.sayAgain(place);
      return anywhere(turn, key) ?? turn.nextAfter(place.item);
    case 'recording':
      if (key === null)
        return turn.isAnswered(turn.item(place.item)) ? turn.nextAfter(place.item) : turn.skip(place.item);
      if (key === '*') return turn.sayAgain(place);
      if (key === '#') return turn.ask(place.item);
      // Nothing is recorded before the announcement was heard, whatever is pressed meanwhile.
      return anywhere(turn, key) ?? turn.serve(place);
    case 'later':
      return atLater(turn, place, key);
    case 'stopping':
      return key === '#' && (turn.setting.byPerson || turn.setting.now.getTime() <= place.until)
        ? turn.undoStop(place.from)
        : turn.hangUp(['N2'], 'opted-out');
    case 'screened':
      if (key === '*') return turn.sayAgain(place);
      return key === null ? turn.hangUp([], 'screened') : (anywhere(turn, key) ?? turn.firstOpen());
    case 'person':
      return key === '9' ? turn.stop() : turn.hangUp([], 'person');
    case 'farewell':
      return atFarewell(turn, place, key);
    default:
      return never(place);
  }
}

/** The keys that mean the same everywhere; null for any other key and for silence. */
function anywhere(turn: TurnTaker, key: Key | null): Decision | null {
  if (key === '7') return turn.serve({ is: 'later' });
  if (key === '8' && !turn.setting.byPerson)
    return turn.serve({ is: 'person' }, { effects: [{ kind: 'person-wanted' }] });
  if (key === '9') return turn.stop();
  return null;
}

const dayparts: Partial<Record<Key, Daypart>> = { '1': 'morning', '2': 'afternoon' };

function atLater(turn: TurnTaker, place: Extract<Place, { is: 'later' }>, key: Key | null): Decision {
  if (key === '*') return turn.sayAgain(place);
  if (key === '7') return turn.serve(place);
  if (key === '#') return turn.firstOpen();
  if (key === '8' || key === '9') return anywhere(turn, key) ?? turn.firstOpen();
  return turn.appoint((key && dayparts[key]) || 'any');
}

function atFarewell(turn: TurnTaker, place: Extract<Place, { is: 'farewell' }>, key: Key | null): Decision {
  if (key === '8') return turn.hangUp(['Z8'], 'finished', [{ kind: 'follow-up-wanted' }]);
  // A person asks whether the shop may be named; the machine says so before.
  if (key === '0' && turn.setting.byPerson)
    return turn.hangUp(['Z8'], 'finished', [{ kind: 'follow-up-wanted', unnamed: true }]);
  if (key === '9') return turn.stop();
  if (key === '*') return turn.sayAgain(place);
  // The question put last, which is not the last one where two in a row were left, or were answered in writing.
  if (key === '#') return turn.ask(place.after ?? turn.items.length - 1);
  return turn.hangUp([], 'finished');
}

/** Before the scale has been named every other key is a slip, and no fault (script §1). */
const worksFromTheStart: ReadonlySet<Key> = new Set(['7', '8', '9', '*']);

function atQuestion(turn: TurnTaker, place: Extract<Place, { is: 'question' }>, key: Key | null): Decision {
  const item = turn.item(place.item);
  // A text was quicker: whichever channel answers first closes the question for the other.
  if (!place.again && turn.isAnswered(item)) return anywhere(turn, key) ?? turn.nextAfter(place.item);
  if (key === null) return silent(turn, place, item);
  if (item.overall && turn.scaleNotNamedYet() && !worksFromTheStart.has(key)) return turn.serve(place);
  if (key === '*' && (place.stars ?? 0) < turn.setting.questionnaire.limits.stars) return turn.sayAgain(place);
  if (key === '#' && place.item > 0) return turn.ask(place.item - 1);
  // People write down what they are told; nothing is recorded.
  if (item.kind === 'comment' && key === '1' && !turn.setting.byPerson)
    return turn.serve({ is: 'recording', item: place.item });
  const value = answerOf(item, key);
  if (value === null) return anywhere(turn, key) ?? useless(turn, place, item);
  return answer(turn, place, item, value);
}

/** What was said is kept, however the message came to its end; a message without a word is none. */
function recorded(turn: TurnTaker, place: Extract<Place, { is: 'recording' }>, input: Recorded): Decision {
  const { id, seconds, endedBy } = input;
  if (seconds <= 0)
    return endedBy === 'hang-up' ? turn.hangUp([], 'hung-up') : atPlace(turn, place, withoutMessage(input));
  const item = turn.item(place.item).id;
  const effects: Effect[] = [
    { kind: 'answer', item, value: 1 },
    { kind: 'voice-message', id, seconds },
  ];
  const kept = turn.having({ [item]: 1 });
  if (endedBy === 'hang-up') return kept.hangUp([], 'hung-up', effects);
  const elsewhere = endedBy === '*' ? kept.sayAgain(place) : anywhere(kept, keyIn(input));
  if (elsewhere) return { ...elsewhere, effects: [...effects, ...elsewhere.effects] };
  const thanks = turn.setting.questionnaire.recording?.thanks;
  return kept.nextAfter(place.item, { effects, ...(thanks && { before: [thanks] }) });
}

/** A comment, where one is asked for. */
function writtenDown(turn: TurnTaker, place: Exclude<Place, { is: 'over' }>, text: string): Decision {
  const item = place.is === 'question' ? turn.item(place.item) : null;
  if (place.is !== 'question' || item?.kind !== 'comment' || text.trim() === '') return turn.serve(place);
  const effects: Effect[] = [
    { kind: 'answer', item: item.id, value: 1 },
    { kind: 'comment', text: text.trim() },
  ];
  return turn.having({ [item.id]: 1 }).nextAfter(place.item, { effects });
}

/** The value a key gives to an item, or null where it has no meaning as an answer. */
function answerOf(item: Item, key: Key): number | null {
  const best = { rating: 5, choice: item.options ?? 0, 'yes-no': 2, comment: 0 }[item.kind];
  return /^[0-9]$/.test(key) && Number(key) <= best ? Number(key) : null;
}

function answer(turn: TurnTaker, place: Extract<Place, { is: 'question' }>, item: Item, value: number): Decision {
  const effects: Effect[] = [{ kind: 'answer', item: item.id, value }];
  if (item.zero === 'ask-once' && value === 0) {
    if (place.zeroAsked) return turn.hangUp(['G1'], 'no-score', effects);
    // The last answer counts, but a first 0 is only asked about: a rating he gave before stays until he keys a second.
    return turn.serve({ ...place, zeroAsked: true }, { instead: 'Q1w', effects: turn.isRated() ? [] : effects });
  }
  const answered = turn.having({ [item.id]: value });
  return item.overall && !turn.setting.byPerson
    ? answered.serve({ is: 'read-back', item: place.item }, { effects })
    : answered.nextAfter(place.item, { effects });
}

function silent(turn: TurnTaker, place: Extract<Place, { is: 'question' }>, item: Item): Decision {
  if (turn.setting.byPerson) return item.overall && !turn.isRated() ? turn.serve(place) : turn.nextAfter(place.item);
  const tried = { ...place, silences: place.silences + 1, faults: place.faults + 1 };
  if (tried.faults >= turn.setting.questionnaire.limits.faults) return giveUp(turn, place, item);
  const { afterHintSeconds, lastChanceSeconds } = turn.setting.questionnaire.timing;
  return tried.silences === 1
    ? turn.serve(tried, { before: [item.hint], listenSeconds: afterHintSeconds })
    : turn.serve(tried, { instead: 'H2', listenSeconds: lastChanceSeconds });
}

function useless(turn: TurnTaker, place: Extract<Place, { is: 'question' }>, item: Item): Decision {
  if (turn.setting.byPerson) return turn.serve(place);
  const tried = { ...place, faults: place.faults + 1 };
  if (tried.faults >= turn.setting.questionnaire.limits.faults) return giveUp(turn, place, item);
  return turn.serve(tried, { before: [item.useless] });
}

/** The third fault. Without an overall rating there is nothing to go on for; later questions are left unanswered. */
function giveUp(turn: TurnTaker, place: Extract<Place, { is: 'question' }>, item: Item): Decision {
  if (item.overall && !turn.isRated()) return turn.hangUp(['G1'], 'silent');
  return turn.skip(place.item);
}
