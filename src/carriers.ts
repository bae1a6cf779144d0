import type { Config } from './config.ts';
import { systemChance } from './platform/chance.ts';
import type { Clock } from './platform/clock.ts';
import type { AliyunSettings } from './telephony/aliyun/aliyun.ts';
import { Sounds } from './telephony/asterisk/sounds.ts';

/** What the settings say of carriers, for the service and for commands that speak to one. */

/** Who carries texts: whoever carries calls, where nobody else is named. An exchange carries none. */
export const textKind = ({ TEXT_CARRIER, CARRIER }: Config) =>
  TEXT_CARRIER ?? (CARRIER === 'asterisk' ? 'none' : CARRIER);

export const openSounds = (config: Config): Sounds =>
  new Sounds({ folder: config.ASTERISK_SOUNDS ?? '', program: config.SPEECH_PROGRAM }, systemChance);

export const aliyunSettings = (config: Config, clock: Clock): AliyunSettings => ({
  accessKeyId: config.ALIYUN_ACCESS_KEY_ID ?? '',
  accessKeySecret: config.ALIYUN_ACCESS_KEY_SECRET ?? '',
  endpoint: config.ALIYUN_SMS_ENDPOINT,
  signName: config.ALIYUN_SMS_SIGNATURE ?? '',
  templates: config.ALIYUN_SMS_TEMPLATES ?? new Map(),
  clock,
});
