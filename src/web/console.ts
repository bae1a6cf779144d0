import type { Request, Response } from 'express';
import { acknowledge, showAlarm, showAlarms } from './alarms/alarms-page.ts';
import { judgeAppeal, showAppeal, showAppeals } from './appeals/appeals-page.ts';
import { showCorrectionForm, showCorrections, takeCorrection } from './appeals/correction-page.ts';
import {
  confirmWithdrawal,
  showAppealForm,
  showOwnAppeals,
  takeAppeal,
  takeBackAppeal,
} from './appeals/own-appeals-page.ts';
import { downloadInput, downloadPublication, showBoard } from './board/board-page.ts';
import { letGoOn, showCarriers } from './carriers/carriers-page.ts';
import { actOnFollowUp, keepOwnPhone, showDesk, showFollowUp, showFollowUps, takeNextTask } from './desk/desk-page.ts';
import { actOnTask, showTask } from './desk/task-page.ts';
import { commit, downloadAuditors, downloadPublic, enterValue, handIn, showDraw } from './draw/draw-page.ts';
import { addEvent, confirmTakingBack, showManagerEvents, takeBack } from './indicators/events-page.ts';
import { showIndicators } from './indicators/indicators-page.ts';
import {
  confirmMonth,
  confirmReversal,
  downloadPayroll,
  honourLine,
  honourMonth,
  showLedger,
  showLine,
  takeLineBack,
} from './ledger/ledger-page.ts';
import {
  approve,
  keepBudget,
  refuse,
  showReward,
  showRewardForm,
  showRewards,
  takeReward,
  withdraw,
} from './ledger/rewards-page.ts';
import type { Web } from './page.ts';
import { showLetter, showLetters } from './paper/letters-page.ts';
import { showNotice } from './paper/notice-page.ts';
import {
  confirmPromptRemoval,
  hearPrompt,
  listPrompts,
  removePrompt,
  showPrompt,
  takeRecording,
} from './prompts/prompts-page.ts';
import { judge, showReviews } from './quality/reviews-page.ts';
import { addNumber, removeNumber, showStaffPhones } from './quality/staff-page.ts';
import { showComparison, showQuestionnaire } from './questionnaires/version-page.ts';
import {
  confirmPublication,
  downloadQuestionnaire,
  listQuestionnaires,
  publishQuestionnaire,
  takeDraftFile,
} from './questionnaires/versions-page.ts';
import { showRoleModels } from './role-models/role-models-page.ts';
import type { Permission } from './roles.ts';
import { showCompleteness } from './roster/completeness-page.ts';
import { confirmOwnList, showOwnList } from './roster/own-list-page.ts';
import { exportFile, showRoster } from './roster/roster-page.ts';
import { applyUpload, downloadFaults, showUpload, takeFile } from './roster/upload-page.ts';
import { applyChange, confirmChange } from './round/change-page.ts';
import { confirmLaunch, launch } from './round/launch-page.ts';
import { hearVoiceMessage, listVoiceMessages } from './round/messages-page.ts';
import { showProgress, showRound, showToday } from './round/round-page.ts';
import { listRounds } from './round/rounds-page.ts';
import { addSchedule, listScheduled, stopSchedule } from './round/schedules-page.ts';
import { askForSpotCheck, listSpotChecks, takeBackSpotCheck } from './round/spot-checks-page.ts';
import {
  confirmDiscard,
  confirmRulesPublication,
  discard,
  publishRules,
  showRuleDraft,
  showWhatIf,
} from './rules/draft-page.ts';
import { listRules, takeRuleDraftFile } from './rules/rules-page.ts';
import {
  acknowledgeVersion,
  compareVersions,
  downloadVersion,
  listSignatures,
  showVersion,
} from './rules/version-page.ts';
import { showScore } from './score/score-page.ts';
import type { Viewer } from './sessions.ts';
import { confirmAnnouncement, listTexts, sendAnnouncement } from './texts/texts-page.ts';
import { addTraining, confirmTrainingBack, followUp, showTraining, takeRecordBack } from './training/training-page.ts';
import { confirmRevoke, keepUser, listUsers, makeUser, revoke, showFreshLink, showUser } from './users/users-page.ts';
import { listCards, printCards } from './visits/cards-page.ts';
import { endVisit, listOwnVisits, showVisit } from './visits/own-visits-page.ts';
import { askForVisits, changeVisit, showChange, showPlan } from './visits/plan-page.ts';

