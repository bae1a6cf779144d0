import { readConfig } from '../config.ts';
import { aliyunSettings } from '../main.ts';
import { systemClock } from '../platform/clock.ts';
import type { Query } from '../platform/database.ts';
import { announce, quarterOf, readAnnouncement } from '../survey/fieldwork/notice.ts';
import { exampleLength } from '../survey/questionnaire/measure.ts';
import {
  type Language,
  languages,
  parseQuestionnaire,
  type Questionnaire,
} from '../survey/questionnaire/questionnaire.ts';
import { openAliyun, type Registration } from '../telephony/aliyun/aliyun.ts';
import { templateWords } from '../telephony/words.ts';
import { inThisInstallation } from './installation.ts';

/** `huifang texts` and `huifang announce`. */

type Out = NodeJS.WritableStream;

const standing: Readonly<Record<Registration['status'] | 'unknown', string>> = {
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
  let all = true;
  for (const id of Object.keys(questionnaire.texts)) {
    const words = templateWords(id, language, questionnaire);
    const { units, segments } = exampleLength(id, language, questionnaire);
    out.write(`${id}  ${units} 字 · units, ${segments} 条 · segments\n  ${words}\n`);
    if (!aliyun) continue;
    const { status, code } = await aliyun
      .registration({ id, language, words })
      .catch(() => ({ status: 'unknown' as const, code: null }));
    out.write(`  ${code ?? '—'}  ${standing[status]}\n`);
    all &&= status === 'approved';
  }
  return all;
}

/** The current quarter's announcement: what it would come to, and with `yes` the sending of it. */
export const announceQuarter = ({ yes }: { readonly yes: boolean }, out: Out): Promise<void> =>
  inThisInstallation(async ({ database, clock }) => {
    const { query } = database;
    const quarter = quarterOf(clock.now(), readConfig(process.env).TIME_ZONE);
    const { toTell, ...done } = await readAnnouncement(query, quarter);
    const questionnaire = await lastPublished(query);
    const left = languages.map((language) => ({
      shops: toTell[language] ?? 0,
      segments: (toTell[language] ?? 0) * exampleLength('P0', language, questionnaire).segments,
    }));
    const [shops, segments] = [
      left.reduce((sum, one) => sum + one.shops, 0),
      left.reduce((sum, one) => sum + one.segments, 0),
    ];
    const { sent, planned, failed } = done;
    out.write(
      `${quarter}  已发 · sent ${sent}，排队 · planned ${planned}，失败 · failed ${failed}，已计费条数 · segments ${done.segments}\n`,
    );
    out.write(`未通知 · not told yet: ${shops} 个号码 · numbers, ${segments} 条 · segments\n`);
    if (!yes) {
      if (shops > 0) out.write('要么全发，要么不发；加 --yes 发送 · to all of them or to none: --yes sends\n');
      return;
    }
    out.write(`已排入 · planned: ${await announce({ database, clock }, quarter, 'cli')}\n`);
  });

async function lastPublished(query: Query): Promise<Questionnaire> {
  const [row] = await query<{ document: unknown }>({
    text: 'SELECT document FROM questionnaire WHERE published_at IS NOT NULL ORDER BY published_at DESC, id DESC LIMIT 1',
  });
  if (!row) throw new Error('no questionnaire is published');
  return parseQuestionnaire(row.document);
}
