import { seededChance } from '../../platform/chance.ts';

/**
 * A city for the demo: its managers, their shops and the month's unit indicators, as the three files a company would
 * bring, with the dirt such files have. Everything follows from the arguments; every file imports without a fault.
 */
export interface RosterWish {
  /** At least 1. */
  readonly managers: number;
  /** In all; at least one a manager. */
  readonly retailers: number;
  readonly seed: string;
  /** `2026-12`, of the unit indicators. */
  readonly period: string;
}

export interface RosterFiles {
  readonly managersCsv: string;
  readonly retailersCsv: string;
  readonly indicatorsCsv: string;
}

export function generateRoster({ managers, retailers, seed, period }: RosterWish): RosterFiles {
  const dice = diceOf(`roster|${seed}`);
  const sizes = shopsEach(dice, managers, retailers);
  const staff = staffOf(dice, sizes);
  return {
    managersCsv: csv(
      ['工号', '姓名', '区域'],
      staff.map(({ id, name, district }) => [id, name, district.name]),
    ),
    retailersCsv: csv(
      ['许可证号', '店名', '客户经理工号', '电话', '市场类型', '状态', '拒访'],
      shopsOf(dice, staff).map((shop) => [
        shop.licence,
        shop.name,
        shop.manager.id,
        shop.written,
        shop.rural ? '乡村' : '城镇',
        shop.closed ? '停业' : '正常',
        shop.optedOut ? '是' : '',
      ]),
    ),
    indicatorsCsv: csv(['考核期', '工号', ...indicators], indicatorLines(dice, staff, period)),
  };
}

// ── Chance ──────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Dice {
  /** From 0, below 1. */
  fraction(): number;
  /** Both ends included. */
  whole(from: number, to: number): number;
  happens(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** By weight. */
  weigh<T>(from: readonly (readonly [weight: number, value: T])[]): T;
  shuffle<T>(items: readonly T[]): T[];
}

function diceOf(seed: string): Dice {
  const chance = seededChance(seed);
  let block: Buffer = Buffer.alloc(0);
  let used = 0;
  const fraction = () => {
    if (used === block.length) {
      block = chance.bytes(4096);
      used = 0;
    }
    used += 4;
    return block.readUInt32BE(used - 4) / 2 ** 32;
  };
  const whole = (from: number, to: number) => from + Math.floor(fraction() * (to - from + 1));
  const pick = <T>(from: readonly T[]): T => from[whole(0, from.length - 1)] as T;
  return {
    fraction,
    whole,
    happens: (probability) => fraction() < probability,
    pick,
    weigh(from) {
      let left = fraction() * from.reduce((sum, [weight]) => sum + weight, 0);
      for (const [weight, value] of from) {
        left -= weight;
        if (left < 0) return value;
      }
      return pick(from)[1];
    },
    shuffle(items) {
      const mixed = [...items];
      for (let last = mixed.length - 1; last > 0; last--) {
        const other = whole(0, last);
        [mixed[last], mixed[other]] = [mixed[other] as (typeof mixed)[0], mixed[last] as (typeof mixed)[0]];
      }
      return mixed;
    },
  };
}

// ── How many shops each ─────────────────────────────────────────────────────────────────────────────────────────────

const smallest = 8;
const largest = 300;

/** Sizes that sum to `retailers`: one manager with 8 shops, one with a dozen, a few of 60 to 120, most 150 to 250. */
function shopsEach(dice: Dice, managers: number, retailers: number): number[] {
  const odd =
    managers < 5 ? [] : [smallest, 12, ...Array.from({ length: Math.floor(managers / 10) }, () => dice.whole(60, 120))];
  const usual = Array.from({ length: managers - odd.length }, () => dice.whole(160, 245));
  return scaled(dice.shuffle([...odd, ...usual]), retailers);
}

/**
 * Wished sizes scaled so that they sum exactly to `total`, each kept within what is usual for a manager as far as the
 * total allows at all.
 */
