import { alarmOperations } from './alarm-operations.ts';
import { carrierOperations } from './carrier-operations.ts';
import { deskOperations } from './desk-operations.ts';
import { drawOperations } from './draw-operations.ts';
import { indicatorOperations } from './indicator-operations.ts';
import { ledgerOperations } from './ledger-operations.ts';
import { messageOperations } from './message-operations.ts';
import type { Operation } from './operation.ts';
import { periodOperations } from './period-operations.ts';
import { promptOperations } from './prompt-operations.ts';
import { qualityOperations } from './quality-operations.ts';
import { questionnaireOperations } from './questionnaire-operations.ts';
import { resultOperations } from './result-operations.ts';
import { rewardOperations } from './reward-operations.ts';
import { roleModelOperations } from './role-model-operations.ts';
import { rosterOperations } from './roster-operations.ts';
import { roundOperations } from './round-operations.ts';
import { ruleSetOperations } from './rule-set-operations.ts';
import { scheduleOperations } from './schedule-operations.ts';
import { spotCheckOperations } from './spot-check-operations.ts';
import { textOperations } from './text-operations.ts';
import { trainingOperations } from './training-operations.ts';
import { userOperations } from './user-operations.ts';
import { visitOperations } from './visit-operations.ts';
import { webhookOperations } from './webhook-operations.ts';

/** Every operation of the API. What is not here is not served. */
export const operations: readonly Operation[] = [
  ...roundOperations,
  ...scheduleOperations,
  ...drawOperations,
  ...spotCheckOperations,
  ...messageOperations,
  ...rosterOperations,
  ...questionnaireOperations,
  ...ruleSetOperations,
  ...promptOperations,
  ...textOperations,
  ...deskOperations,
  ...qualityOperations,
  ...periodOperations,
  ...visitOperations,
  ...indicatorOperations,
  ...alarmOperations,
  ...carrierOperations,
  ...userOperations,
  ...resultOperations,
  ...roleModelOperations,
  ...ledgerOperations,
  ...rewardOperations,
  ...trainingOperations,
  ...webhookOperations,
];
