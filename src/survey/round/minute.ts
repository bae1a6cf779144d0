import { DateTime, IANAZone } from 'luxon';
import type { Fault } from '../../platform/errors.ts';

/** A minute as somebody writes it: `2027-01-04T09:30` on the clocks of a time zone. */
export interface WrittenMinute {
  readonly local: string;
  readonly timeZone: string;
}

/** The moment meant, or what is wrong with it. A minute that comes twice when clocks go back is the first of the two. */
export function readMinute({ local, timeZone }: WrittenMinute): Date | Fault {
  if (!IANAZone.isValidZone(timeZone))
    return {
      where: 'timeZone',
      message: `没有时区 ${JSON.stringify(timeZone)}，请写成 Asia/Shanghai 这样 · is no time zone; write it like Asia/Shanghai`,
    };
  const read = DateTime.fromISO(local, { zone: timeZone });
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$/.test(local) || !read.isValid)
    return { where: 'at', message: '请写成 2027-01-04T09:30 · must be written like 2027-01-04T09:30' };
  if (read.toFormat("yyyy-MM-dd'T'HH:mm") !== local)
    return {
      where: 'at',
      message: `${timeZone} 当天拨快了钟，没有这一分钟 · does not exist: clocks in ${timeZone} go forward over it`,
    };
  return new Date(Math.min(...read.getPossibleOffsets().map((possible) => possible.toMillis())));
}