function scaled(wished: readonly number[], total: number): number[] {
  const least = total < smallest * wished.length ? 1 : smallest;
  const most = total > largest * wished.length ? total : largest;
  const at = (scale: number) => wished.map((size) => Math.min(most, Math.max(least, Math.floor(size * scale))));
  const sum = (sizes: readonly number[]) => sizes.reduce((all, size) => all + size, 0);
  let [low, high] = [0, total];
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2;
    if (sum(at(middle)) <= total) low = middle;
    else high = middle;
  }
  const sizes = at(low);
  // What rounding down left over goes to the usual ones, one each, so that the smallest stays what it is.
  const takers = [...sizes.keys()].sort((a, b) => (wished[b] ?? 0) - (wished[a] ?? 0));
  for (let left = total - sum(sizes); left > 0; )
    for (const taker of takers) {
      const size = sizes[taker] ?? 0;
      if (left === 0 || size >= most) continue;
      sizes[taker] = size + 1;
      left -= 1;
    }
  return sizes;
}

// ── Managers ────────────────────────────────────────────────────────────────────────────────────────────────────────

interface District {
  readonly name: string;
  /** Share of its shops that stand in the country. */
  readonly rural: number;
  readonly streets: readonly string[];
}

const districts: readonly District[] = [
  { name: '城东', rural: 0.1, streets: ['城东', '东门', '解放路', '人民路', '文教路', '东湖'] },
  { name: '西苑', rural: 0.2, streets: ['西苑', '西站', '迎宾路', '桃苑', '翠园路', '书院街'] },
  { name: '南港', rural: 0.65, streets: ['南港', '南门', '港口路', '船厂路', '福州路', '粮站'] },
  { name: '北湖', rural: 0.45, streets: ['北湖', '湖坊', '青山路', '北站', '钟楼', '学府路'] },
  { name: '河滨', rural: 0.3, streets: ['河滨', '滨江路', '老码头', '大桥', '沿河路', '望江'] },
  { name: '高新', rural: 0.05, streets: ['高新', '科技园', '大学城', '创新路', '软件园', '紫阳'] },
  { name: '云岭', rural: 0.85, streets: ['云岭', '镇南', '老街', '中学', '卫生院', '车站'] },
  { name: '新区', rural: 0.15, streets: ['新区', '会展路', '丰和', '体育馆', '世贸', '绿茵路'] },
];
const villages = ['上塘村', '莲塘', '罗家', '白沙', '石桥', '渡头', '龙口', '新村', '河西村', '茶场', '沙井', '塘口'];

interface Manager {
  readonly id: string;
  readonly name: string;
  readonly district: District;
  readonly shops: number;
}

function staffOf(dice: Dice, sizes: readonly number[]): Manager[] {
  const inUse = districts.slice(0, Math.min(districts.length, Math.ceil(sizes.length / 4)));
  const width = Math.max(3, String(sizes.length).length);
  const taken = new Set<string>();
  return sizes.map((shops, index) => ({
    id: `JL${String(index + 1).padStart(width, '0')}`,
    name: personName(dice, taken),
    district: inUse[Math.floor((index * inUse.length) / sizes.length)] ?? dice.pick(inUse),
    shops,
  }));
}

const surnames = [
  ...'王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤',
];
const givenNames = [
  ...'伟芳娜敏静丽强磊军洋勇艳杰娟超秀霞刚燕辉玲桂建文华志明晓红春海雪梅国玉兰云飞鹏斌宇浩凯婷琳慧莉峰波宁欣佳俊瑞博雨思嘉诚荣根水生金福祥',
];

/** Of two or three characters. Nobody on the board shares a name, as far as there are enough of them. */
function personName(dice: Dice, taken: Set<string>): string {
  let name = '';
  for (let attempt = 0; attempt < 100; attempt++) {
    name = dice.pick(surnames) + dice.pick(givenNames) + (dice.happens(0.7) ? dice.pick(givenNames) : '');
    if (!taken.has(name)) break;
  }
  taken.add(name);
  return name;
}

// ── Shops ───────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Shop {
  readonly licence: string;
  readonly name: string;
  readonly manager: Manager;
  /** The number itself, digits as dialled within the country; null where the file has none. */
  readonly phone: string | null;
  /** The number as whoever kept the file wrote it. */
  readonly written: string;
  readonly rural: boolean;
  readonly closed: boolean;
  readonly optedOut: boolean;
}

const share = { noPhone: 0.015, closed: 0.01, optedOut: 0.005, sameOwner: 0.01, landline: 0.12 } as const;

