import type { Placing, TextReport } from '../ports.ts';

/**
 * What Aliyun's error codes mean to us (help.aliyun.com/document_detail/101346.html). They are words, and are kept as
 * such. `number`: this one, for good. `refused`: he told Aliyun or his network to stop. `settings`: nothing goes out
 * until somebody mends ours. `busy`: too many requests. `unknown`: it may have gone out all the same.
 */
export type Meaning = 'number' | 'refused' | 'settings' | 'busy' | 'later' | 'unknown';

const codes: Readonly<Record<Exclude<Meaning, 'later'>, readonly string[]>> = {
  number: ['isv.MOBILE_NUMBER_ILLEGAL', 'isv.PHONE_NUMBER_ILLEGAL'],
  refused: ['isv.CUSTOMER_REFUSED'],
  settings: [
    ...['isv.OUT_OF_SERVICE', 'isv.AMOUNT_NOT_ENOUGH', 'isv.BILLING_DEDUCTION_ERROR'],
    ...['isv.PRODUCT_UNSUBSCRIBE', 'isv.PRODUCT_UN_SUBSCRIPT', 'isv.ACCOUNT_NOT_EXISTS', 'isv.ACCOUNT_ABNORMAL'],
    ...['isv.SMS_SIGNATURE_ILLEGAL', 'isv.SMS_SIGN_ILLEGAL', 'isv.SIGN_STATE_ILLEGAL', 'isv.SIGN_COUNT_OVER_LIMIT'],
    ...['isv.SMS_SIGNATURE_SCENE_ILLEGAL', 'isv.SMS_TEMPLATE_ILLEGAL', 'isv.TEMPLATE_MISSING_PARAMETERS'],
    ...['isv.TEMPLATE_PARAMS_ILLEGAL', 'isv.SMS_CONTENT_ILLEGAL', 'isv.INVALID_PARAMETERS', 'isv.INVALID_JSON_PARAM'],
    ...['isv.EXTEND_CODE_ERROR', 'isv.DAY_LIMIT_CONTROL', 'isv.MONTH_LIMIT_CONTROL', 'isv.DENY_IP_RANGE'],
    ...['isp.RAM_PERMISSION_DENY', 'SignatureDoesNotMatch', 'IncompleteSignature', 'InvalidTimeStamp.Expired'],
    ...['InvalidAccessKeyId.NotFound', 'InvalidAccessKeyId.Inactive', 'InvalidAccessKeyId', 'Forbidden.RAM'],
    ...['Forbidden.AccessKeyDisabled', 'NoPermission', 'InvalidVersion', 'InvalidAction.NotFound'],
  ],
  busy: ['Throttling', 'Throttling.User', 'Throttling.Api', 'ServiceUnavailable', 'isp.THROTTLING_ERROR'],
  unknown: ['isp.SYSTEM_ERROR', 'isp.UNKNOWN', 'isp.GATEWAY_ERROR', 'InternalError', 'SDK.ServerUnreachable'],
};

const byCode = new Map(
  Object.entries(codes).flatMap(([meaning, list]) => list.map((code) => [code, meaning as Meaning])),
);

/** Throttling comes under many names; any other code nobody has listed concerns this one text. */
export const meaningOf = (code: string): Meaning =>
  byCode.get(code) ?? (code.startsWith('Throttling') ? 'busy' : 'later');

const placings: Readonly<Record<Exclude<Meaning, 'unknown'>, Omit<Extract<Placing, { kind: 'refused' }>, 'kind'>>> = {
  number: { result: 'bad-number', errorCode: null },
  refused: { result: 'blocked', errorCode: null, optedOut: true },
  settings: { result: 'technical', errorCode: null, trouble: 'settings' },
  busy: { result: 'technical', errorCode: null, trouble: 'busy' },
  later: { result: 'technical', errorCode: null },
};

/** What became of asking, by the code Aliyun answered. */
export function refusal(code: string): Placing {
  const meaning = meaningOf(code);
  if (meaning === 'unknown') return { kind: 'unknown', reason: code };
  return { kind: 'refused', ...placings[meaning], errorName: code };
}

/**
 * Codes of a report that speak of the number or its owner; carriers have hundreds of others. One that is out of service
 * may have an unpaid bill and be back tomorrow, so that is nothing against it.
 */
const reported: Readonly<Record<string, 'bad-number' | 'blocked'>> = {
  MOBILE_ILLEGAL: 'bad-number',
  INVALID_NUMBER: 'bad-number',
  EMPTY_NUMBER: 'bad-number',
  MOBILE_IN_BLACK: 'blocked',
  IN_BLACK: 'blocked',
  CUSTOMER_REFUSED: 'blocked',
};

/** Of these the one that he said himself; whom a network keeps in its list of the bothered may never have asked for it. */
const saidByHim = 'CUSTOMER_REFUSED';

export const failedReport = (errorCode: string): TextReport => ({
  ...{ state: 'failed', result: reported[errorCode] ?? 'technical', errorCode: null, errorName: errorCode },
  ...(errorCode === saidByHim && { optedOut: true }),
});
