import { type Language, languages } from '../questionnaire/questionnaire.ts';
import {
  type MaskedPhone,
  readAddress,
  readDayOrNone,
  readId,
  readManager,
  readName,
  readOneOf,
  readPhoneOrNone,
  readTimeZoneOrNone,
  unique,
} from './cells.ts';
import type { Faults } from './faults.ts';
import { type HalfDay, readHalfDays } from './half-days.ts';
import type { PhoneNumber } from './phone.ts';
import { type Column, Table } from './table.ts';

/** A line of the retailers' file. */
export interface RetailerRow {
  readonly row: number;
  /** The licence number. */
  readonly id: string;
  readonly name: string;
  /** The employee number of who looks after the shop. */
  readonly manager: string;
  /** The number that is called. */
  readonly phone: PhoneEntry;
  /** Further ones, in the order they are kept; `undefined` where the file lacks the column: then it stays as it is. */
  readonly phone2: PhoneEntry | undefined;
  readonly phone3: PhoneEntry | undefined;
  /** null where the file lacks the column: then it stays as it is, empty at first. */
  readonly address: string | null;
  readonly stratum: Stratum;
  /** null where the file does not say: then it stays as it is, `active` at first. */
  readonly status: Status | null;
  /** null where the file does not say: then it stays as it is, `zh-CN` at first. */
  readonly language: Language | null;
  /** null where the file does not say: then it stays as it is, `Asia/Shanghai` at first. */
  readonly timeZone: string | null;
  /** null where the file lacks the column: then they stay as they are, none at first. */
  readonly orderingDays: readonly HalfDay[] | null;
  readonly deliveryDays: readonly HalfDay[] | null;
  /** The first day on which `manager` looks after the shop, `2026-12-01`; null = the day of the import. */
  readonly from: string | null;
  /** Asked not to be called. A file can only add to the opt-out ledger, so `false` says nothing. */
  readonly optedOut: boolean;
}

/** A number in clear, one of the shop's own as we show it, or none. */
export type PhoneEntry = PhoneNumber | MaskedPhone | null;

export type Stratum = 'urban' | 'rural';
export type Status = 'active' | 'closed';

const strata = [
  ['urban', '城镇', 'urban', '城市', '城区', '市区', 'city', 'town'],
  ['rural', '乡村', 'rural', '农村', '村', 'country', 'village'],
] as const;
const statuses = [
  ['active', '正常', 'active', '营业', '在营', '有效', 'open'],
  ['closed', '停业', 'closed', '歇业', '关闭', '注销', '无效'],
] as const;
const languageWords = {
  'zh-CN': ['中文', 'zh-CN', 'zh', '普通话', '汉语', 'Chinese'],
  en: ['英语', 'en', '英文', 'English'],
} as const satisfies Record<Language, readonly string[]>;
const answers = [
  [true, '是', 'yes', 'y', 'true', '1', '拒访', '免扰'],
  [false, '否', 'no', 'n', 'false', '0'],
] as const;

const furtherPhone = (number: '2' | '3', ordinal: string): Column<PhoneEntry | undefined> => ({
  names: [
    `电话${number}`,
    `phone ${number}`,
    ...['联系电话', '手机', '手机号', '备用电话'].map((word) => `${word}${number}`),
    ...[`${ordinal} phone`, `telephone ${number}`, `mobile ${number}`],
    ...(number === '2' ? ['备用电话', '第二电话', '固定电话', '固话', 'landline'] : ['第三电话']),
  ],
  absent: { value: undefined },
  read: readPhoneOrNone,
});

const halfDaysColumn = (names: Column<unknown>['names']): Column<readonly HalfDay[] | null> => ({
  names,
  absent: { value: null },
  read: readHalfDays,
});

const columns = (managers: ReadonlySet<string> | null) =>
  ({
    id: {
      names: [
        '许可证号',
        'id',
        '许可证',
        '许可证号码',
        '零售户编号',
        '专卖证号',
        'licence',
        'license',
        'licence number',
        'license number',
        'retailer',
        'retailer id',
      ],
      read: unique(readId),
    },
    name: {
      names: ['店名', 'name', '零售户', '零售户名称', '商户名称', '客户名称', 'shop', 'shop name'],
      read: readName,
    },
    manager: { names: ['客户经理工号', 'manager', '客户经理', '工号', 'manager id'], read: readManager(managers) },
    phone: {
      names: [
        '电话',
        'phone',
        '联系电话',
        '手机',
        '手机号',
        '手机号码',
        '电话号码',
        '订货电话',
        '店主电话',
        '电话1',
        'phone 1',
        'telephone',
        'mobile',
        'phone number',
      ],
      read: readPhoneOrNone,
    } as Column<PhoneEntry>,
    phone2: furtherPhone('2', 'second'),
    phone3: furtherPhone('3', 'third'),
    address: {
      names: ['地址', 'address', '经营地址', '店址', '详细地址', 'shop address'],
      absent: { value: null },
      read: readAddress,
    } as Column<string | null>,
    stratum: {
      names: ['市场类型', 'stratum', '城乡', '市场类别', 'market', 'market type'],
      read: readOneOf<Stratum>(strata),
    },
    status: {
      names: ['状态', 'status', '经营状态'],
      absent: { value: null },
      read: readOneOf<Status>(statuses, 'active'),
    },
    language: {
      names: ['语言', 'language', '语种'],
      absent: { value: null },
      read: readOneOf<Language>(
        languages.map((language) => [language, ...languageWords[language]]),
        'zh-CN',
      ),
    },
    timeZone: {
      names: ['时区', 'time zone', 'timezone'],
      absent: { value: null },
      read: readTimeZoneOrNone,
    },
    orderingDays: halfDaysColumn([
      '订货日',
      'ordering days',
      '订货时间',
      '订货半天',
      'ordering',
      'order day',
      'order days',
    ]),
    deliveryDays: halfDaysColumn(['送货日', 'delivery days', '送货时间', '配送日', 'delivery', 'delivery day']),
    from: {
      names: ['生效日期', 'effective date', '生效日', '分配日期', '起始日期', 'from', 'effective from'],
      absent: { value: null },
      read: readDayOrNone,
    },
    optedOut: {
      names: ['拒访', 'opted out', '免扰', '拒绝回访', 'opt out', 'do not call'],
      absent: { value: false },
      read: readOneOf<boolean>(answers, false),
    },
  }) as const;

/**
 * The retailers' file, to be read row by row.
 *
 * @param managers those we have, so that an unknown one is a fault; null where that is not to be checked.
 */
export const retailersTable = (managers: ReadonlySet<string> | null, faults: Faults) =>
  new Table(() => columns(managers), faults);

type Key = keyof ReturnType<typeof columns>;

/** The columns of a file that says everything, and the heading of each: what stands under it is read back. */
export const retailerHeadings = Object.fromEntries(
  Object.entries(columns(null)).map(([key, { names }]) => [key, names[0]]),
) as Readonly<Record<Key, string>>;

/** How a choice is written in a file, by its meaning. */
export const written: {
  readonly stratum: Readonly<Record<Stratum, string>>;
  readonly status: Readonly<Record<Status, string>>;
  readonly language: Readonly<Record<Language, string>>;
} = {
  stratum: { urban: strata[0][1], rural: strata[1][1] },
  status: { active: statuses[0][1], closed: statuses[1][1] },
  language: { 'zh-CN': languageWords['zh-CN'][0], en: languageWords.en[0] },
};
