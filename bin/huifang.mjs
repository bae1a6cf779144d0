#!/usr/bin/env node
// The `huifang` command. Prepares the clone, then hands over to src/cli in the same process.
import { prepare } from './prepare.mjs';

prepare();
const { register } = await import('tsx/esm/api');
register();
await import('../src/cli/huifang.ts');
