import { openVoiceMessage, readVoiceMessages } from '../../survey/round/voice-messages.ts';
import { note } from '../audited.ts';
import type { Visit } from '../console.ts';
import { NotFound } from '../faults.ts';
import { languageOf } from '../language.ts';
import { messagesIn } from '../messages.ts';
import { sendPage } from '../page.ts';
import { findRound, type RoundFacts } from './standing.ts';

/** What people said on the telephone. Personal data, voices above all: each look and each listening is in the audit log. */

async function roundAsked({ web, request }: Visit): Promise<RoundFacts> {
  const round = await findRound(web.services.database.query, String(request.params.round));
  if (!round) throw new NotFound();
  return round;
}

/** `GET /rounds/:round/messages` */
export async function listVoiceMessages(visit: Visit): Promise<void> {
  const { web, request, response, viewer } = visit;
  const { database, vault } = web.services;
  const round = await roundAsked(visit);
  const m = messagesIn(languageOf(response)).voiceMessages;
  await web.look({ actor: viewer.id, action: 'voice-messages.read', subject: round.id });
  const { withheld, seconds } = await readVoiceMessages(database.query, vault, round.id);
  const path = `/rounds/${encodeURIComponent(round.id)}/messages`;
  const title = m.title(round.id);
  sendPage(
    web,
    request,
    response,
    'voice-messages',
    { title, at: 'rounds' },
    {
      ...{ title, none: withheld ? m.withheld[withheld] : m.none },
      messages: seconds.map((each, index) => ({
        ...{ href: `${path}/${index + 1}.wav`, name: m.name(String(index + 1), String(each)) },
      })),
    },
  );
}

/** `GET /rounds/:round/messages/:message.wav` */
export async function hearVoiceMessage(visit: Visit): Promise<void> {
  const { web, request, response, viewer } = visit;
  const { database, vault } = web.services;
  const round = await roundAsked(visit);
  const number = Number(request.params.message);
  const audio = await openVoiceMessage(database.query, vault, round.id, number);
  if (!audio) throw new NotFound();
  const detail = { message: number };
  await note(web.services, { actor: viewer.id, action: 'voice-message.listen', subject: round.id, detail });
  response.type('audio/wav').send(audio);
}