function shopsOf(dice: Dice, staff: readonly Manager[]): Shop[] {
  const nextLicence = licences(dice);
  const nextPhone = phones(dice);
  const borrowed = acrossManagers(dice, staff);
  const shops: Shop[] = [];
  for (const manager of staff)
    for (let index = 0; index < manager.shops; index++) {
      const before = shops.at(-1);
      // A second shop of the same owner stands next to the first in most files, with the same number.
      const sameOwner = index > 0 && dice.happens(share.sameOwner) ? (before?.phone ?? null) : null;
      const lent = index === 0 ? (shops[borrowed.get(manager.id) ?? -1]?.phone ?? null) : null;
      const phone = lent ?? sameOwner ?? (dice.happens(share.noPhone) ? null : nextPhone());
      const rural = dice.happens(manager.district.rural);
      shops.push({
        licence: nextLicence(),
        name: shopName(dice, rural ? villages : manager.district.streets),
        manager,
        phone,
        written: phone === null ? '' : writtenByHand(dice, phone),
        rural,
        closed: dice.happens(share.closed),
        optedOut: phone !== null && dice.happens(share.optedOut),
      });
    }
  return shops;
}

/** For a few managers, the place of the shop of a colleague whose number his own first shop has too: a family's. */
function acrossManagers(dice: Dice, staff: readonly Manager[]): Map<string, number> {
  const few = Math.min(5, Math.floor(staff.length / 2));
  let before = 0;
  const spans = staff.map((manager) => {
    const span = { manager, from: 0, to: before - 1 };
    before += manager.shops;
    return span;
  });
  const chosen = dice.shuffle(spans.slice(1)).slice(0, few);
  return new Map(chosen.map(({ manager, from, to }) => [manager.id, dice.whole(from, to)]));
}

/** Twelve digits: the city's four, then eight that never come twice because the step shares no factor with the prime. */
function licences(dice: Dice): () => string {
  const prime = 99_999_989;
  const step = dice.whole(10_007, 99_991);
  let number = dice.whole(0, prime - 1);
  return () => {
    number = (number + step) % prime;
    return `3601${String(number).padStart(8, '0')}`;
  };
}

const wishes = [
  '福满多',
  '好运来',
  '鑫源',
  '万家',
  '兴旺',
  '百惠',
  '利民',
  '顺发',
  '聚福',
  '家家乐',
  '吉祥',
  '永兴',
  '惠民',
  '旺旺',
  '天天鲜',
  '宏达',
  '金福',
  '如意',
  '康乐',
  '广源',
];
const trades: readonly (readonly [number, string])[] = [
  [24, '便利店'],
  [20, '烟酒店'],
  [18, '超市'],
  [12, '商行'],
  [12, '副食店'],
  [6, '食杂店'],
  [4, '小卖部'],
  [4, '生活超市'],
];

function shopName(dice: Dice, places: readonly string[]): string {
  const place = dice.pick(places);
  const word = dice.weigh<() => string>([
    [50, () => dice.pick(wishes)],
    [25, () => `老${dice.pick(surnames)}`],
    [25, () => `${dice.pick(surnames)}记`],
  ])();
  return `${dice.happens(0.6) ? place : ''}${word}${dice.weigh(trades)}`;
}

// ── Telephones ──────────────────────────────────────────────────────────────────────────────────────────────────────

const areaCode = '0791';
const mobilePrefixes = [
  ...[
    '134',
    '135',
    '136',
    '137',
    '138',
    '139',
    '150',
    '151',
    '152',
    '157',
    '158',
    '159',
    '178',
    '182',
    '183',
    '187',
    '188',
  ],
  ...['130', '131', '132', '155', '156', '166', '176', '185', '186'],
  ...['133', '153', '173', '177', '180', '181', '189', '199'],
];

/** Numbers nobody had yet: mobiles of eleven digits, landlines with the area code. */
function phones(dice: Dice): () => string {
  const taken = new Set<string>();
  // The fourth digit from 0 to 8: 1349 belongs to satellite telephones.
  const mobile = () => `${dice.pick(mobilePrefixes)}${dice.whole(0, 8)}${digits(dice, 7)}`;
  const landline = () => `${areaCode}8${dice.whole(2, 7)}${digits(dice, 6)}`;
  return () => {
    for (;;) {
      const phone = dice.happens(share.landline) ? landline() : mobile();
      if (taken.has(phone)) continue;
      taken.add(phone);
      return phone;
    }
  };
}

const digits = (dice: Dice, count: number): string => String(dice.whole(0, 10 ** count - 1)).padStart(count, '0');

