import { DateTime } from 'luxon';

/** The day that `at` lies in, as a text that sorts: `2027-01-22`. */
export const dayIn = (at: Date, timeZone: string): string =>
  DateTime.fromJSDate(at, { zone: timeZone }).toFormat('yyyy-MM-dd');
