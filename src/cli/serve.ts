import { readConfig } from '../config.ts';
import { startService } from '../main.ts';
import { openLog } from '../platform/log.ts';
import { ensureFirstAdmin } from '../web/sign-in.ts';
import { listenForStop } from './stop.ts';

/** `npm start`: the service, until it is asked to stop; then it drains and leaves nothing running. */
export async function serve(): Promise<void> {
  const stop = listenForStop();
  const config = readConfig(process.env);
  const log = openLog(config.LOG_LEVEL);
  const service = await startService(config, { log });
  try {
    await service.work({ heartbeat: true });
    const link = config.ROLE === 'worker' ? null : await ensureFirstAdmin(service.services, service.publicUrl);
    process.stdout.write(`\n  回访 Huifang  ${service.publicUrl}\n`);
    if (link)
      process.stdout.write(`\n  首次启动：用这个一次性链接登录 · first start: sign in once with\n  ${link}\n\n`);
    await stop.toStop;
    log.info('stopping: finishing what is under way');
  } finally {
    await service.stop();
  }
}
