import type { Publication } from '../../scoring/publication.ts';
import type { Summary } from './bundle.ts';

/** The notice board in a terminal: by rank, the unrated last. */
const ratings: Readonly<Record<string, string>> = {
  excellent: '优秀',
  competent: '称职',
  'basically-competent': '基本称职',
  'not-competent': '不称职',
  unrated: '未定等',
};
const stages: Readonly<Record<Publication['stage'], string>> = {
  notice: '公示中，可以申诉 · public notice, open to appeals',
  final: '最终结果 · final',
};
const moves: Readonly<Record<string, string>> = { up: '↑', down: '↓', hold: ' ', floor: '底', frozen: ' ' };

export function printBoard(publication: Publication, summary: Summary, out: NodeJS.WritableStream): void {
  const { managers, released, responses, calls, texts, doubleCalls, seconds } = summary;
  const lines = [
    '',
    `  客户经理综合评价公布栏 · notice board  ${publication.period}  ${stages[publication.stage]}`,
    `  ${managers} 名客户经理，随机抽取 ${released} 户，有效回访 ${responses} 户；${calls} 通电话，${texts} 条短信，重复拨打 ${doubleCalls}；用时 ${seconds} 秒`,
    '',
    `  ${row(['名次', '区间', '客户经理', '区域', '客户', '单位', '综合', '等次', '档级'])}`,
    ...byRank(publication).map((manager) => {
      const { rank, rankInterval, name, district, customer, unit, score, rating, tier, move } = manager;
      const interval = rankInterval ? rankInterval.join('–') : '';
      const shown = [
        rank === null ? '—' : String(rank),
        interval,
        name,
        district,
        customer ?? '—',
        unit ?? '—',
        score ?? '—',
      ];
      return `  ${row([...shown, ratings[rating] ?? rating, `${tier}档 ${moves[move] ?? ''}`])}`;
    }),
    '',
    `  sha256 ${publication.hash}`,
    '',
  ];
  out.write(`${lines.join('\n')}\n`);
}

const byRank = ({ managers }: Publication) =>
  [...managers].sort((a, b) => (a.rank ?? Number.POSITIVE_INFINITY) - (b.rank ?? Number.POSITIVE_INFINITY));

const columns = [5, 7, 11, 7, 7, 7, 7, 10, 6];

const row = (cells: readonly string[]): string =>
  cells
    .map((cell, index) => pad(cell, columns[index] ?? 8))
    .join('')
    .trimEnd();

/** Chinese characters are two columns wide. */
const width = (text: string): number =>
  [...text].reduce((sum, character) => sum + (/[\u2e80-\u9fff\uff00-\uff60]/.test(character) ? 2 : 1), 0);

const pad = (text: string, to: number): string => text + ' '.repeat(Math.max(1, to - width(text)));
