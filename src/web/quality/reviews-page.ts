import { z } from 'zod';
import { BadInput, never } from '../../platform/errors.ts';
import {
  giveVerdict,
  listReviews,
  longestReason,
  type Review,
  type ReviewPlace,
  verdicts,
  visibleVerdicts,
} from '../../survey/quality/review.ts';
import type { Visit } from '../console.ts';
import { NotFound } from '../faults.ts';
import { moment } from '../figures.ts';
import { languageOf } from '../language.ts';
import { type Messages, messagesIn } from '../messages.ts';
import { sendPage } from '../page.ts';
import { companyTimeZone } from '../round/rounds-page.ts';
import type { Viewer } from '../sessions.ts';

/** What opens a review, with its figures and never a shop's name, number or answers, and the verdicts of two people. */
const shown = 100;

const pageWish = z.object({
  rank: z.coerce.number().int(),
  raisedAt: z.coerce.date(),
  id: z.uuid(),
});

/** `GET /reviews` */
export async function showReviews({ web, request, response, viewer }: Visit): Promise<void> {
  const { database, clock } = web.services;
  const language = languageOf(response);
  const m = messagesIn(language);
  const place = { language, timeZone: await companyTimeZone(web.services) };
  const after = pageWish.safeParse(request.query).data ?? null;
  const rows = await listReviews(database.query, after, shown + 1);
  await web.look({ actor: viewer.id, action: 'reviews.read', subject: 'all' });
  const now = clock.now();
  const reviews = rows.slice(0, shown).map((review) => ({
    ...{ id: review.id, words: m.reviews.kinds[review.kind], evidence: evidenceOf(review, m) },
    whose: m.reviews.whose(review.managerName, review.managerId, review.roundId, moment(review.raisedAt, now, place)),
    caseId: review.caseId?.slice(0, 8) ?? null,
    state: { words: m.reviews.states[review.state], class: review.state },
    verdicts: visibleVerdicts(review, viewer.id).map(({ name, verdict, reason, at }) =>
      m.reviews.given(name ?? '—', m.reviews.verdicts[verdict], reason, moment(at, now, place)),
    ),
    asks: mayJudge(review, viewer),
    path: `/reviews/${review.id}/verdict`,
  }));
  const last = rows.length > shown ? rows[shown - 1] : undefined;
  const next = last && nextPage(last);
  sendPage(
    web,
    request,
    response,
    'reviews',
    { title: m.reviews.title, at: 'reviews' },
    { reviews, next, longestReason },
  );
}

const nextPage = ({ rank, raisedAt, id }: ReviewPlace): string =>
  `/reviews?${new URLSearchParams({ rank: String(rank), raisedAt: raisedAt.toISOString(), id })}`;

/** A form for whoever could still give one of the two verdicts; whether he may is decided where it is given. */
const mayJudge = ({ first, second, districtId }: Review, viewer: Viewer): boolean =>
  second === null && first?.by !== viewer.id && districtId !== viewer.districtId;

/** What was measured, in a sentence; nothing where the kind says it all. */
function evidenceOf({ kind, evidence }: Review, { reviews: { evidence: words } }: Messages): string {
  const figure = (name: string): string => String(evidence[name] ?? '—');
  const shares = () =>
    evidence.z === undefined
      ? words.share(figure('counted'), figure('responses'))
      : words.shares(
          `${figure('counted')}/${figure('responses')}`,
          `${figure('othersCounted')}/${figure('othersResponses')}`,
          figure('z'),
        );
  switch (kind) {
    case 'five-share':
    case 'told-how':
      return shares();
    case 'straight-line':
      return `${shares()} ${words.repeated(figure('repeated'))}`;
    case 'phone-changed':
      return words.days(figure('days'));
    case 'recheck-mismatch': {
      const items = [evidence.items ?? []].flat().join(' ');
      return words.mismatch(figure('points'), items);
    }
    case 'keys-too-fast':
      return words.haste(figure('answers'), figure('seconds'), figure('words'));
    case 'late-staff-number':
      return words.employee(figure('employee'));
    case 'staff-ring-back':
      return '';
    default:
      return never(kind);
  }
}

const form = z.object({ verdict: z.enum(verdicts), reason: z.string().default('') });

/** `POST /reviews/:flag/verdict` */
export async function judge({ web, request, response, viewer }: Visit): Promise<void> {
  const m = messagesIn(languageOf(response));
  const flagId = z.uuid().safeParse(request.params.flag);
  if (!flagId.success) throw new NotFound();
  const read = form.safeParse(request.body);
  if (!read.success) throw new BadInput('no verdict', [{ where: m.reviews.verdict, message: m.reviews.needsVerdict }]);
  await giveVerdict(web.services, { flagId: flagId.data, userId: viewer.id, ...read.data });
  response.redirect(303, '/reviews');
}
