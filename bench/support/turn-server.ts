import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler, type Request } from 'express';
import type { Prisma } from '#prisma';
import { readConfig } from '../../src/config.ts';
import { startService } from '../../src/main.ts';
import { openLog } from '../../src/platform/log.ts';
import { deskAt } from '../../src/survey/fieldwork/calendar.ts';
import { type Conversation, type Key, keys } from '../../src/survey/interview/conversation.ts';
import { decide } from '../../src/survey/interview/interview.ts';
import { type Language, overallItem } from '../../src/survey/questionnaire/questionnaire.ts';
import { isSigned } from '../../src/telephony/twilio/signature.ts';
import { twiml } from '../../src/telephony/twilio/twiml.ts';
import { clock } from './city.ts';
import { authToken, environment, heard } from './turns.ts';

/*
 * What turn benchmarks measure, in one process: the service as it stands, and beside it two other ways to take in a
 * key, on a port of their own.
 *
 *   /floor    express and one INSERT: what a request with one durable row costs here at the least
 *   /prisma   the same turn with the same checks and rows, read and written in an interactive transaction of the ORM
 *
 * Prints the two addresses on one line.
 */
clock.advance(new Date(clock.now().getTime() + heard));
const [databaseUrl = '', port = ''] = process.argv.slice(2);
const service = await startService(readConfig(environment(databaseUrl, port)), { log: openLog('error'), clock });
const { database, questionnaire } = service.services;

const app = express();
app.use(express.urlencoded({ extended: false }));

app.post('/floor/:attempt/:turn', async (request, response) => {
  await database.query({
    name: 'bench-floor',
    text: 'INSERT INTO bench_floor (attempt_id, number, digits, at) VALUES ($1, $2, $3, $4)',
    values: [request.params.attempt, request.params.turn, request.body.Digits, clock.now()],
  });
  response.type('text/xml').send('<?xml version="1.0" encoding="UTF-8"?><Response><Hangup/></Response>');
});

app.post('/prisma/:attempt/:turn', async (request, response) => {
  const [path, signature] = [request.originalUrl, request.get('X-Twilio-Signature')];
  if (!isSigned([authToken], own, { path, signature, form: request.body })) return void response.sendStatus(403);
  response.type('text/xml').send(await turnInTransaction(request));
});

// Under a storm the transaction fails many times over: that is counted, and not told at length.
app.use(((_error, _request, response, _next) => void response.sendStatus(500)) satisfies ErrorRequestHandler);

const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
const own = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
process.stdout.write(`${JSON.stringify({ service: service.publicUrl, own })}\n`);
process.once('disconnect', () => process.exit(0));

/** Reads, decides and writes row by row, as one would with an ORM and no thought of bursts. */
function turnInTransaction(request: Request): Promise<string> {
  const [id, number] = [String(request.params.attempt), Number(request.params.turn)];
  const now = clock.now();
  return database.prisma.$transaction(async (tx) => {
    const attempt = await tx.attempt.findUniqueOrThrow({
      where: { id },
      include: { round: true, case: { include: { retailer: true } } },
    });
    const asked = await questionnaire(attempt.round.questionnaireId);
    const language = attempt.case.retailer.language as Language;
    const manager = await tx.manager.findUniqueOrThrow({ where: { id: attempt.case.managerId } });
    const speaking = { language, managerName: manager.name, questionnaire: asked };
    const next = `${own}/prisma/${id}/${number + 1}`;
    if (number < attempt.turn) {
      const { reply } = await tx.turn.findUniqueOrThrow({ where: { attemptId_number: { attemptId: id, number } } });
      return twiml(reply as unknown as Parameters<typeof twiml>[0], speaking, next);
    }
    const key = keys.find((known) => known === request.body.Digits) as Key;
    const answers = attempt.case.answers as Record<string, number>;
    const interview = { conversation: attempt.conversation as unknown as Conversation, answers };
    const { reply, conversation, effects } = decide(
      interview,
      { kind: 'key', key },
      {
        ...{ questionnaire: asked, language, now, rotation: attempt.case.rotation, managerChanged: false },
        ...{ inbound: attempt.inbound, byPerson: false, desk: deskAt(now, attempt.case.timeZone, asked.desk) },
      },
    );
    const answer = effects.find((effect) => effect.kind === 'answer');
    await tx.attempt.update({
      where: { id },
      data: { turn: { increment: 1 }, conversation: json(conversation), touchedAt: now, state: 'in_progress' },
    });
    await tx.turn.create({ data: { attemptId: id, number, input: { kind: 'key', key }, reply: json(reply), at: now } });
    await tx.phone.update({ where: { id: attempt.phoneId }, data: { provenAt: now } });
    if (answer) {
      const { item, value } = answer;
      const { caseId } = attempt;
      const overall = item === overallItem(asked).id ? { overall: value || null } : {};
      await tx.answer.create({ data: { attemptId: id, turn: number, caseId, item, value, at: now } });
      await tx.case.update({ where: { id: caseId }, data: { answers: { ...answers, [item]: value }, ...overall } });
      await tx.outbox.create({ data: { topic: 'rated', caseId, at: now } });
    }
    return twiml(reply, speaking, next);
  });
}

const json = (value: unknown) => value as Prisma.InputJsonValue;
