/**
 * Every number of a rule set by the name people have for it, and how its value is read: 4000 basis points are 40 %. One
 * line a number, in the order of the rule set. `{}` is what stands for the `*` of the path: an indicator, a rating.
 */
import Fraction from 'fraction.js';
import { type Exact, round, unrounded, written } from '../exact.ts';

export type Language = 'zh-CN' | 'en';
type Words = readonly [zh: string, en: string];

/** How a value is written: by a word of measure, or by what it means. */
export type Unit = keyof typeof measures | 'bp' | 'share' | 'rating' | 'yes-no' | 'group' | 'event' | 'plain';

const measures = {
  points: ['{} 分', '{} points'],
  months: ['{} 个月', '{} months'],
  periods: ['{} 个考核期', '{} periods'],
  workdays: ['{} 个工作日', '{} working days'],
  days: ['{} 天', '{} days'],
  hours: ['{} 小时', '{} hours'],
  times: ['{} 次', '{}'],
  shops: ['{} 户', '{} shops'],
  responses: ['{} 份', '{} responses'],
  yuan: ['{} 元', '{} yuan'],
  tier: ['第 {} 档', 'tier {}'],
} as const satisfies Record<string, Words>;

const word = {
  customer: ['客户评价', 'customer score'],
  sales: ['销售指标', 'sales'],
  brand: ['品牌培育', 'brand building'],
  'price-marking': ['明码标价', 'price marking'],
  'e-settlement': ['电子结算', 'e-settlement'],
  knowledge: ['业务知识', 'knowledge'],
  service: ['服务规范', 'service'],
  'daily-work': ['日常工作', 'daily work'],
  'market-visits': ['市场走访', 'market visits'],
  excellent: ['优秀', 'excellent'],
  competent: ['称职', 'competent'],
  'basically-competent': ['基本称职', 'basically competent'],
  'not-competent': ['不称职', 'not competent'],
  unrated: ['未定等', 'unrated'],
  up: ['升档', 'a rise'],
  hold: ['不变', 'no move'],
  frozen: ['冻结', 'frozen'],
  down: ['降档', 'a fall'],
  floor: ['末档不称职', 'a fall with no tier below'],
  selling: ['销售类', 'selling'],
  'price-label-check': ['价签检查', 'price label checks'],
  'market-visit': ['市场走访', 'market visits'],
  'planned-visit': ['计划走访', 'planned visits'],
  request: ['客户诉求', 'requests'],
  'market-report': ['市场报告', 'market reports'],
  training: ['培训', 'training'],
  true: ['是', 'yes'],
  false: ['否', 'no'],
  none: ['无', 'none'],
} as const satisfies Record<string, Words>;

export interface Field {
  readonly names: Words;
  readonly unit: Unit;
}

const field = (zh: string, en: string, unit: Unit = 'plain'): Field => ({ names: [zh, en], unit });

export const sections = {
  combined: ['综合得分', 'Combined score'],
  unit: ['单位评价', 'Unit score'],
  customer: ['客户评价', 'Customer score'],
  rating: ['等级', 'Rating'],
  tiers: ['档位', 'Tiers'],
  ledger: ['兑现', 'Rewards and penalties'],
  training: ['培训', 'Training'],
  roleModels: ['标杆', 'Role models'],
  periods: ['公示与申诉', 'Notice and appeals'],
  evidence: ['指标的依据', 'What indicators are made of'],
  targets: ['目标公式', 'Formulas of targets'],
  sampling: ['抽样', 'Sampling'],
  contact: ['联系', 'Contact'],
  desk: ['人工回访', 'The desk'],
  privacy: ['匿名门槛', 'Anonymity'],
  alarms: ['预警', 'Alarms'],
  general: ['其他', 'Besides'],
} as const satisfies Record<string, Words>;

export type Section = keyof typeof sections;

