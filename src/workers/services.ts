import type { Activity } from '../platform/activity.ts';
import type { Chance } from '../platform/chance.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import type { Log } from '../platform/log.ts';
import type { Queues } from '../platform/queue.ts';
import type { Vault } from '../platform/vault.ts';
import type { RuleSet } from '../scoring/rules.ts';
import type { Lane } from '../survey/fieldwork/pace.ts';
import type { Questionnaire } from '../survey/questionnaire/questionnaire.ts';
import type { Sounds } from '../telephony/asterisk/sounds.ts';
import type { TextPort, VoicePort } from '../telephony/ports.ts';
import type { Jobs } from './catalogue.ts';

/** What workers and pages are given; wired together in src/main.ts and nowhere else. */
export interface Services {
  readonly database: Database;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly vault: Vault;
  readonly log: Log;
  readonly activity: Activity;
  readonly queues: Queues<Jobs>;
  readonly voice: Carrying<VoicePort>;
  /** null where no text carrier is configured: then nobody is written to. */
  readonly text: Carrying<TextPort> | null;
  /** What an exchange of one's own plays; left out where calls go another way. */
  readonly sounds?: Sounds;
  /** By id; versions never change, so each is read once. */
  readonly questionnaire: (id: string) => Promise<Questionnaire>;
  readonly rules: (id: string) => Promise<RuleSet>;
}

/** A carrier and how fast it may be used. */
export interface Carrying<Port> {
  readonly port: Port;
  readonly lane: Lane;
}
