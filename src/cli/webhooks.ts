import { z } from 'zod';
import { BadInput, Refused } from '../platform/errors.ts';
import {
  addEndpoint,
  changeEndpoint,
  longestOverlap,
  readEndpoints,
  removeEndpoint,
  rotateSecret,
} from '../platform/webhooks/endpoint.ts';
import { ping, replay, type Which } from '../platform/webhooks/replay.ts';
import { eventTypes } from '../workers/events.ts';
import type { Installation } from './installation.ts';

/** `huifang webhooks list|add|rotate|test|replay|enable|disable|remove`: where events are sent to. */
type Out = NodeJS.WritableStream;

const by = { known: eventTypes, actor: 'cli' };
const split = (list: string) => list.split(',').flatMap((each) => (each.trim() ? [each.trim()] : []));

export async function listAll({ database }: Installation, out: Out): Promise<void> {
  for (const { id, url, types, disabledAt, disabledBy, waiting, givenUp } of await readEndpoints(database.query)) {
    const state = disabledAt ? `已停用 disabled ${disabledAt.toISOString()} (${disabledBy})` : '在用 in use';
    out.write(`${id}  ${state}  待送 waiting ${waiting}  作罢 given up ${givenUp}  ${url}  ${types.join(',')}\n`);
  }
}

/** Its id and its secret: one line each, so that a script can take them. */
export async function addOne(
  services: Installation,
  url: string,
  { types, description }: { readonly types?: string; readonly description: string },
  out: Out,
): Promise<void> {
  const wanted = types === undefined ? eventTypes : split(types);
  const { id, secret } = await addEndpoint(services, { url, description, types: wanted }, by);
  out.write(`${id}\n${shownOnce(secret)}\n`);
}

/** The new secret alone. */
export async function rotateOne(
  services: Installation,
  id: string,
  { overlap }: { readonly overlap: string },
  out: Out,
): Promise<void> {
  const hours = z.coerce.number().int().min(0).max(longestOverlap).safeParse(overlap);
  const message = `应为 0–${longestOverlap} 的整数 · must be a whole number of hours from 0 to ${longestOverlap}`;
  if (!hours.success || overlap.trim() === '')
    throw new BadInput('无法更换 · cannot rotate', [{ where: '--overlap', message }]);
  await demand(services, id);
  const { secret, previousUntil } = await rotateSecret(services, id, { overlapHours: hours.data, actor: 'cli' });
  process.stderr.write(`旧密钥用到 · the one before signs too until ${previousUntil.toISOString()}\n`);
  out.write(`${shownOnce(secret)}\n`);
}

export async function testOne(services: Installation, id: string, out: Out): Promise<void> {
  await demand(services, id);
  out.write(`${await ping(services, id, 'cli')}\n`);
}

export async function replayTo(
  services: Installation,
  id: string,
  options: { readonly event?: string; readonly since?: string },
  out: Out,
): Promise<void> {
  const which = chosen(options);
  await demand(services, id);
  const count = await replay(services, id, which, 'cli');
  out.write(`将重发 ${count} 个事件 · ${count} events will be sent\n`);
}

const uuid = z.uuid();
const when = z.iso.datetime({ offset: true });

function chosen({ event, since }: { readonly event?: string; readonly since?: string }): Which {
  if (event !== undefined && since === undefined && uuid.safeParse(event).success) return { event };
  if (since !== undefined && event === undefined && uuid.safeParse(since).success) return { sinceEvent: since };
  if (since !== undefined && event === undefined && when.safeParse(since).success) return { since: new Date(since) };
  const message =
    '--event 编号，或 --since 编号或时间 · either --event ID, or --since with an id or a moment such as 2026-12-01T00:00:00+08:00';
  throw new BadInput('重发什么？ · what shall be sent again?', [
    { where: event === undefined ? '--since' : '--event', message },
  ]);
}

export async function switchOne(services: Installation, id: string, enabled: boolean, out: Out): Promise<void> {
  await demand(services, id);
  await changeEndpoint(services, id, { enabled }, by);
  out.write(`${enabled ? '已恢复 · enabled' : '已停用 · disabled'}: ${id}\n`);
}

export async function removeOne(services: Installation, id: string, out: Out): Promise<void> {
  await demand(services, id);
  await removeEndpoint(services, id, 'cli');
  out.write(`已删除 · removed: ${id}\n`);
}

/** @throws Refused where there is no such endpoint. */
async function demand({ database }: Installation, id: string): Promise<void> {
  const there = uuid.safeParse(id).success && (await readEndpoints(database.query, id)).length > 0;
  if (!there) throw new Refused('no-such-endpoint', `没有接收地址 ${id} · there is no endpoint ${id}`);
}

function shownOnce(secret: string): string {
  process.stderr.write('密钥只显示这一次，请妥善保存 · the secret is shown this once, keep it safe\n');
  return secret;
}