export const fields: Readonly<Record<string, Field>> = {
  timeZone: field('时区', 'time zone'),
  'combined.customerWeightBp': field('客户评价占综合得分', 'weight of the customer score', 'bp'),
  'combined.unitWeightBp': field('单位评价占综合得分', 'weight of the unit score', 'bp'),
  'combined.maximumIndicatorShareBp': field('单项指标占综合得分的上限', 'most that one indicator may weigh', 'bp'),
  'combined.maximumSellingShareBp': field('销售类指标占综合得分的上限', 'most that selling may weigh', 'bp'),
  'combined.shares.*': field('{}占综合得分', '{} in the combined score', 'bp'),
  'unit.cap': field('单项指标封顶', 'cap of an indicator', 'points'),
  'unit.indicators.*.weightBp': field('{}占单位评价', '{} in the unit score', 'bp'),
  'unit.indicators.*.group': field('{}的类别', 'group of {}', 'group'),
  'unit.maximumMissingShare': field(
    '缺项权重上限（超过则未定等）',
    'weight that may be missing before unrated',
    'share',
  ),
  'customer.points.*': field('总体评分 {} 的得分', 'points of an overall rating of {}', 'points'),
  'customer.priorStrength': field('向全市均值收缩的强度 k', 'strength k of the pull to the city mean'),
  'customer.minimumResponses': field('计分所需有效评价', 'responses a score needs', 'responses'),
  'customer.firmReliability': field('确定所需可靠度', 'reliability that makes a score firm', 'share'),
  'customer.firmCoverage': field('确定所需覆盖率', 'coverage that makes a score firm', 'share'),
  'customer.maximumBadNumberShare': field('错号率上限', 'most bad numbers of a firm score', 'share'),
  'customer.windowMonths': field('可回看的月数', 'months a score may look back on', 'months'),
  'customer.minimumNewResponses': field('更新得分所需新评价', 'new responses that replace a score', 'responses'),
  'rating.cutoffs.*.from': field('{}的最低得分', '{} from', 'points'),
  'rating.excellentGates.minimumCustomer': field('优秀须客户评价达到', 'customer score that excellent needs', 'points'),
  'rating.excellentGates.minimumEachIndicator': field(
    '优秀须各项指标达到',
    'each indicator that excellent needs',
    'points',
  ),
  'rating.excellentGates.firmOnly': field('优秀须客户评价确定', 'excellent needs a firm customer score', 'yes-no'),
  'tiers.start': field('起始档位', 'tier to start in', 'tier'),
  'tiers.upStreak': field('升一档所需连续优秀', 'excellent months in a row that rise', 'months'),
  'tiers.downStreak': field('降一档的连续基本称职或以下', 'months in a row that fall', 'months'),
  'tiers.requirements.*.certificates': field('升入第 {} 档所需证书', 'certificates that tier {} needs'),
  'tiers.requirements.*.exams': field('升入第 {} 档所需考试', 'exams that tier {} needs'),
  'tiers.requirements.*.trainingHours': field('升入第 {} 档所需培训', 'training that tier {} needs', 'hours'),
  'ledger.dueWorkdays': field('最终结果后兑现期限', 'days from the final result to payment', 'workdays'),
  'ledger.rating.*': field('{}的奖惩', 'for {}', 'yuan'),
  'ledger.tier.*': field('第 {} 档的奖惩', 'for tier {}', 'yuan'),
  'ledger.move.*': field('{}的奖惩', 'for {}', 'yuan'),
  'training.followUpDays': field('降档或末档再降后的培训期限', 'days from a fall to the training that follows', 'days'),
  'roleModels.excellentInARow': field('标杆须连续优秀', 'excellent results in a row of a role model', 'times'),
  'roleModels.firm': field('标杆须客户评价确定', 'a role model needs a firm customer score', 'yes-no'),
  'roleModels.noOpenAlarm': field('标杆须无未了预警', 'a role model has no open alarm', 'yes-no'),
  'periods.noticeWorkdays': field('月末后公示期限', 'days from month’s end to the notice', 'workdays'),
  'periods.appealWorkdays': field('申诉期', 'days for appeals', 'workdays'),
  'evidence.*.kinds': field('{}的依据', 'events that make {}', 'event'),
  'evidence.*.required': field('{}每月的要求', 'what {} requires of a month'),
  'targets.*.factors.*.from': field('{}目标：“{}”的起点', 'target of {}: “{}” counts from'),
  'targets.*.factors.*.per': field('{}目标：“{}”每', 'target of {}: for each so much of “{}”'),
  'targets.*.factors.*.change': field('{}目标：“{}”每份的调整', 'target of {}: change for that much of “{}”', 'share'),
  'targets.*.least': field('{}目标的调整下限', 'least factor of the target of {}', 'share'),
  'targets.*.most': field('{}目标的调整上限', 'most factor of the target of {}', 'share'),
  'sampling.z': field('置信系数 z', 'z'),
  'sampling.sigma': field('评分标准差的估计', 'assumed standard deviation', 'points'),
  'sampling.marginOfError': field('允许误差', 'margin of error aimed at', 'points'),
  'sampling.censusUpTo': field('全部回访的户数上限', 'frames asked as a whole, up to', 'shops'),
  'sampling.monthlyShare': field('每月回访比例上限', 'most of a list asked in a month', 'share'),
  'sampling.spotCheckShare': field('每月抽查比例上限', 'most of a list spot-checked in a month', 'share'),
  'sampling.waves': field('每轮批次上限', 'most waves of a round', 'times'),
  'sampling.restPeriods': field('回访后休息', 'rest after being asked', 'periods'),
  'sampling.completionRate.default': field('预计完成率', 'completion rate assumed', 'share'),
  'sampling.completionRate.least': field('完成率估计下限', 'least completion rate reckoned with', 'share'),
  'sampling.completionRate.most': field('完成率估计上限', 'most completion rate reckoned with', 'share'),
  'contact.attempts': field('每户最多拨打', 'most calls to a shop', 'times'),
  'contact.minimumDistinctDays': field('拨打至少分布', 'calls spread over at least', 'days'),
  'contact.minimumHoursBetweenAttempts': field('两次拨打至少间隔', 'least time between two calls', 'hours'),
  'contact.smsAfterAttempt': field('发短信于未接第', 'text after missed call number', 'times'),
  'contact.windows': field('拨打时段', 'calling hours'),
  'contact.holidays': field('节假日日历', 'holidays kept'),
  'desk.silentShare': field('无应答者转人工的比例', 'share of the silent called by people', 'share'),
  'desk.recheckShare': field('完成者人工复核的比例', 'share of the complete asked again', 'share'),
  'privacy.minimumForScore': field('显示得分所需评价', 'responses before a score is shown', 'responses'),
  'privacy.minimumForDistribution': field('显示分布所需评价', 'responses before a distribution is shown', 'responses'),
  'privacy.minimumForComments': field('显示留言所需评价', 'responses before comments are shown', 'responses'),
  'alarms.ewma.lambda': field('EWMA 平滑系数 λ', 'EWMA λ'),
  'alarms.ewma.L': field('EWMA 界限 L', 'EWMA L'),
  'alarms.cusum.k': field('CUSUM 参考值 k', 'CUSUM k'),
  'alarms.cusum.h': field('CUSUM 界限 h', 'CUSUM h'),
  'alarms.field.responseRate': field('应答率 RR2 低于即预警', 'alarm where RR2 is below', 'share'),
  'alarms.field.badNumberShare': field('错号率高于即预警', 'alarm where bad numbers are above', 'share'),
};

