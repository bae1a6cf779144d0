import { type Language, languages } from '../questionnaire/questionnaire.ts';
import { readId, readManager, readName, readOneOf, readPhoneOrNone, unique } from './cells.ts';
import { Faults } from './faults.ts';
import type { PhoneNumber } from './phone.ts';
import { openSheet, readLines, rowsOf } from './table.ts';

/** A line of the retailers' file. */
export interface RetailerRow {
  readonly row: number;
  /** The licence number. */
  readonly id: string;
  readonly name: string;
  /** The employee number of who looks after the shop. */
  readonly manager: string;
  readonly phone: PhoneNumber | null;
  readonly stratum: Stratum;
  /** null where the file does not say: then it stays as it is, `active` at first. */
  readonly status: Status | null;
  /** null where the file does not say: then it stays as it is, `zh-CN` at first. */
  readonly language: Language | null;
  /** Asked not to be called. A file can only add to the opt-out ledger, so `false` says nothing. */
  readonly optedOut: boolean;
}

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
        'telephone',
        'mobile',
        'phone number',
      ],
      read: readPhoneOrNone,
    },
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
    optedOut: {
      names: ['拒访', 'opted out', '免扰', '拒绝回访', 'opt out', 'do not call'],
      absent: { value: false },
      read: readOneOf<boolean>(answers, false),
    },
  }) as const;

/**
 * @param managers those we have, so that an unknown one is a fault; null where that is not to be checked.
 * @throws BadInput with every fault.
 */
export function parseRetailers(text: string, managers: ReadonlySet<string> | null = null): RetailerRow[] {
  const faults = new Faults();
  return rowsOf(readLines(openSheet(text, faults), columns(managers), faults), faults);
}
