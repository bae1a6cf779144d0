import { scoringEvents } from '../scoring/events.ts';

/** Every type of event that other programs may ask to be told of. */
export const events = { ...scoringEvents } as const;

export const eventTypes: readonly string[] = Object.keys(events);
