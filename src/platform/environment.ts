import type { z } from 'zod';
import { BadInput } from './errors.ts';

/** Reading settings from environment variables, with every fault named by its variable. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** An empty variable is an unset one: `.env` files are full of `NAME=`. */
const given = (environment: Environment): Record<string, string> =>
  Object.fromEntries(Object.entries(environment).flatMap(([name, value]) => (value ? [[name, value.trim()]] : [])));

/** @throws BadInput naming each variable and what it should be. */
export function readEnvironment<T extends z.ZodType>(schema: T, environment: Environment): z.infer<T> {
  const read = schema.safeParse(given(environment));
  if (read.success) return read.data;
  const faults = read.error.issues.map(({ path, message }) => ({ where: path.join('.') || 'environment', message }));
  throw new BadInput('the settings cannot be used 配置有误', faults);
}