const inLanguage = (words: Words, language: Language): string => words[language === 'en' ? 1 : 0];

/** What an indicator, a rating, a move or a kind of event is called; what has no name of ours is called as it is written. */
export const called = (key: string, language: Language): string =>
  Object.hasOwn(word, key) ? inLanguage(word[key as keyof typeof word], language) : key;

export const sectionName = (section: Section, language: Language): string => inLanguage(sections[section], language);

/** A single value, or a list of them. */
export type Value = Exact | string | number | boolean | readonly (Exact | string | number | boolean)[];

/** The name of the number at `pattern`; one that has none yet is called by its path, so that it is never left out. */
export function fieldName(pattern: string, keys: readonly string[], language: Language): string {
  const known = fields[pattern];
  if (!known) return [pattern, ...keys].join(' ');
  return keys.reduce((name, key) => name.replace('{}', called(key, language)), inLanguage(known.names, language));
}

/** A value as people read it; what is not there is 「无」, "none". */
export function fieldValue(pattern: string, value: Value | null, language: Language): string {
  if (value === null) return inLanguage(word.none, language);
  const unit = fields[pattern]?.unit ?? 'plain';
  return [value]
    .flat()
    .map((one) => writtenValue(unit, one, language))
    .join(language === 'en' ? ', ' : '、');
}

function writtenValue(unit: Unit, value: Exact | string | number | boolean, language: Language): string {
  const plain = value instanceof Fraction ? unrounded(value) : String(value);
  switch (unit) {
    case 'bp':
      return percent(new Fraction(plain).div(100));
    case 'share':
      return percent(new Fraction(plain).mul(100));
    case 'rating':
    case 'yes-no':
    case 'group':
    case 'event':
      return called(plain, language);
    case 'plain':
      return plain;
    default:
      return measured(measures[unit], plain, language);
  }
}

/** 1 month, 2 months. */
function measured(measure: Words, plain: string, language: Language): string {
  const said = inLanguage(measure, language).replace('{}', plain);
  return plain === '1' ? said.replace(/s$/, '') : said;
}

/** Exactly where two decimals are enough, else with the fraction it is: `3.33 % (1/30)`. */
const percent = (value: Exact): string =>
  round(value).equals(value) ? `${unrounded(value)} %` : `${written(value)} % (${value.div(100).toFraction()})`;
