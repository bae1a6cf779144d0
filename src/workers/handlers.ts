import { oneAtATime } from '../platform/one-at-a-time.ts';
import { settle } from '../survey/fieldwork/settle.ts';
import { raiseFlags } from '../survey/quality/raise-flags.ts';
import { closeRound } from '../survey/round/close.ts';
import { drawRound } from '../survey/round/draw.ts';
import { extendRound } from '../survey/round/extend.ts';
import { lookForAlarms } from './alarms.ts';
import type { JobHandlers } from './catalogue.ts';
import { dial } from './dial.ts';
import { dispatch } from './dispatch.ts';
import { reconcile } from './reconcile.ts';
import { contactRules, drawRules } from './rules.ts';
import { finalisePeriod, score } from './score.ts';
import type { Services } from './services.ts';
import { text } from './text.ts';
import { workPushes } from './text-push.ts';
import { keepVoiceMessage } from './voice-message.ts';
import { wakeSettle } from './wake.ts';
import { deliverWebhooks } from './webhooks.ts';

/** What is done with each kind of job, and which job follows from it. */
export function handlersFor(services: Services): JobHandlers {
  const { queues, rules } = services;
  const drawing = { ...services, rules: async (id: string) => drawRules(await rules(id)) };
  const settling = oneAtATime(async () => {
    const contact = async (id: string) => contactRules(await rules(id));
    const { more, finishedRounds } = await settle({
      ...services,
      contactRules: contact,
      texts: services.text !== null,
    });
    for (const roundId of finishedRounds) await queues.add('close', { roundId });
    if (more) await queues.add('settle', {});
  });
  return {
    async draw({ roundId }) {
      await drawRound(drawing, roundId);
    },
    dispatch: () => dispatch(services),
    dial: ({ attemptId }) => dial(services, attemptId),
    text: ({ messageId }) => text(services, messageId),
    'text-push': () => workPushes(services),
    'voice-message': ({ recordingId }) => keepVoiceMessage(services, recordingId),
    // One settler at a time, whoever else waits: those who wait must not take up its connections.
    settle: () => settling(),
    reconcile: () => reconcile(services),
    alarms: () => lookForAlarms(services),
    webhook: ({ endpointId }) => deliverWebhooks(services, endpointId),
    async close({ roundId }) {
      if ((await extendRound(drawing, roundId)) > 0) return wakeSettle(services);
      if (await closeRound(services, roundId, 'system')) await queues.add('score', { roundId });
    },
    async score({ roundId }) {
      await raiseFlags(services, roundId);
      await score(services, roundId);
    },
    finalise: ({ period }) => finalisePeriod(services, period),
  };
}