type Hand = readonly [weight: number, write: (phone: string) => string];

const mobileHands: readonly Hand[] = [
  [70, (phone) => phone],
  [10, (phone) => phone.replace(/^(...)(....)(....)$/, '$1-$2-$3')],
  [8, (phone) => phone.replace(/^(...)(....)(....)$/, '$1 $2 $3')],
  [4, (phone) => `+86${phone}`],
  [2, (phone) => `+86 ${phone}`],
  [2, (phone) => `86 ${phone.replace(/^(...)(....)(....)$/, '$1 $2 $3')}`],
  [2, fullWidth],
  [2, (phone) => ` ${phone} `],
];
const landlineHands: readonly Hand[] = [
  [50, (phone) => phone.replace(areaCode, `${areaCode}-`)],
  [20, (phone) => phone],
  [12, (phone) => phone.replace(areaCode, `${areaCode} `)],
  [8, (phone) => phone.replace(areaCode, `（${areaCode}）`)],
  [5, (phone) => phone.replace(/^0(...)/, '+86 $1 ')],
  [5, (phone) => fullWidth(phone.replace(areaCode, `${areaCode}-`))],
];

const writtenByHand = (dice: Dice, phone: string): string =>
  dice.weigh(phone.startsWith('0') ? landlineHands : mobileHands)(phone);

/** As a Chinese keyboard types digits and dashes when nobody switches it. */
function fullWidth(phone: string): string {
  return phone.replace(/[-0-9]/g, (character) => String.fromCharCode(character.charCodeAt(0) + 0xfee0));
}

// ── Unit indicators ─────────────────────────────────────────────────────────────────────────────────────────────────

const indicators = ['销量', '品牌', '明码标价', '电子结算', '业务知识', '服务', '日常工作', '市场走访'];

/** Where a manager's eight values lie. Together with shops that rate 60 to 90 they lead to each of the four ratings. */
interface Standing {
  readonly from: number;
  readonly to: number;
  /** Chance to have sold more than the target. */
  readonly overTarget: number;
}
const outstanding: Standing = { from: 97, to: 100, overTarget: 0.8 };
const solid: Standing = { from: 78, to: 97, overTarget: 0.25 };
const wanting: Standing = { from: 52, to: 72, overTarget: 0 };
const failing: Standing = { from: 28, to: 46, overTarget: 0 };

function indicatorLines(dice: Dice, staff: readonly Manager[], period: string): string[][] {
  const standing = standings(dice, staff);
  const incomplete = dice.pick(staff.filter(({ id }) => standing.get(id) === solid) as Manager[]);
  const missing = dice.whole(1, indicators.length - 1);
  return staff.map((manager) => {
    const { from, to, overTarget } = standing.get(manager.id) ?? solid;
    const values = indicators.map((_, index) => {
      const sold = index === 0 && dice.happens(overTarget);
      return (sold ? 100 + dice.fraction() * 12 : from + dice.fraction() * (to - from)).toFixed(1);
    });
    return [
      period,
      manager.id,
      ...values.map((value, index) => (manager === incomplete && index === missing ? '' : value)),
    ];
  });
}

/**
 * A fifth are outstanding, one in seven wanting, one fails; the rest, and whoever is alone, are solid. Only managers
 * with many shops are outstanding: with few, no score is firm enough for the highest rating.
 */
function standings(dice: Dice, staff: readonly Manager[]): Map<string, Standing> {
  const [alone, ...others] = dice.shuffle(staff);
  const ranked = others.toSorted((a, b) => Number(b.shops >= 60) - Number(a.shops >= 60));
  const many = Math.ceil(ranked.length / 5);
  const few = Math.ceil(ranked.length / 7);
  const [last, ...rest] = ranked.slice(many);
  return new Map([
    ...(alone ? [[alone.id, solid] as const] : []),
    ...ranked.slice(0, many).map(({ id }) => [id, outstanding] as const),
    ...(last ? [[last.id, failing] as const] : []),
    ...rest.map(({ id }, index) => [id, index < few ? wanting : solid] as const),
  ]);
}

// ── Files ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** As Excel writes it: a byte-order mark, CRLF, quotes where they are needed. */
function csv(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const cell = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return `\uFEFF${[head, ...lines].map((line) => `${line.map(cell).join(',')}\r\n`).join('')}`;
}
