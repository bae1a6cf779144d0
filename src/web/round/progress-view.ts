import type { Vault } from '../../platform/vault.ts';
import { listed, moment, month, type Place, shortHash, timeOfDay } from '../figures.ts';
import type { Messages } from '../messages.ts';
import { barView } from './bar.ts';
import { type Contact, eventOf } from './feed.ts';
import { glance } from './glance.ts';
import { managerRow } from './manager-rows.ts';
import { isUnderWay, type Picture } from './picture.ts';
import { sealView } from './seal.ts';

/** Everything the round page shows, ready written. */
export function progressView(picture: Picture, vault: Vault) {
  const { round, managers, now, place, m } = picture;
  const { language } = place;
  const cases = managers.flatMap((manager) => manager.cases);
  const live = isUnderWay(round);
  return {
    title: m.round.title(month(round.period, language)),
    state: { name: m.states[round.state], class: round.state },
    summary: summary(picture),
    updated: m.round.updated(timeOfDay(now, place)),
    live,
    board: round.state === 'closed' && round.published ? `/board/${round.period}` : null,
    scoring: round.state === 'closed' && !round.published,
    tiles: glance(picture),
    bar: cases.length > 0 ? barView(cases, language, m) : null,
    managers: managers.map((manager) => managerRow(manager, picture)),
    waitsTitle: live ? m.round.managers.waiting : m.round.managers.outcome,
    feed: live && cases.length > 0 ? { contacts: picture.feed.map((contact) => contactView(contact, place, m)) } : null,
    seal: picture.seal && sealView(picture.seal, vault, now, place, m),
  };
}

function summary({ round, rules, now, place, m, seal, district }: Picture): string {
  const words = m.round;
  const sealed = seal?.revealedAt ? words.revealed : seal?.frameHash && words.sealed(shortHash(seal.frameHash));
  return [
    words.launchedAt(moment(round.launchedAt, now, place)),
    round.closedAt && words.closedAt(moment(round.closedAt, now, place)),
    sealed,
    isUnderWay(round) && words.hours(listed(rules.contact.windows, place.language)),
    district && words.district(district),
  ]
    .filter(Boolean)
    .join(' · ');
}

const minute = 60_000;

function contactView(contact: Contact, place: Place, m: Messages) {
  const toTheMinute = new Date(Math.floor(contact.at.getTime() / minute) * minute);
  return {
    time: timeOfDay(toTheMinute, place),
    datetime: toTheMinute.toISOString(),
    masked: contact.masked,
    channel: m.round.feed[contact.channel],
    event: eventOf(contact, m.round.feed.events),
    alive: contact.state !== 'ended',
  };
}
