/**
 * Who may do what. Closed by default: every page and action names what it takes (app.ts), and a role has only what
 * stands in its row.
 */
export const roles = ['admin', 'supervisor', 'desk', 'manager', 'auditor'] as const;
export type Role = (typeof roles)[number];

/**
 * `desk.read`: how much people have to call, and the wishes of shops. `desk.work`: calling, one shop at a time.
 *
 * `alarm.see`: alarms, their charts, and saying what is done about them.
 *
 * `letter.read`: a manager's own score letter. `letters.print`: everybody's.
 *
 * `appeal.read`, `appeal.judge`: of whoever is not of the reader's district (src/scoring/appeals), and nobody's own.
 *
 * `indicator.read`: unit indicators of a month with their events, and who has not handed in.
 *
 * `ledger.keep`: saying that a promise was honoured, taking one back, the payroll file. `reward.decide`: budgets too.
 *
 * `visit.ask`: having shops visited, and their cards printed. `visit.make`: visiting those that one was given.
 *
 * `draw.read`: what is public of a draw, and a holder's own part in it. `draw.audit`: the bundle with retailers' ids.
 * `messages.listen`: what people said on the telephone.
 */
export type Permission =
  | 'board.read'
  | 'round.read'
  | 'rounds.list'
  | 'round.launch'
  | 'round.change'
  | 'questionnaire.write'
  | 'rules.read'
  | 'rules.write'
  | 'rules.acknowledge'
  | 'rules.signatures'
  | 'texts.announce'
  | 'roster.write'
  | 'completeness.read'
  | 'list.confirm'
  | 'score.own'
  | 'letter.read'
  | 'letters.print'
  | 'appeal.file'
  | 'appeal.read'
  | 'appeal.judge'
  | 'result.correct'
  | 'ledger.see'
  | 'ledger.keep'
  | 'reward.see'
  | 'reward.propose'
  | 'reward.decide'
  | 'training.see'
  | 'training.write'
  | 'training.follow-up'
  | 'spot-check.ask'
  | 'review.give'
  | 'alarm.see'
  | 'visit.ask'
  | 'visit.make'
  | 'indicator.read'
  | 'indicator.write'
  | 'draw.read'
  | 'draw.audit'
  | 'messages.listen'
  | 'carriers.mend'
  | 'users.write'
  | 'desk.read'
  | 'desk.work';

/** `own-district` sees of a round what belongs to its own district's managers, and nothing of the others. */
type Reach = 'everything' | 'own-district';

const table: Readonly<Record<Role, Partial<Record<Permission, Reach>>>> = {
  admin: {
    'board.read': 'everything',
    'round.read': 'everything',
    'rounds.list': 'everything',
    'round.launch': 'everything',
    'round.change': 'everything',
    'questionnaire.write': 'everything',
    'rules.read': 'everything',
    'rules.write': 'everything',
    'rules.signatures': 'everything',
    'texts.announce': 'everything',
    // Nobody else: whoever is rated must not touch the numbers that are called (method §2).
    'roster.write': 'everything',
    'completeness.read': 'everything',
    'spot-check.ask': 'everything',
    'review.give': 'everything',
    'letter.read': 'everything',
    'letters.print': 'everything',
    'appeal.read': 'everything',
    'appeal.judge': 'everything',
    'result.correct': 'everything',
    'ledger.see': 'everything',
    'ledger.keep': 'everything',
    'reward.see': 'everything',
    'reward.decide': 'everything',
    'training.see': 'everything',
    'training.write': 'everything',
    'training.follow-up': 'everything',
    'alarm.see': 'everything',
    'visit.ask': 'everything',
    'visit.make': 'everything',
    'indicator.read': 'everything',
    'indicator.write': 'everything',
    'draw.read': 'everything',
    'draw.audit': 'everything',
    'messages.listen': 'everything',
    'carriers.mend': 'everything',
    'users.write': 'everything',
    'desk.read': 'everything',
  },
  supervisor: {
    'board.read': 'everything',
    'rules.read': 'everything',
    'rules.signatures': 'own-district',
    'round.read': 'own-district',
    'completeness.read': 'own-district',
    'spot-check.ask': 'own-district',
    // Every district but his own.
    'appeal.read': 'everything',
    'appeal.judge': 'everything',
    'ledger.see': 'own-district',
    'reward.see': 'own-district',
    'reward.propose': 'own-district',
    'training.see': 'own-district',
    'training.follow-up': 'own-district',
    'alarm.see': 'own-district',
    'visit.ask': 'own-district',
    // Only what he was given, which is of other districts.
    'visit.make': 'everything',
    'indicator.read': 'own-district',
    'draw.read': 'everything',
  },
  // Which districts he calls is the queue's business: all but his own.
  desk: {
    'rules.read': 'everything',
    'board.read': 'everything',
    'draw.read': 'everything',
    'desk.read': 'everything',
    'desk.work': 'everything',
    'visit.make': 'everything',
  },
  // Never live figures: a manager sees what is published, when it is (method §7).
  manager: {
    'board.read': 'everything',
    'rules.read': 'everything',
    'rules.acknowledge': 'everything',
    'list.confirm': 'everything',
    'score.own': 'everything',
    'letter.read': 'everything',
    'appeal.file': 'everything',
    // His own lines alone (own-manager.ts).
    'ledger.see': 'everything',
    'training.see': 'everything',
    'draw.read': 'everything',
  },
  auditor: {
    'board.read': 'everything',
    'rules.read': 'everything',
    'rules.signatures': 'everything',
    'round.read': 'everything',
    'completeness.read': 'everything',
    'review.give': 'everything',
    'indicator.read': 'everything',
    'letter.read': 'everything',
    'letters.print': 'everything',
    'appeal.read': 'everything',
    'ledger.see': 'everything',
    'reward.see': 'everything',
    'training.see': 'everything',
    'draw.read': 'everything',
    'draw.audit': 'everything',
    'messages.listen': 'everything',
  },
};

export const may = (role: Role, what: Permission): Reach | null => table[role][what] ?? null;
