import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSounds } from '../carriers.ts';
import { readConfig } from '../config.ts';
import type { Query } from '../platform/database.ts';
import { BadInput, type Fault } from '../platform/errors.ts';
import type { Utterance } from '../survey/interview/conversation.ts';
import {
  type Language,
  languages,
  parseQuestionnaire,
  type Questionnaire,
} from '../survey/questionnaire/questionnaire.ts';
import { clipWords } from '../survey/questionnaire/speech.ts';
import { latestPublished } from '../survey/questionnaire/store.ts';
import { piecesOf, promptOf } from '../telephony/asterisk/prompts.ts';
import { readRecording } from '../telephony/asterisk/recording.ts';
import type { Sounds } from '../telephony/asterisk/sounds.ts';
import { inThisInstallation } from './installation.ts';

/** `huifang prompts list|import|render`: what Asterisk plays, read by a person or by the speech program. */

interface Prompts {
  readonly sounds: Sounds;
  readonly questionnaire: Questionnaire;
  readonly query: Query;
}

/** With the questionnaire that was published last: the one that the next round asks. */
const withPrompts = (act: (prompts: Prompts) => Promise<void>): Promise<void> =>
  inThisInstallation(async ({ database: { query } }) => {
    const config = readConfig(process.env);
    if (config.ASTERISK_SOUNDS === undefined)
      throw new BadInput('没有指定录音文件夹 · no folder of sounds is named', [
        { where: 'ASTERISK_SOUNDS', message: '请在 .env 中填写 · name it in .env (docs/asterisk.md)' },
      ]);
    const { document } = await latestPublished(query);
    await act({ sounds: openSounds(config), questionnaire: parseQuestionnaire(document), query });
  });

export const listPrompts = (out: NodeJS.WritableStream): Promise<void> =>
  withPrompts(async ({ sounds, questionnaire }) => {
    for (const language of languages)
      for (const piece of piecesOf(questionnaire, language)) {
        const { usual, slow } = await promptOf(sounds, piece);
        const slowly = slow.measure ? '，含慢速 · also slowly' : '';
        const how = usual.measure ? `真人录音 · recorded${slowly}` : '合成语音 · spoken by the program';
        out.write(`${language}/${piece.name}.wav\t${how}\t${piece.words}\n`);
      }
  });

interface Found {
  readonly file: string;
  readonly words: string;
  readonly language: Language;
  readonly slow: boolean;
  readonly wav: Buffer;
}

/** Takes every recording of a folder, or none. @throws BadInput with every file that cannot be used. */
export const importPrompts = (folder: string, out: NodeJS.WritableStream): Promise<void> =>
  withPrompts(async ({ sounds, questionnaire }) => {
    const faults: Fault[] = [];
    const found = languages.flatMap((language) => findIn(folder, language, questionnaire, faults));
    if (found.length === 0 && faults.length === 0)
      faults.push({ where: folder, message: `没有找到 WAV，例如 zh-CN/A1.wav · holds no WAV such as zh-CN/A1.wav` });
    for (const { file, wav } of found)
      try {
        readRecording(wav, file);
      } catch (error) {
        if (!(error instanceof BadInput)) throw error;
        faults.push(...error.faults);
      }
    if (faults.length > 0)
      throw new BadInput('录音有误，未导入任何文件 · recordings cannot be used, none was taken', faults);
    for (const { words, language, slow, wav, file } of found)
      await sounds.keepRecording({ words, language, slow, origin: 'recorded' }, wav, file);
    out.write(`已导入 ${found.length} 段录音 · recordings taken\n`);
  });

function findIn(folder: string, language: Language, questionnaire: Questionnaire, faults: Fault[]): Found[] {
  const wavsIn = (path: string) =>
    existsSync(path)
      ? readdirSync(path)
          .filter((name) => /\.wav$/i.test(name))
          .sort()
      : [];
  const known = new Map(piecesOf(questionnaire, language).map(({ name, words }) => [name, words]));
  const read = (path: string, name: string, wordsOf: (stem: string) => string | undefined): Found[] => {
    const [, stem = '', slow] = /^(.*?)(-slow)?\.wav$/i.exec(name) ?? [];
    const words = wordsOf(stem);
    const file = join(path, name);
    if (words === undefined) {
      faults.push({
        where: file,
        message:
          '问卷里没有这一句，请对照 huifang prompts list · is no sentence of the questionnaire: see huifang prompts list',
      });
      return [];
    }
    return [{ file, words, language, slow: slow !== undefined, wav: readFileSync(file) }];
  };
  const at = join(folder, language);
  return [
    ...wavsIn(at).flatMap((name) => read(at, name, (stem) => known.get(stem))),
    ...wavsIn(join(at, 'words')).flatMap((name) => read(join(at, 'words'), name, (stem) => stem.trim() || undefined)),
  ];
}

/** Has everything said once, so that no shop waits for the program. */
export const renderPrompts = (out: NodeJS.WritableStream): Promise<void> =>
  withPrompts(async ({ sounds, questionnaire, query }) => {
    const managers = await query<{ name: string }>({ text: 'SELECT DISTINCT name FROM manager ORDER BY name' });
    const named = managers.length > 0 ? managers.map(({ name }) => name) : [''];
    let said = 0;
    for (const language of languages)
      for (const utterance of Object.keys(questionnaire.clips).flatMap((clip) =>
        utterancesOf(clip, language, questionnaire),
      )) {
        const names = clipWords(utterance.clip, language, questionnaire).includes('{{manager}}') ? named : [''];
        for (const managerName of names) {
          await sounds.say([utterance, { ...utterance, slow: true }], { language, managerName, questionnaire });
          said++;
        }
      }
    out.write(`已备好 ${said} 句 · sentences are ready\n`);
  });

/** A clip with every figure that may stand in it. */
function utterancesOf(clip: string, language: Language, questionnaire: Questionnaire): Utterance[] {
  const words = clipWords(clip, language, questionnaire);
  if (words.includes('{{score')) return [1, 2, 3, 4, 5].map((score) => ({ clip, values: { score } }));
  if (words.includes('{{remaining'))
    return questionnaire.items.map((_, index) => ({ clip, values: { remaining: index + 1 } }));
  return [{ clip }];
}
