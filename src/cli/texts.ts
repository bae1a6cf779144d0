import { aliyunSettings, textKind } from '../carriers.ts';
import { readConfig } from '../config.ts';
import { systemClock } from '../platform/clock.ts';
import type { Query } from '../platform/database.ts';
import { announce, leftToTell, quarterOf, readAnnouncement } from '../survey/fieldwork/announcement.ts';
import { type Language, parseQuestionnaire, type Questionnaire } from '../survey/questionnaire/questionnaire.ts';
import { latestPublished } from '../survey/questionnaire/store.ts';
import { openAliyun } from '../telephony/aliyun/aliyun.ts';
import { type RegistrationStatus, registeredTexts } from '../telephony/registered-texts.ts';
import { inThisInstallation } from './installation.ts';

/** `huifang texts` and `huifang announce`. */

type Out = NodeJS.WritableStream;

const standing: Readonly<Record<RegistrationStatus, string>> = {
  approved: '已通过 · approved',
  'in-review': '审核中 · in review',
  rejected: '未通过 · rejected',
  'other-words': '文字不一致 · other words than ours',
  'no-code': '未登记 · no code in ALIYUN_SMS_TEMPLATES',
  unknown: '查不到 · could not be looked up',
};

/**
 * Every text as it is registered with a carrier, and, with Aliyun, how each stands there.
 *
 * @returns whether all may be sent.
 */
export async function listTexts(language: Language, out: Out): Promise<boolean> {
  const config = readConfig(process.env);
  const aliyun = config.TEXT_CARRIER === 'aliyun' ? openAliyun(aliyunSettings(config, systemClock)) : null;
  const questionnaire = await inThisInstallation(({ database }) => lastPublished(database.query));
  const texts = await registeredTexts(questionnaire, language, aliyun);
  for (const { id, words, units, segments, registration } of texts) {
    out.write(`${id}  ${units} 字 · units, ${segments} 条 · segments\n  ${words}\n`);
    if (registration) out.write(`  ${registration.code ?? '—'}  ${standing[registration.status]}\n`);
  }
  return texts.every(({ registration }) => registration === null || registration.status === 'approved');
}

/** The current quarter's announcement: what it would come to, and with `yes` the sending of it. */
export const announceQuarter = ({ yes }: { readonly yes: boolean }, out: Out): Promise<void> =>
  inThisInstallation(async ({ database, clock }) => {
    const { query } = database;
    const config = readConfig(process.env);
    const quarter = quarterOf(clock.now(), config.TIME_ZONE);
    const { toTell, sent, planned, failed, segments } = await readAnnouncement(query, quarter);
    const left = leftToTell(toTell, await lastPublished(query));
    out.write(
      `${quarter}  已发 · sent ${sent}，排队 · planned ${planned}，失败 · failed ${failed}，已计费条数 · segments ${segments}\n`,
    );
    out.write(`未通知 · not told yet: ${left.shops} 个号码 · numbers, ${left.segments} 条 · segments\n`);
    if (!yes) {
      if (left.shops > 0) out.write('要么全发，要么不发；加 --yes 发送 · to all of them or to none: --yes sends\n');
      return;
    }
    const text = textKind(config) === 'none' ? null : config;
    const wish = { quarter, timeZone: config.TIME_ZONE, actor: 'cli' };
    out.write(`已排入 · planned: ${await announce({ database, clock, text }, wish)}\n`);
  });

const lastPublished = async (query: Query): Promise<Questionnaire> =>
  parseQuestionnaire((await latestPublished(query)).document);