/** One request of somebody who may make it. */
export interface Visit {
  readonly web: Web;
  readonly request: Request;
  readonly response: Response;
  readonly viewer: Viewer;
  /** The only district whose managers may be shown; null = all of them. */
  readonly districtId: string | null;
}

export interface Route {
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly permission: Permission;
  readonly show: (visit: Visit) => Promise<void> | void;
}

/** Every page behind the gate, with what it takes to see it. */
export const consoleRoutes: readonly Route[] = [
  { method: 'get', path: '/', permission: 'board.read', show: showToday },
  { method: 'get', path: '/rounds', permission: 'rounds.list', show: (visit) => listRounds(visit) },
  { method: 'get', path: '/rounds/launch', permission: 'round.launch', show: confirmLaunch },
  { method: 'post', path: '/rounds', permission: 'round.launch', show: launch },
  {
    ...{ method: 'get', path: '/rounds/schedules', permission: 'round.launch' },
    show: (visit) => listScheduled(visit),
  },
  { method: 'post', path: '/rounds/schedules', permission: 'round.launch', show: addSchedule },
  { method: 'post', path: '/rounds/schedules/:schedule/end', permission: 'round.launch', show: stopSchedule },
  {
    ...{ method: 'get', path: '/rounds/:round/change/:change', permission: 'round.change' },
    show: (visit) => confirmChange(visit),
  },
  { method: 'post', path: '/rounds/:round/change/:change', permission: 'round.change', show: applyChange },
  { method: 'get', path: '/rounds/:round', permission: 'round.read', show: showRound },
  { method: 'get', path: '/rounds/:round/progress', permission: 'round.read', show: showProgress },
  { method: 'get', path: '/questionnaires', permission: 'questionnaire.write', show: listQuestionnaires },
  { method: 'post', path: '/questionnaires/drafts', permission: 'questionnaire.write', show: takeDraftFile },
  ...(
    [
      { method: 'get', path: '', show: showQuestionnaire },
      { method: 'get', path: '/comparison', show: showComparison },
      { method: 'get', path: '/document.json', show: downloadQuestionnaire },
      { method: 'get', path: '/publication', show: confirmPublication },
      { method: 'post', path: '/publication', show: publishQuestionnaire },
    ] as const
  ).map(({ path, ...route }) => ({
    ...route,
    path: `/questionnaires/:version${path}`,
    permission: 'questionnaire.write' as const,
  })),
  { method: 'get', path: '/rules', permission: 'rules.read', show: (visit) => listRules(visit) },
  { method: 'post', path: '/rules/drafts', permission: 'rules.write', show: takeRuleDraftFile },
  ...(
    [
      { method: 'get', path: '', show: showRuleDraft },
      { method: 'get', path: '/publication', show: confirmRulesPublication },
      { method: 'post', path: '/publication', show: publishRules },
      { method: 'get', path: '/discard', show: confirmDiscard },
      { method: 'post', path: '/discard', show: discard },
      { method: 'get', path: '/what-if', show: showWhatIf },
    ] as const
  ).map(({ path, ...route }) => ({
    ...route,
    path: `/rules/drafts/:draft${path}`,
    permission: 'rules.write' as const,
  })),
  ...(
    [
      { method: 'get', path: '', permission: 'rules.read', show: showVersion },
      { method: 'get', path: '/comparison', permission: 'rules.read', show: compareVersions },
      { method: 'get', path: '/document.json', permission: 'rules.read', show: downloadVersion },
      { method: 'get', path: '/acknowledgements', permission: 'rules.signatures', show: listSignatures },
      { method: 'post', path: '/acknowledgement', permission: 'rules.acknowledge', show: acknowledgeVersion },
    ] as const
  ).map(({ path, ...route }) => ({ ...route, path: `/rules/versions/:version${path}` })),
  { method: 'post', path: '/prompts/recordings', permission: 'questionnaire.write', show: takeRecording },
  ...(
    [
      { method: 'get', path: '', show: listPrompts },
      { method: 'get', path: '/:piece', show: showPrompt },
      { method: 'get', path: '/:piece/:reading.wav', show: hearPrompt },
      { method: 'get', path: '/:piece/:reading/removal', show: confirmPromptRemoval },
      { method: 'post', path: '/:piece/:reading/removal', show: removePrompt },
    ] as const
  ).map(({ path, ...route }) => ({
    ...route,
    path: `/prompts/:language${path}`,
    permission: 'questionnaire.write' as const,
  })),
  { method: 'get', path: '/alarms', permission: 'alarm.see', show: showAlarms },
  { method: 'get', path: '/alarms/:alarm', permission: 'alarm.see', show: showAlarm },
  { method: 'post', path: '/alarms/:alarm/acknowledge', permission: 'alarm.see', show: acknowledge },
  { method: 'get', path: '/texts/announcement', permission: 'texts.announce', show: confirmAnnouncement },
  { method: 'post', path: '/texts/announcement', permission: 'texts.announce', show: sendAnnouncement },
  { method: 'get', path: '/texts/:language', permission: 'texts.announce', show: listTexts },
  { method: 'get', path: '/roster', permission: 'roster.write', show: showRoster },
  { method: 'post', path: '/roster/uploads', permission: 'roster.write', show: takeFile },
  { method: 'get', path: '/roster/uploads/:upload', permission: 'roster.write', show: showUpload },
  { method: 'get', path: '/roster/uploads/:upload/faults.csv', permission: 'roster.write', show: downloadFaults },
  { method: 'post', path: '/roster/uploads/:upload/import', permission: 'roster.write', show: applyUpload },
  { method: 'post', path: '/roster/export', permission: 'roster.write', show: exportFile },
  { method: 'get', path: '/roster/completeness', permission: 'completeness.read', show: showCompleteness },
  { method: 'get', path: '/roster/mine', permission: 'list.confirm', show: (visit) => showOwnList(visit) },
  { method: 'post', path: '/roster/mine', permission: 'list.confirm', show: confirmOwnList },
  { method: 'get', path: '/indicators', permission: 'indicator.read', show: (visit) => showIndicators(visit) },
  { method: 'post', path: '/indicators/events', permission: 'indicator.write', show: addEvent },
  ...(
    [
      { method: 'get', show: (visit: Visit) => confirmTakingBack(visit) },
      { method: 'post', show: takeBack },
    ] as const
  ).map((route) => ({
    ...route,
    path: '/indicators/events/:event/take-back',
    permission: 'indicator.write' as const,
  })),
  { method: 'get', path: '/indicators/:period', permission: 'indicator.read', show: (visit) => showIndicators(visit) },
  {
    ...{ method: 'get', path: '/indicators/:period/:manager', permission: 'indicator.read' },
    show: (visit) => showManagerEvents(visit),
  },
  { method: 'get', path: '/visits', permission: 'visit.make', show: (visit) => listOwnVisits(visit) },
  { method: 'get', path: '/visits/plan', permission: 'visit.ask', show: (visit) => showPlan(visit) },
  { method: 'post', path: '/visits/plan', permission: 'visit.ask', show: askForVisits },
  { method: 'get', path: '/visits/cards', permission: 'visit.ask', show: (visit) => listCards(visit) },
  { method: 'get', path: '/visits/cards/:manager', permission: 'visit.ask', show: (visit) => printCards(visit) },
  { method: 'get', path: '/visits/:visit/change', permission: 'visit.ask', show: (visit) => showChange(visit) },
  { method: 'post', path: '/visits/:visit/change', permission: 'visit.ask', show: changeVisit },
  { method: 'get', path: '/visits/:visit', permission: 'visit.make', show: (visit) => showVisit(visit) },
  { method: 'post', path: '/visits/:visit', permission: 'visit.make', show: endVisit },
  { method: 'get', path: '/rounds/:round/spot-checks', permission: 'spot-check.ask', show: listSpotChecks },
  { method: 'post', path: '/rounds/:round/spot-checks', permission: 'spot-check.ask', show: askForSpotCheck },
  {
    ...{ method: 'post', path: '/rounds/:round/spot-checks/:check/cancel' },
    ...{ permission: 'spot-check.ask', show: takeBackSpotCheck },
  },
  { method: 'get', path: '/rounds/:round/messages', permission: 'messages.listen', show: listVoiceMessages },
  {
    method: 'get',
    path: '/rounds/:round/messages/:message.wav',
    permission: 'messages.listen',
    show: hearVoiceMessage,
  },
  { method: 'get', path: '/draws/:round', permission: 'draw.read', show: showDraw },
  { method: 'post', path: '/draws/:round/commit', permission: 'draw.read', show: commit },
  { method: 'post', path: '/draws/:round/hand-in', permission: 'draw.read', show: handIn },
  { method: 'post', path: '/draws/:round/public-value', permission: 'round.launch', show: enterValue },
  { method: 'get', path: '/draws/:round/public.json', permission: 'draw.read', show: downloadPublic },
  { method: 'get', path: '/draws/:round/draw.json', permission: 'draw.audit', show: downloadAuditors },
  { method: 'get', path: '/staff-phones', permission: 'roster.write', show: showStaffPhones },
  { method: 'post', path: '/staff-phones', permission: 'roster.write', show: addNumber },
  { method: 'post', path: '/staff-phones/:phone/remove', permission: 'roster.write', show: removeNumber },
  { method: 'get', path: '/carriers', permission: 'carriers.mend', show: showCarriers },
  { method: 'post', path: '/carriers/incidents/:incident/close', permission: 'carriers.mend', show: letGoOn },
  { method: 'get', path: '/reviews', permission: 'review.give', show: showReviews },
  { method: 'post', path: '/reviews/:flag/verdict', permission: 'review.give', show: judge },
  { method: 'get', path: '/periods/:period/notice', permission: 'board.read', show: showNotice },
  { method: 'get', path: '/periods/:period/letters', permission: 'letters.print', show: showLetters },
  { method: 'get', path: '/periods/:period/letters/:manager', permission: 'letter.read', show: showLetter },
  { method: 'get', path: '/score', permission: 'score.own', show: showScore },
  { method: 'get', path: '/score/:period', permission: 'score.own', show: showScore },
  { method: 'get', path: '/appeals/mine', permission: 'appeal.file', show: showOwnAppeals },
  { method: 'get', path: '/appeals/mine/:period/:kind', permission: 'appeal.file', show: showAppealForm },
  { method: 'post', path: '/appeals/mine/:period/:kind', permission: 'appeal.file', show: takeAppeal },
  { method: 'get', path: '/appeals/:appeal/withdrawal', permission: 'appeal.file', show: confirmWithdrawal },
  { method: 'post', path: '/appeals/:appeal/withdrawal', permission: 'appeal.file', show: takeBackAppeal },
  { method: 'get', path: '/corrections/:period', permission: 'result.correct', show: showCorrections },
  { method: 'get', path: '/corrections/:period/:kind', permission: 'result.correct', show: showCorrectionForm },
  { method: 'post', path: '/corrections/:period/:kind', permission: 'result.correct', show: takeCorrection },
  { method: 'get', path: '/appeals', permission: 'appeal.read', show: showAppeals },
  { method: 'get', path: '/appeals/:appeal', permission: 'appeal.read', show: showAppeal },
  { method: 'post', path: '/appeals/:appeal/verdict', permission: 'appeal.judge', show: judgeAppeal },
  { method: 'get', path: '/desk', permission: 'desk.read', show: showDesk },
  { method: 'post', path: '/desk/phone', permission: 'desk.work', show: keepOwnPhone },
  { method: 'post', path: '/desk/next', permission: 'desk.work', show: takeNextTask },
  { method: 'get', path: '/desk/tasks/:task', permission: 'desk.work', show: showTask },
  { method: 'post', path: '/desk/tasks/:task/:act', permission: 'desk.work', show: actOnTask },
  { method: 'get', path: '/desk/follow-ups', permission: 'desk.read', show: showFollowUps },
  { method: 'get', path: '/desk/follow-ups/:wish', permission: 'desk.work', show: showFollowUp },
  { method: 'post', path: '/desk/follow-ups/:wish/:act', permission: 'desk.work', show: actOnFollowUp },
  { method: 'get', path: '/users', permission: 'users.write', show: listUsers },
  { method: 'post', path: '/users', permission: 'users.write', show: makeUser },
  { method: 'get', path: '/users/:user', permission: 'users.write', show: showUser },
  { method: 'post', path: '/users/:user', permission: 'users.write', show: keepUser },
  { method: 'post', path: '/users/:user/link', permission: 'users.write', show: showFreshLink },
  { method: 'get', path: '/users/:user/revoke', permission: 'users.write', show: confirmRevoke },
  { method: 'post', path: '/users/:user/revoke', permission: 'users.write', show: revoke },
  { method: 'get', path: '/ledger', permission: 'ledger.see', show: showLedger },
  { method: 'get', path: '/ledger/lines/:line', permission: 'ledger.see', show: showLine },
  ...(
    [
      { method: 'get', path: '/:period/payroll.csv', show: downloadPayroll('csv') },
      { method: 'get', path: '/:period/payroll.xlsx', show: downloadPayroll('xlsx') },
      { method: 'get', path: '/:period/settlement', show: confirmMonth },
      { method: 'post', path: '/:period/settlement', show: honourMonth },
      { method: 'post', path: '/lines/:line/settlement', show: honourLine },
      { method: 'get', path: '/lines/:line/reversal', show: confirmReversal },
      { method: 'post', path: '/lines/:line/reversal', show: takeLineBack },
    ] as const
  ).map(({ path, ...route }) => ({ ...route, path: `/ledger${path}`, permission: 'ledger.keep' as const })),
  { method: 'get', path: '/rewards', permission: 'reward.see', show: showRewards },
  { method: 'post', path: '/rewards/budgets', permission: 'reward.decide', show: keepBudget },
  { method: 'get', path: '/rewards/new', permission: 'reward.propose', show: showRewardForm },
  { method: 'post', path: '/rewards/new', permission: 'reward.propose', show: takeReward },
  { method: 'get', path: '/rewards/:reward', permission: 'reward.see', show: showReward },
  { method: 'post', path: '/rewards/:reward/approval', permission: 'reward.decide', show: approve },
  { method: 'post', path: '/rewards/:reward/refusal', permission: 'reward.decide', show: refuse },
  { method: 'post', path: '/rewards/:reward/withdrawal', permission: 'reward.propose', show: withdraw },
  { method: 'get', path: '/training', permission: 'training.see', show: showTraining },
  { method: 'post', path: '/training', permission: 'training.write', show: addTraining },
  { method: 'post', path: '/training/follow-ups/:duty', permission: 'training.follow-up', show: followUp },
  {
    ...{ method: 'get', path: '/training/:record/take-back', permission: 'training.write' },
    show: (visit) => confirmTrainingBack(visit),
  },
  { method: 'post', path: '/training/:record/take-back', permission: 'training.write', show: takeRecordBack },
  { method: 'get', path: '/role-models', permission: 'board.read', show: showRoleModels },
  { method: 'get', path: '/board', permission: 'board.read', show: showBoard },
  { method: 'get', path: '/board/:period', permission: 'board.read', show: showBoard },
  { method: 'get', path: '/board/:period/publication.json', permission: 'board.read', show: downloadPublication },
  { method: 'get', path: '/board/:period/score-input.json', permission: 'board.read', show: downloadInput },
];
