import { never } from '../../platform/errors.ts';
import { type Item, itemsFor, type Questionnaire, spokenItems } from '../questionnaire/questionnaire.ts';
import { clipSeconds, scaleNamedAfter } from '../questionnaire/speech.ts';
import type {
  Answers,
  Conversation,
  Daypart,
  Decision,
  Desk,
  Effect,
  Ending,
  Place,
  Reply,
  Setting,
  Utterance,
} from './conversation.ts';

interface Serving {
  /** Said ahead of the place's own words. */
  readonly before?: readonly string[];
  /** Said in place of the place's own words. */
  readonly instead?: string;
  /** Whether the place's own words are said; default yes. */
  readonly words?: boolean;
  readonly slow?: boolean;
  readonly listenSeconds?: number;
  readonly effects?: readonly Effect[];
}

/** How long an assistant's owner has to read who we are, and to take the call (script §5, 14). */
const screenedSeconds = 12;

/** What is promised to somebody who asked for a person. */
const promises: Readonly<Record<Desk, string>> = { open: 'M1', tomorrow: 'M1t', 'next-workday': 'M1n' };

/** Composes replies for one turn: the state it starts from, and the words each place is served with. */
export class TurnTaker {
  readonly setting: Setting;
  readonly #conversation: Conversation;
  readonly #answers: Answers;

  constructor({ conversation, answers }: { conversation: Conversation; answers: Answers }, setting: Setting) {
    this.#conversation = conversation;
    this.#answers = answers;
    this.setting = setting;
  }

  /** What this case is asked on the telephone; a place's item counts in these, from 0. */
  get items(): readonly Item[] {
    // Where people talk to people comments are written down, and nothing is recorded.
    const { byPerson, questionnaire, rotation } = this.setting;
    return byPerson ? itemsFor(questionnaire, rotation) : spokenItems(questionnaire, rotation);
  }

  item(index: number): Item {
    const item = this.items[index];
    if (!item) throw new Error(`this case is asked no item ${index}`);
    return item;
  }

