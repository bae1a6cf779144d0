/**
 * Twilio's error codes as far as this carrier gives them, with the HTTP status and the sentence of each.
 * https://www.twilio.com/docs/api/errors
 */

interface FaultText {
  readonly status: number;
  readonly message: string;
}

const FAULTS = {
  20001: { status: 400, message: 'Invalid parameter' },
  20003: { status: 401, message: 'Authenticate' },
  20004: { status: 405, message: 'Method not allowed' },
  20404: { status: 404, message: 'The requested resource was not found' },
  20429: { status: 429, message: 'Too Many Requests' },
  20500: { status: 500, message: 'Internal Server Error' },
  20503: { status: 503, message: 'Service unavailable' },
  21201: { status: 400, message: "No 'To' number is specified" },
  21205: { status: 400, message: 'Url parameter is required and must be a valid URL' },
  21208: { status: 400, message: 'Invalid Timeout value' },
  21209: { status: 400, message: 'Method is not valid' },
  21210: { status: 400, message: "'From' phone number not verified" },
  21211: { status: 400, message: "Invalid 'To' Phone Number" },
  21212: { status: 400, message: "Invalid 'From' Phone Number" },
  21213: { status: 400, message: "'From' phone number is required" },
  21214: { status: 400, message: "'To' phone number cannot be reached" },
  21215: { status: 400, message: 'Account not authorized to call this region' },
  21216: { status: 400, message: 'Account not allowed to call this number' },
  21217: { status: 400, message: 'Phone number does not appear to be valid' },
  21220: { status: 400, message: 'Unable to update record. Call is not in-progress. Cannot redirect.' },
  21408: { status: 400, message: 'Permission to send an SMS has not been enabled for this region' },
  21602: { status: 400, message: 'Message body is required' },
  21603: { status: 400, message: "A 'From' phone number or Messaging Service is required" },
  21604: { status: 400, message: "A 'To' phone number is required" },
  21606: { status: 400, message: "The 'From' phone number is not a valid message-capable number" },
  21609: { status: 400, message: "Invalid 'StatusCallback' url" },
  21610: { status: 400, message: 'Attempt to send to unsubscribed recipient' },
  21612: { status: 400, message: "The 'To' phone number is not currently reachable" },
  21614: { status: 400, message: "'To' number is not a valid mobile number" },
  21617: { status: 400, message: 'The concatenated message body exceeds the 1600 character limit' },
  21626: { status: 400, message: 'Invalid StatusCallbackEvent' },
} as const satisfies Record<number, FaultText>;

export type FaultCode = keyof typeof FAULTS;

/** A request that Twilio would have refused. Becomes the error body at the HTTP edge. */
export class Rejected extends Error {
  readonly code: FaultCode;
  readonly status: number;

  /** @param detail what exactly is wrong, added to the sentence */
  constructor(code: FaultCode, detail?: string) {
    super(detail ? `${FAULTS[code].message}: ${detail}` : FAULTS[code].message);
    this.name = 'Rejected';
    this.code = code;
    this.status = FAULTS[code].status;
  }

  body(): { code: number; message: string; more_info: string; status: number } {
    return {
      code: this.code,
      message: this.message,
      more_info: `https://www.twilio.com/docs/errors/${this.code}`,
      status: this.status,
    };
  }
}

/** Why a text did not arrive; what Twilio writes beside the code. */
export const DELIVERY_FAULTS: Readonly<Record<number, string>> = {
  30003: 'Unreachable destination handset',
  30005: 'Unknown destination handset',
  30006: 'Landline or unreachable carrier',
  30008: 'Unknown error',
};

/** Numbers that always fail, as Twilio's own test credentials have them. https://www.twilio.com/docs/iam/test-credentials */
export const MAGIC_NUMBERS: Readonly<
  Record<'callTo' | 'callFrom' | 'textTo' | 'textFrom', Readonly<Record<string, FaultCode>>>
> = {
  callTo: {
    '+15005550001': 21217,
    '+15005550002': 21214,
    '+15005550003': 21215,
    '+15005550004': 21216,
  },
  callFrom: { '+15005550001': 21212, '+15005550007': 21210 },
  textTo: {
    '+15005550001': 21211,
    '+15005550002': 21612,
    '+15005550003': 21408,
    '+15005550004': 21610,
    '+15005550009': 21614,
  },
  textFrom: { '+15005550001': 21212, '+15005550007': 21606 },
};
