import type { z } from 'zod';
import { scoringEvents } from '../scoring/events.ts';

/** Every type of event that other programs may ask to be told of. */
export const events: Readonly<Record<string, EventType>> = { ...scoringEvents };

export interface EventType {
  /** When it is sent. */
  readonly summary: string;
  readonly payload: z.ZodType;
}

export const eventTypes: readonly string[] = Object.keys(events);