  /** The same turn with more answers known. */
  having(answers: Answers): TurnTaker {
    return new TurnTaker(
      { conversation: { ...this.#conversation, skipped: 0 }, answers: { ...this.#answers, ...answers } },
      this.setting,
    );
  }

  isRated(): boolean {
    return this.items.some((item) => item.overall && (this.#answers[item.id] ?? 0) > 0);
  }

  scaleNotNamedYet(): boolean {
    return !this.setting.byPerson && this.setting.now.getTime() < this.#conversation.ratingsFrom;
  }

  /** Unanswered; at the overall item a 0 is no answer yet. */
  #isOpen(item: Item): boolean {
    const value = this.#answers[item.id];
    return value === undefined || (item.overall && value === 0);
  }

  isAnswered(item: Item): boolean {
    return !this.#isOpen(item);
  }

  ask(index: number, serving: Serving = {}): Decision {
    const again = this.isAnswered(this.item(index));
    const place: Place = { is: 'question', item: index, silences: 0, faults: 0, zeroAsked: false };
    return this.serve(again ? { ...place, again } : place, serving);
  }

  firstOpen(): Decision {
    return this.nextAfter(-1);
  }

  /** The next question that is still open, or the farewell. */
  nextAfter(index: number, serving: Serving = {}): Decision {
    const next = this.items.findIndex((item, at) => at > index && this.#isOpen(item));
    return next < 0 ? this.#farewell(index, serving) : this.ask(next, serving);
  }

  skip(index: number): Decision {
    const skipped = this.#conversation.skipped + 1;
    const after = new TurnTaker(
      { conversation: { ...this.#conversation, skipped }, answers: this.#answers },
      this.setting,
    );
    return skipped >= this.setting.questionnaire.limits.skippedInARow
      ? after.#farewell(index)
      : after.nextAfter(index, { before: ['H3'] });
  }

  #farewell(after: number, serving: Serving = {}): Decision {
    return this.serve(after < 0 ? { is: 'farewell' } : { is: 'farewell', after }, serving);
  }

  /** The words of a place once more; from the second time slowly (script §1). */
  sayAgain(place: Extract<Place, { stars?: number }>): Decision {
    const stars = place.stars ?? 0;
    return this.serve({ ...place, stars: stars + 1 }, { slow: stars > 0 });
  }

  stop(): Decision {
    const { language, questionnaire, now } = this.setting;
    const { afterKeySeconds, stopSeconds } = questionnaire.timing;
    // The words take their time before the four seconds begin, and the key takes a moment to reach us.
    const grace = 1;
    const until =
      now.getTime() + (afterKeySeconds + clipSeconds('N1', language, questionnaire) + stopSeconds + grace) * 1000;
    return this.serve({ is: 'stopping', from: this.#conversation.place, until }, { effects: [{ kind: 'opt-out' }] });
  }

  appoint(daypart: Daypart): Decision {
    const wanting = new TurnTaker(
      { conversation: { ...this.#conversation, wanted: daypart }, answers: this.#answers },
      this.setting,
    );
    return wanting.hangUp(['L2'], 'appointment', [{ kind: 'appointment', daypart }]);
  }

  undoStop(from: Place): Decision {
    return this.serve(from, { before: ['N1u'], effects: [{ kind: 'opt-out-undone' }] });
  }

  hangUp(clips: readonly string[], because: Ending, effects: readonly Effect[] = []): Decision {
    return {
      conversation: { ...this.#conversation, place: { is: 'over', because } },
      reply: { pauseSeconds: this.#pause(), say: clips.map((clip) => ({ clip })), listenSeconds: null },
      effects,
    };
  }

  /** Goes to a place and says its words. */
  serve(place: Place, serving: Serving = {}): Decision {
    const before = (serving.before ?? []).map((clip) => ({ clip }));
    const words = serving.words === false ? [] : this.#wordsFor(place, serving);
    const pauseSeconds = this.#pause();
    return {
      conversation: {
        ...this.#conversation,
        place,
        ratingsFrom: this.#ratingsFrom(place, pauseSeconds, [...before, ...words]),
      },
      reply: {
        ...{ pauseSeconds, say: [...before, ...words], listenSeconds: serving.listenSeconds ?? this.#listen(place) },
        ...(place.is === 'screened' && { hearsVoice: true as const }),
        ...(place.is === 'recording' && { record: this.#record() }),
      },
      effects: serving.effects ?? [],
    };
  }

  #wordsFor(place: Place, { instead, slow = false }: Serving): Utterance[] {
    return instead ? [{ clip: instead }] : this.#wordsOf(place, slow);
  }

  #record(): NonNullable<Reply['record']> {
    const { longestSeconds, silenceSeconds } = this.#recording();
    return { longestSeconds, silenceSeconds };
  }

  #recording(): NonNullable<Questionnaire['recording']> {
    const { recording } = this.setting.questionnaire;
    if (!recording) throw new Error('nothing is recorded by this questionnaire');
    return recording;
  }

  #pause(): number {
    const { startSeconds, afterKeySeconds } = this.setting.questionnaire.timing;
    if (this.#conversation.lastKey) return afterKeySeconds;
    return this.#conversation.startedAt === this.setting.now.getTime() ? startSeconds : 0;
  }

  #wordsOf(place: Place, slow: boolean): Utterance[] {
    const said = (clip: string, values?: Record<string, number>): Utterance[] => [
      { clip, ...(slow && { slow: true as const }), ...(values && { values }) },
    ];
    switch (place.is) {
      case 'greeting':
        return this.isRated()
          ? said('R1', { remaining: this.items.filter((item) => this.#isOpen(item)).length })
          : said(this.setting.inbound ? 'I1' : this.setting.managerChanged ? 'A1c' : 'A1');
      case 'question':
        return said(this.item(place.item).id);
      case 'read-back':
        return said('Q1r', { score: this.#answers[this.item(place.item).id] ?? 0 });
      case 'recording':
        return said(this.#recording().announcement);
      case 'later':
        return said('L1');
      case 'stopping':
        return said('N1');
      case 'screened':
        return said('S0');
      case 'person':
        return said(promises[this.setting.desk]);
      case 'farewell':
        return said('Z1');
      case 'over':
        return [];
      default:
        return never(place);
    }
  }

  #listen(place: Place): number | null {
    const { timing } = this.setting.questionnaire;
    switch (place.is) {
      case 'greeting':
        return timing.afterGreetingSeconds;
      case 'question':
        return this.item(place.item).answerSeconds;
      case 'read-back':
        return timing.readBackSeconds;
      case 'recording':
        return timing.afterGreetingSeconds;
      case 'later':
        return timing.laterSeconds;
      case 'stopping':
        return timing.stopSeconds;
      case 'screened':
        return screenedSeconds;
      case 'person':
        return timing.personSeconds;
      case 'farewell':
        return timing.farewellSeconds;
      case 'over':
        return null;
      default:
        return never(place);
    }
  }

  /** When the scale will have been named: set anew each time the overall question starts again before it was. */
  #ratingsFrom(place: Place, pauseSeconds: number, say: readonly Utterance[]): number {
    const { language, questionnaire, now } = this.setting;
    const overall = place.is === 'question' && this.item(place.item).overall ? this.item(place.item).id : null;
    const at = say.findIndex(({ clip }) => clip === overall);
    if (!this.scaleNotNamedYet() || overall === null || at < 0) return this.#conversation.ratingsFrom;
    const ahead = say
      .slice(0, at)
      .reduce((sum, { clip }) => sum + clipSeconds(clip, language, questionnaire), pauseSeconds);
    return now.getTime() + (ahead + scaleNamedAfter(overall, language, questionnaire)) * 1000;
  }
}
